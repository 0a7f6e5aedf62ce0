import type { Books } from "../../books/Books.ts";
import { BOOK_NAMES, type BookName } from "../../domain/bookSet.ts";
import type { Hash, Hex } from "../../lib/hex.ts";
import { Descent } from "../../trie/Descent.ts";
import { EMPTY_ROOT } from "../../trie/nodeEncoding.ts";
import type { FetchedBlock } from "../FetchedBlock.ts";
import { PinnedWords } from "./PinnedWords.ts";

/** One contract's words at one block, and how far the search in the chain's trie has come. */
export interface Pin {
  readonly block: FetchedBlock;
  readonly words: PinnedWords;
  /** Of the contract on the chain, proven; and by the books. */
  readonly storageRoot: Hash;
  readonly booksRoot: Hash;
  readonly descent: Descent;
}

/** What is searched, and where. */
export interface PinQuestion {
  readonly contract: BookName;
  readonly block: FetchedBlock;
  /** Slots that were found to differ elsewhere. */
  readonly hints: Iterable<Hex>;
  readonly maxRounds: number;
}

/** Slots to name: more of them say that the books as a whole are not what the chain has. */
export const MAX_DIFFERENCES = 100;
/** Hashes in one step for a slot to probe with: some 4 ms. */
const PROBE_HASHES = 16_000;
/** Digits of a hash for which a slot is searched where no known one lies right, and hashes for that at most. */
const MAX_GRIND_NIBBLES = 6;
const MAX_GRIND_HASHES = 24_000_000;

/** Begins to compare a contract's words with the chain's at a block; null where the root is not proven, or not in the books. */
export function pinAt(books: Books, { contract, block, hints, maxRounds }: PinQuestion): Pin | null {
  const words = new PinnedWords(books, contract, block.hash);
  if (block.proven === null || !words.follow()) return null;
  const storageRoot = block.proven[contract]?.storageRoot ?? EMPTY_ROOT;
  const descent = new Descent({
    ...{ trie: words, chainRoot: storageRoot, hints, maxRounds, maxDifferences: MAX_DIFFERENCES },
    ...{ maxGrindNibbles: MAX_GRIND_NIBBLES, maxHashes: MAX_GRIND_HASHES, hashesPerCall: PROBE_HASHES },
    pools: BOOK_NAMES.map((name) => books.trie(name)),
  });
  return { block, words, storageRoot, booksRoot: words.root(), descent };
}
