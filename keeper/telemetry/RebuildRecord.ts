import type { BookName } from "../domain/bookSet.ts";
import type { Hash } from "../lib/hex.ts";

/** The storage roots of one contract after one block, each by who says so. */
export interface ComparedRoots {
  readonly contract: BookName;
  readonly blockNumber: number;
  readonly blockHash: Hash;
  /** Of the books that the keeper goes by. */
  readonly books: Hash;
  /** Of the chain, proven. */
  readonly chain: Hash;
  /** Of the books that were built again. */
  readonly rebuilt: Hash;
}

/**
 * What books that were built again say of those that differ from the chain.
 *
 * - `own-books`: they have the chain's roots: the keeper's live books are at fault.
 * - `own-reducers`: they have the live books' roots, and the second opinion agrees with the chain: the reducers are at fault.
 * - `confirmed`: they have the live books' roots: the chain's storage is not what its events imply.
 * - `neither`: they have other roots than both.
 * - `not-done`: nothing was found out, with the code of the fault.
 */
export type RebuildOutcome =
  | {
      readonly kind: "own-books" | "own-reducers" | "confirmed" | "neither";
      readonly roots: readonly ComparedRoots[];
      /** Blocks and logs that were applied, and how often the history proves to be wrong with itself. */
      readonly blocks: number;
      readonly events: number;
      readonly findingCount: number;
      /** What it means and what to do, for people. */
      readonly detail: string;
    }
  | { readonly kind: "not-done"; readonly code: string; readonly detail: string };

/** A rebuild beside a running keeper, from started to its outcome. */
export interface RebuildRecord {
  readonly incidentId: Hash;
  /** The block up to which the books are built again. */
  readonly target: { readonly number: number; readonly hash: Hash };
  /** The newest block that was applied; null before the first. */
  readonly block: number | null;
  readonly seconds: number;
  /** Null while it goes on. */
  readonly outcome: RebuildOutcome | null;
}
