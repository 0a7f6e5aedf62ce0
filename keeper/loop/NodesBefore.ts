import type { Books, Overwritten } from "../books/Books.ts";
import type { BookName } from "../domain/bookSet.ts";
import { bytesToHex } from "../lib/hex.ts";
import { PastTrie } from "../trie/PastTrie.ts";
import { nodeAt } from "../trie/pathNodes.ts";

/** Words that are looked at in one go: some milliseconds. */
const WORDS_AT_ONCE = 128;

/** The nodes of the books' tries as they were before the newest blocks. Void when the books go on. */
export class NodesBefore {
  readonly #books: Books;
  readonly #overwritten: Overwritten["words"];
  readonly #tries = new Map<BookName, PastTrie>();

  constructor(books: Books, { words }: Overwritten) {
    this.#books = books;
    this.#overwritten = words;
  }

  /** The encoding of the node at the digits of a path, as digits; "" where there is none. */
  nodeAt(book: BookName, path: string): string {
    const node = nodeAt(
      this.#trieOf(book),
      Array.from(path, (digit) => parseInt(digit, 16)),
    );
    return node === null ? "" : bytesToHex(node).slice(2);
  }

  /** Makes ready in pieces what {@link nodeAt} would make in one go. Given up when the books go on. */
  *prepare(): Generator<undefined, void> {
    for (const [book, words] of this.#overwritten) {
      if (words.size === 0 || this.#tries.has(book)) continue;
      this.#tries.set(book, yield* PastTrie.inPieces(this.#books.trie(book), words, WORDS_AT_ONCE));
    }
  }

  #trieOf(book: BookName): PastTrie {
    let trie = this.#tries.get(book);
    if (trie === undefined) {
      trie = new PastTrie(this.#books.trie(book), this.#overwritten.get(book) ?? []);
      this.#tries.set(book, trie);
    }
    return trie;
  }
}
