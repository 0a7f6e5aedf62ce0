import type { Answer } from "../books/Prices.ts";
import type { Books, Overwritten } from "../books/Books.ts";
import type { BookName } from "../domain/bookSet.ts";
import type { Address, Hash } from "../lib/hex.ts";
import { NodesBefore } from "./NodesBefore.ts";

/**
 * The books as they were right after one of their blocks, however far they have gone since. Reads on while they go on; null
 * answers of {@link BeforeWords.at} say that they took the block back, or have forgotten it.
 */
export class BeforeWords {
  readonly #books: Books;
  readonly #overwritten: Overwritten;
  readonly #nodes: NodesBefore;
  /** The books' block at which this was made: later ones make it void. */
  readonly #tip: Hash | null;

  private constructor(books: Books, overwritten: Overwritten) {
    this.#books = books;
    this.#overwritten = overwritten;
    this.#nodes = new NodesBefore(books, overwritten);
    this.#tip = books.tip?.hash ?? null;
  }

  /** The books right after a block; null when they cannot say. */
  static at(books: Books, block: Hash): BeforeWords | null {
    const since = books.blocksSince(block);
    if (since === null) return null;
    return new BeforeWords(books, books.overwritten(since.length));
  }

  /** Whether the books are where they were when this was made; otherwise it has to be made again. */
  get isCurrent(): boolean {
    return this.#books.tip?.hash === this.#tip;
  }

  /** Makes ready in pieces what the first nodes cost. Given up when the books go on: whoever runs it looks at {@link isCurrent}. */
  prepare(): Generator<undefined, void> {
    return this.#nodes.prepare();
  }

  read(book: BookName, slot: Hash): bigint {
    return this.#overwritten.words.get(book)?.get(slot) ?? this.#books.read(book, slot);
  }

  /** The encoding of the node at the digits of a path, as digits; "" where there is none. */
  nodeAt(book: BookName, path: string): string {
    return this.#nodes.nodeAt(book, path);
  }

  answerOf(aggregator: Address): Answer | undefined {
    const { answers } = this.#overwritten;
    return answers.has(aggregator) ? answers.get(aggregator) : this.#books.answerOf(aggregator);
  }
}
