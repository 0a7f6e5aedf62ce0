import type { Hash } from "../../lib/hex.ts";
import { naiveStorageRoot } from "../../trie/naiveRoot.ts";

/** Storage root of a book after a block: the words before it, overlaid with what the block wrote. */
export function naiveRootAfter(
  wordsBefore: Iterable<readonly [Hash, bigint]>,
  writes: ReadonlyMap<Hash, bigint>,
): Hash {
  // Of two words for one slot the later one counts.
  return naiveStorageRoot([...wordsBefore, ...writes]);
}
