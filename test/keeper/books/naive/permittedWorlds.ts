import type { Result } from "ethers";

import { hot } from "../../../../keeper/books/naive/ledgerStorage.ts";
import type { NaiveInput } from "../../../../keeper/books/naive/naiveTypes.ts";
import { instrumentAt } from "../../../../keeper/books/naive/riskStorage.ts";
import { fundTarget } from "../../../../keeper/books/naive/tradingStorage.ts";
import { UNIT } from "../../../helpers/orders.ts";
import type { Found } from "./Toured.ts";
import { at, isKind, num, poorer, was, type Changes } from "./world.ts";

/** An honest event, and a world in which it is honest as well. */
export interface PermittedWorld {
  readonly name: string;
  readonly event: string;
  readonly isMeant: (args: Result) => boolean;
  readonly which: "first" | "last";
  readonly changes: (args: Result, found: Found) => Changes;
  readonly input?: Partial<NaiveInput>;
}

/** Worlds that permit what an honest tour does. */
export const PERMITTED_WORLDS: readonly PermittedWorld[] = [
  {
    name: "the expiry of an option while everything is halted",
    event: "EntryPosted",
    isMeant: isKind(4n),
    which: "last",
    changes: (_, found) => [[hot.flags, was(found, hot.flags) | 15n]],
  },
  {
    name: "a loss of which a unit is charged as much as an unknown price allows",
    event: "LossSocialised",
    isMeant: (args) => num(args, "perUnit") !== 0n,
    which: "last",
    changes: () => [],
    input: { priceBefore: () => undefined },
  },
  {
    name: "a loss after which a fund without a target is short",
    event: "LossSocialised",
    isMeant: () => true,
    which: "first",
    changes: () => [[fundTarget.amount, 0n]],
  },
  {
    name: "a bid that costs an insolvent account more than it relieves it of",
    event: "PositionSold",
    isMeant: () => true,
    which: "first",
    changes: (args, found) => [
      [instrumentAt(num(args, "instrument")).maintenancePpm, 10_000n],
      ...poorer(found, at(args, "account"), 1_300n * UNIT),
    ],
  },
];
