import { id, toBeHex, ZeroHash } from "ethers";

import { accountOf } from "../accounts.ts";
import { readHead } from "../guard.ts";
import { everywhere, SUCCEEDS, type ContractName, type Row } from "./Row.ts";
import type { Stage } from "./stage.ts";

const CONTRACT = "SyncGuard";
/** Only while halted, and not once everything is being paid out. */
const OUTCOMES = everywhere("GuardNotHalted", { Halted: SUCCEEDS, "Wind-down": "GuardWindDown" });

/** A word of each book that nobody has used, by variable; its keys are an account and, where there are two, a token or a number. */
const BOOKS = {
  CollateralVault: { variable: 3, target: (stage: Stage) => stage.vault.target },
  PositionLedger: { variable: 4, target: (stage: Stage) => stage.ledger.target },
  OrderSettlement: { variable: 2, target: (stage: Stage) => stage.settlement.target },
  LiquidationAuction: { variable: 2, target: (stage: Stage) => stage.auction.target },
} as const;

type Book = keyof typeof BOOKS;

function item(stage: Stage, book: Book) {
  const keys = [accountOf(stage.stranger), toBeHex(77, 32)];
  return { variable: BOOKS[book].variable, keys, offset: 0, expected: ZeroHash, value: toBeHex(1, 32) };
}

function repairOf(book: Book): Row[] {
  return [
    {
      ...{ contract: CONTRACT, fn: "repair", by: "governance", situation: `a word of ${book}` },
      from: (stage) => stage.admin,
      args: (stage) => [BOOKS[book].target(stage), item(stage, book)],
      outcomes: OUTCOMES,
    },
    {
      ...{ contract: book as ContractName, fn: "repair", by: "anyone else", situation: "" },
      ...{ args: (stage) => [item(stage, book)], outcomes: everywhere("RepairNotGuard") },
    },
  ];
}

async function acceptArgs(stage: Stage): Promise<readonly unknown[]> {
  const { number, hash } = await readHead(stage);
  return [number, hash, [{ book: stage.ledger.target, slot: id("slot"), value: toBeHex(1, 32) }]];
}

/** What governance repairs. */
export const REPAIR_ROWS: readonly Row[] = [
  ...(Object.keys(BOOKS) as Book[]).flatMap((book) => repairOf(book)),
  {
    ...{ contract: CONTRACT, fn: "repair", by: "anyone else", situation: "" },
    outcomes: everywhere("AccessManagedUnauthorized"),
  },
  {
    ...{ contract: CONTRACT, fn: "acceptBooks", by: "governance", situation: "", from: (stage) => stage.admin },
    ...{ args: acceptArgs, outcomes: OUTCOMES },
  },
  {
    ...{ contract: CONTRACT, fn: "acceptBooks", by: "anyone else", situation: "" },
    outcomes: everywhere("AccessManagedUnauthorized"),
  },
];
