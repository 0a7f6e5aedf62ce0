import type { Books } from "../../books/Books.ts";
import type { BookName } from "../../domain/bookSet.ts";
import type { Hash, Hex } from "../../lib/hex.ts";
import type { ComparedWords } from "../../trie/ComparedWords.ts";
import type { NodeRef } from "../../trie/nodeEncoding.ts";
import { PastTrie } from "../../trie/PastTrie.ts";
import type { TrieEntry } from "../../trie/StorageTrie.ts";

/** More words written since are no longer taken back: each costs about 0.1 ms, in one step of the core. */
const MAX_WRITTEN = 100;

/**
 * A contract's words as the books had them right after a block, while the books go on. Nothing is copied: what later blocks
 * wrote is taken back in the reading.
 */
export class PinnedWords implements ComparedWords {
  readonly #books: Books;
  readonly #contract: BookName;
  readonly #blockHash: Hash;
  #words: ComparedWords;
  #tip: Hash | null = null;

  constructor(books: Books, contract: BookName, blockHash: Hash) {
    this.#books = books;
    this.#contract = contract;
    this.#blockHash = blockHash;
    this.#words = books.trie(contract);
  }

  /**
   * Follows the books to where they stand now: needed before all that is read in a step. False when the words are lost:
   * the block was taken back, or too much was written since.
   */
  follow(): boolean {
    const { tip } = this.#books;
    if (tip?.hash === this.#tip) return true;
    const written = this.#books.wordsBetween(this.#contract, this.#blockHash, null);
    if (written === null || written.size > MAX_WRITTEN) return false;
    const trie = this.#books.trie(this.#contract);
    this.#words = written.size === 0 ? trie : new PastTrie(trie, written);
    this.#tip = tip?.hash ?? null;
    return true;
  }

  root(): Hash {
    return this.#words.root();
  }

  nodeRefAt(path: readonly number[]): NodeRef | null {
    return this.#words.nodeRefAt(path);
  }

  childRefsAt(path: readonly number[]): (NodeRef | null)[] {
    return this.#words.childRefsAt(path);
  }

  entriesUnder(path: readonly number[]): IterableIterator<TrieEntry> {
    return this.#words.entriesUnder(path);
  }

  slotsUnder(path: readonly number[]): IterableIterator<Hex> {
    return this.#words.slotsUnder(path);
  }
}
