import type { Books, Overwritten } from "../books/Books.ts";
import type { BookName } from "../domain/bookSet.ts";
import { bytesToHex } from "../lib/hex.ts";
import { PastTrie } from "../trie/PastTrie.ts";
import { nodeAt } from "../trie/pathNodes.ts";

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

  #trieOf(book: BookName): PastTrie {
    let trie = this.#tries.get(book);
    if (trie === undefined) {
      trie = new PastTrie(this.#books.trie(book), this.#overwritten.get(book) ?? []);
      this.#tries.set(book, trie);
    }
    return trie;
  }
}
