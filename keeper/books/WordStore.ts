import type { Hash } from "../lib/hex.ts";

/** The words of one book contract, as a block is applied to them. */
export interface WordStore {
  /** Zero where there is none. */
  get(slot: Hash): bigint;
  /** Writes in one go; zero removes. */
  setMany(writes: readonly (readonly [Hash, bigint])[]): void;
}
