import type { Result } from "ethers";

import { firstAccountOf } from "../../../../keeper/books/naive/decode.ts";
import { accountAt, modules } from "../../../../keeper/books/naive/ledgerStorage.ts";
import { readPlace, type Place } from "../../../../keeper/books/naive/words.ts";
import type { Hash } from "../../../../keeper/lib/hex.ts";
import type { Found } from "./Toured.ts";

/** Variables with the values that they had before the block. */
export type Changes = readonly (readonly [Place, bigint])[];

/** An honest event, a world in which it is not honest, and what is said of it. */
export interface World {
  readonly name: string;
  readonly event: string;
  readonly isMeant?: (args: Result) => boolean;
  readonly which?: "first" | "last";
  readonly changes: (args: Result, found: Found) => Changes;
  readonly detail: RegExp;
}

/** Whether an entry is of a kind. */
export const isKind = (kind: bigint) => (args: Result) => args.getValue("kind") === kind;
/** The last withdrawal of collateral is that of an account that owes. */
export const isDebtor = (args: Result) => isKind(1n)(args) && args.getValue("sizeDelta") !== 0n;
/** Whether an entry is the buyer's, or the seller's, of a trade in an instrument. */
export const isTradeIn = (instrument: bigint, isBuyer: boolean) => (args: Result) =>
  args.getValue("kind") === 2n && args.getValue("key") === instrument && args.getValue("sizeDelta") > 0n === isBuyer;

/** A field of an account, an address or a hash, lower case. */
export function at(args: Result, field: string): Hash {
  return (args.getValue(field) as string).toLowerCase() as Hash;
}

/** A field that is a number. */
export function num(args: Result, field: string): bigint {
  return args.getValue(field) as bigint;
}

/** A variable before the block. */
export function was({ input }: Found, place: Place): bigint {
  return readPlace(input.read(place.book, place.slot), place);
}

/** The account of the insurance fund. */
export function fundOf(found: Found): Hash {
  return firstAccountOf(`0x${was(found, modules.fund).toString(16).padStart(40, "0")}`);
}

/** Time of the block. */
export const now = ({ input }: Found): bigint => BigInt(input.block.timestamp);

/** The quote of an account, less by `less`. */
export function poorer(found: Found, account: Hash, less: bigint): Changes {
  const { quote } = accountAt(account);
  return [[quote, was(found, quote) - less]];
}
