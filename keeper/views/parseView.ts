import { KeeperError } from "../errors/KeeperError.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import { printable } from "../lib/printable.ts";
import type { View, ViewRow } from "./View.ts";

const HASH = /^0x[0-9a-f]{64}$/;
const AMOUNT = /^-?(0|[1-9][0-9]{0,77})$/;
const ITEM = /^(quote|[1-9][0-9]{0,4})$/;
const MAX_ROWS = 1_000_000;

function refuse(field: string, value: unknown): never {
  const shown = typeof value === "string" ? JSON.stringify(printable(value, 80)) : `of type ${typeof value}`;
  throw new KeeperError("ViewMalformed", `view field ${field} is ${shown}`, { field });
}

/**
 * Reads a view's JSON: `{blockNumber, blockHash, rows: [{account, item, amount}]}`, amounts as decimal strings.
 *
 * @throws KeeperError `ViewMalformed` naming the first field that is wrong.
 */
export function parseView(value: unknown): View {
  if (typeof value !== "object" || value === null) refuse("(all)", value);
  const { blockNumber, blockHash, rows } = value as Record<string, unknown>;
  if (typeof blockNumber !== "number" || !Number.isSafeInteger(blockNumber) || blockNumber < 0) {
    refuse("blockNumber", blockNumber);
  }
  if (typeof blockHash !== "string" || !HASH.test(blockHash)) refuse("blockHash", blockHash);
  if (!Array.isArray(rows) || rows.length > MAX_ROWS) refuse("rows", typeof rows);
  return { blockNumber, blockHash: blockHash as Hash, rows: (rows as unknown[]).map(parseRow) };
}

function parseRow(row: unknown, index: number): ViewRow {
  if (typeof row !== "object" || row === null) refuse(`rows[${index}]`, row);
  const { account, item, amount } = row as Record<string, unknown>;
  if (typeof account !== "string" || !HASH.test(account)) refuse(`rows[${index}].account`, account);
  if (typeof item !== "string" || !ITEM.test(item)) refuse(`rows[${index}].item`, item);
  if (typeof amount !== "string" || !AMOUNT.test(amount)) refuse(`rows[${index}].amount`, amount);
  return { account: account as Hex, item, amount: BigInt(amount) };
}
