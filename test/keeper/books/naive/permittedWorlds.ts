import type { Result } from "ethers";

import { hot } from "../../../../keeper/books/naive/ledgerStorage.ts";
import type { NaiveInput } from "../../../../keeper/books/naive/naiveTypes.ts";
import { feedAt, instrumentAt } from "../../../../keeper/books/naive/riskStorage.ts";
import { guard, halt, incident, keeperAt } from "../../../../keeper/books/naive/syncStorage.ts";
import { fundTarget } from "../../../../keeper/books/naive/tradingStorage.ts";
import { UNIT } from "../../../helpers/orders.ts";
import type { Found } from "./Toured.ts";
import { at, isKind, now, num, poorer, was, type Changes } from "./world.ts";

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
    name: "a price of a wind-down that governance names beyond the feed's bounds",
    event: "WindDownPriceFixed",
    isMeant: () => true,
    which: "last",
    changes: (args) => [[feedAt(1n).maxPrice, num(args, "spot")]],
  },
  {
    name: "a keeper that joins without a delay because there are too few seats",
    event: "KeeperActivated",
    isMeant: () => true,
    which: "first",
    changes: (args, found) => [[keeperAt(at(args, "attester")).since, now(found) + 1n]],
  },
  {
    name: "a resume of a soft pause, which has no cool-down and whose cause nobody keeps",
    event: "Resumed",
    isMeant: () => true,
    which: "last",
    changes: (_, found) => [
      [incident.startedAt, now(found)],
      [halt.pausedAt, now(found) - 1n],
      [guard.cause, 1n],
    ],
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
