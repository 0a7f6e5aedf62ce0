import type { Hash } from "../../lib/hex.ts";

/** A block as a pause names it. */
export interface NamedBlock {
  readonly blockNumber: number;
  readonly blockHash: Hash;
}

/** The chain knows the hashes of its newest 256 blocks; what is sent now may be included a little later. */
const WINDOW_BLOCKS = 256 - 32;

/**
 * The block that a pause names: the first divergent one, whoever pauses and however often. The guard takes a pause for a block that
 * was judged already for nothing, so that several keepers at once, and a keeper that sends again, have one effect between them.
 * Only where the chain no longer knows that block is the newest one named.
 */
export function namedBlock(divergent: NamedBlock, newest: NamedBlock): NamedBlock {
  const { blockNumber, blockHash } = newest.blockNumber - divergent.blockNumber < WINDOW_BLOCKS ? divergent : newest;
  return { blockNumber, blockHash };
}
