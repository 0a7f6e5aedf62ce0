import type { BookName } from "../domain/bookSet.ts";
import type { Address, Hash } from "../lib/hex.ts";
import type { TrieImage } from "../trie/compact/TrieImage.ts";
import type { KeysImage } from "./KnownKeys.ts";
import type { Answer } from "./Prices.ts";
import type { NamesImage } from "./WordNames.ts";

/** The block that books stand at, without its logs: those are in the books. */
export interface ImageBlock {
  readonly number: number;
  readonly hash: Hash;
  readonly parentHash: Hash;
  /** Seconds. */
  readonly timestamp: number;
}

/**
 * Books at one block, as values: what a file is written from and read into. Equal books have equal images, whatever their
 * history; what takes blocks back is not part of it.
 *
 * The words of each book are bound by its root. Answers, keys and names no root binds: whoever reads them from elsewhere
 * vouches for them.
 */
export interface BooksImage {
  readonly block: ImageBlock;
  readonly books: Readonly<Record<BookName, TrieImage>>;
  /** The last answer of each aggregator, by rising address. */
  readonly answers: readonly (readonly [Address, Answer])[];
  readonly keys: KeysImage;
  readonly names: NamesImage;
}

/** Orders answers as an image holds them. */
export function sortAnswers(answers: Iterable<readonly [Address, Answer]>): (readonly [Address, Answer])[] {
  return [...answers].sort(([one], [other]) => (one < other ? -1 : 1));
}
