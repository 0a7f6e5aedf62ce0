import type { Books } from "../books/Books.ts";
import type { BooksReader } from "../books/legality/LegalityContext.ts";
import { readPrice, type Reading } from "../books/Prices.ts";
import type { BookAddresses, BookName, Immutables } from "../domain/bookSet.ts";
import { booksRoot } from "../domain/booksRoot.ts";
import type { Hash, Hex } from "../lib/hex.ts";

/** What an answer rests on: the block whose proven roots were those of the books. */
export interface ProvenBlock {
  readonly number: number;
  readonly hash: Hash;
  /** Seconds. */
  readonly timestamp: number;
  /** Of the books, as checkpoints sign it. */
  readonly booksRoot: Hash;
}

/** The books at their newest block, which was found in sync, with the prices of that block. */
export class BooksAt implements BooksReader {
  readonly block: ProvenBlock;
  readonly timestamp: bigint;
  readonly immutables: Immutables;
  readonly addresses: BookAddresses;
  readonly #books: Books;
  readonly #prices = new Map<bigint, Reading>();

  /** @param roots those that the block was found in sync with */
  constructor(books: Books, block: Omit<ProvenBlock, "booksRoot">, roots: readonly Hash[]) {
    const { number, hash, timestamp } = block;
    this.block = { number, hash, timestamp, booksRoot: booksRoot(roots) };
    this.timestamp = BigInt(timestamp);
    this.immutables = books.immutables;
    this.addresses = books.addresses;
    this.#books = books;
  }

  /** How many accounts events have named. */
  get accountCount(): number {
    return this.#books.accountCount;
  }

  /** Whether events have named an account. */
  hasAccount(account: Hex): boolean {
    return this.#books.hasAccount(account);
  }

  /** Some of them, in the order in which they were named. */
  accountsFrom(start: number, count: number): readonly Hex[] {
    return this.#books.accountsFrom(start, count);
  }

  /** Assets (addresses) and instruments (numbers), likewise. */
  get items(): Books["items"] {
    return this.#books.items;
  }

  readonly readOf = (book: BookName, slot: Hash): bigint => this.#books.read(book, slot);

  priceOf(feed: bigint): Reading {
    let price = this.#prices.get(feed);
    if (price === undefined) {
      const { timestamp, immutables } = this;
      price = readPrice(feed, {
        ...{ timestamp, immutables },
        readOracle: (slot) => this.readOf("PriceOracle", slot),
        answerOf: (aggregator) => this.#books.answerOf(aggregator),
      });
      this.#prices.set(feed, price);
    }
    return price;
  }
}
