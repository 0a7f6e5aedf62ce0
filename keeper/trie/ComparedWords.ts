import type { Hash, Hex } from "../lib/hex.ts";
import type { NodeRef } from "./nodeEncoding.ts";
import type { TrieEntry } from "./StorageTrie.ts";

/** The words that a {@link Descent} compares with a chain's: a `StorageTrie`, or one as it was before some writes. */
export interface ComparedWords {
  root(): Hash;
  /** The reference that a branch of the canonical trie would hold for the words under a path, null for none. */
  nodeRefAt(pathNibbles: readonly number[]): NodeRef | null;
  /** {@link nodeRefAt} of the 16 paths that are longer by a nibble. */
  childRefsAt(pathNibbles: readonly number[]): (NodeRef | null)[];
  /** Slots, hashed slots and words under a path, by rising hash. */
  entriesUnder(hashedPrefixNibbles: readonly number[]): IterableIterator<TrieEntry>;
  slotsUnder(hashedPrefixNibbles: readonly number[]): IterableIterator<Hex>;
}
