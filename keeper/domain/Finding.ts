import type { Hash, Hex } from "../lib/hex.ts";
import type { BookName } from "./bookSet.ts";

/**
 * Why the books and the chain differ.
 *
 * - `unexplained-write`: the proven storage root is not the one that the events imply.
 * - `miscomputed`: an event's result is not its inputs applied to the value before it.
 * - `illegal`: the chain accepted an operation that its own rules forbid.
 * - `unreadable`: a book contract emitted a log that its ABI does not explain.
 * - `view-diverged`: an off-chain part of the protocol believes what the proven books at its block do not say.
 * - `ordered`: nothing differs: an operator wants new risk refused.
 * - `code-changed`: the code hash of a book contract is not the one it was deployed with.
 * - `custody-short`: the vault holds less of a token, by the token's own proven word, than it owes.
 */
export type Cause =
  | "unexplained-write"
  | "miscomputed"
  | "illegal"
  | "unreadable"
  | "code-changed"
  | "custody-short"
  | "view-diverged"
  | "ordered";

/** Causes that are proved by themselves: no reducer had a part in them, and a second derivation has no opinion on them. */
export const PROVED_ALONE: ReadonlySet<Cause> = new Set<Cause>(["code-changed", "custody-short"]);

/**
 * Why one word differs, told from the events of the blocks since the roots were last equal.
 *
 * - `unexplained-write`: no event touches it.
 * - `missing-effect`: an event changes it, and the chain has still what was there before.
 * - `miscomputed-effect`: an event changes it, and the chain has another value.
 * - `own-books`: the events imply what the chain has; the books are wrong.
 * - `undetermined`: the books do not reach back to where the roots were equal.
 */
export type SlotCause = "unexplained-write" | "missing-effect" | "miscomputed-effect" | "own-books" | "undetermined";

/** One word that differs, named as far as it could be. */
export interface LocatedSlot {
  readonly contract: BookName;
  /** `_accounts[0x…]`, or `unknown slot 0x<hashed key>` when no known key explains it. */
  readonly variable: string;
  /** The account or address among the keys, if any. */
  readonly account: Hex | null;
  readonly slot: Hash | null;
  readonly hashedSlot: Hash;
  readonly cause: SlotCause;
  /** By the books. */
  readonly before: string;
  /** By the chain. */
  readonly after: string;
}

/** A divergence, proved by the block it names. */
export interface Finding {
  readonly cause: Cause;
  readonly contract: BookName;
  readonly blockNumber: number;
  readonly blockHash: Hash;
  /** What was expected and what was found, for people. */
  readonly detail: string;
  /** The log that carries it, if it is about one. */
  readonly logIndex: number | null;
  /** The keeper's own code failed at it: by itself it proves nothing against the chain. */
  readonly isFailure?: true;
}
