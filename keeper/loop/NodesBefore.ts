import type { Books, Overwritten } from "../books/Books.ts";
import type { BookName } from "../domain/bookSet.ts";
import { bytesToHex, type Hash } from "../lib/hex.ts";
import { nodeAt } from "../trie/pathNodes.ts";

/**
 * The nodes of the books' tries as they were before the newest blocks. A trie from which nodes are asked has those blocks' writes
 * taken back until {@link restore}, which has to be called in every case: nobody else may look at the books meanwhile.
 */
export class NodesBefore {
  readonly #books: Books;
  readonly #overwritten: Overwritten["words"];
  /** What the tries hold that were taken back. */
  readonly #newest = new Map<BookName, readonly (readonly [Hash, bigint])[]>();

  constructor(books: Books, { words }: Overwritten) {
    this.#books = books;
    this.#overwritten = words;
  }

  /** The encoding of the node at the digits of a path, as digits; "" where there is none. */
  nodeAt(book: BookName, path: string): string {
    this.#takeBack(book);
    const node = nodeAt(
      this.#books.trie(book),
      Array.from(path, (digit) => parseInt(digit, 16)),
    );
    return node === null ? "" : bytesToHex(node).slice(2);
  }

  /** Puts every trie back to where it was. */
  restore(): void {
    for (const [book, words] of this.#newest) this.#books.trie(book).setMany(words);
    this.#newest.clear();
  }

  #takeBack(book: BookName): void {
    if (this.#newest.has(book)) return;
    const before = [...(this.#overwritten.get(book) ?? [])];
    const trie = this.#books.trie(book);
    this.#newest.set(
      book,
      before.map(([slot]) => [slot, trie.get(slot)]),
    );
    trie.setMany(before);
  }
}
