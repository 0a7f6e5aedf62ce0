import { TOPICS as FEED_TOPICS } from "./generated/AggregatorV3Interface.ts";
import { TOPICS as LEDGER_TOPICS } from "./generated/PositionLedger.ts";
import { TOPICS as GUARD_TOPICS } from "./generated/SyncGuard.ts";
import { BOOK_NAMES, type BookAddresses, type BookName, type Immutables } from "../domain/bookSet.ts";
import type { Finding } from "../domain/Finding.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { assert } from "../lib/assert.ts";
import type { Address, Hash, Hex } from "../lib/hex.ts";
import { StorageTrie } from "../trie/StorageTrie.ts";
import { BlockApplication, type BookParts } from "./BlockApplication.ts";
import type { BookBlock } from "./BookBlock.ts";
import { sortAnswers, type BooksImage } from "./BooksImage.ts";
import { exportBooks } from "./exportBooks.ts";
import type { ImageSection } from "./imageSections.ts";
import { KnownKeys, type KeyMark } from "./KnownKeys.ts";
import type { Answer } from "./Prices.ts";
import type { Reducer } from "./Reducer.ts";
import { REDUCERS } from "./reducers.ts";
import { WordNames, type NamesMark } from "./WordNames.ts";

export type { BookBlock, BookLog } from "./BookBlock.ts";

/** Everything needed to take one block back. */
interface Undo {
  readonly block: BookBlock;
  readonly words: (readonly [BookName, Hash, bigint])[];
  readonly answers: (readonly [Address, Answer | undefined])[];
  readonly keysBefore: KeyMark;
  readonly namesBefore: NamesMark;
}

/** Words and answers as they were before some blocks; only those that the blocks wrote. */
export interface Overwritten {
  readonly words: ReadonlyMap<BookName, ReadonlyMap<Hash, bigint>>;
  readonly answers: ReadonlyMap<Address, Answer | undefined>;
}

/** Whose books are kept, and how far back they can be taken. */
export interface BooksOptions {
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  /** Blocks that can be taken back; older ones are forgotten. */
  readonly undoDepth?: number;
  /** For tests: other reducers, such as a broken twin. */
  readonly reducers?: Readonly<Record<BookName, Reducer<{ readonly name: string }>>>;
}

const DEFAULT_UNDO_DEPTH = 8_192;

/**
 * The protocol's books: every storage word of every book contract, as its events imply it.
 *
 * Invariants: rolling back and applying again gives the same words as a rebuild; a block is applied only on top of its
 * parent; nothing is ever read from the chain's storage.
 */
export class Books {
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  readonly #undoDepth: number;
  readonly #reducers: Readonly<Record<BookName, Reducer<{ readonly name: string }>>>;
  readonly #tries: Record<BookName, StorageTrie>;
  readonly #bookAt: ReadonlyMap<Address, BookName>;
  readonly #answers = new Map<Address, Answer>();
  readonly #known = new KnownKeys();
  readonly #names: WordNames;
  readonly #undo: Undo[] = [];
  #hasForgotten = false;

  constructor({ addresses, immutables, undoDepth = DEFAULT_UNDO_DEPTH, reducers = REDUCERS }: BooksOptions) {
    this.addresses = addresses;
    this.immutables = immutables;
    this.#undoDepth = undoDepth;
    this.#reducers = reducers;
    this.#names = new WordNames(this.#known, immutables.settlementAsset);
    const tries = BOOK_NAMES.map((name) => [name, new StorageTrie()] as const);
    this.#tries = Object.fromEntries(tries) as Record<BookName, StorageTrie>;
    this.#bookAt = new Map(BOOK_NAMES.map((name) => [addresses[name], name]));
  }

  /**
   * Books as an image has them: their tip is its block, and there is nothing to take back; {@link undo} past it throws
   * `ReorgTooDeep`. Of the image nothing is believed that a root can tell.
   *
   * @throws TrieImageError when the words of a book do not have the root that the image gives
   */
  static fromImage(options: BooksOptions, image: BooksImage): Books {
    const books = new Books(options);
    for (const name of BOOK_NAMES) books.#tries[name] = StorageTrie.fromImage(image.books[name]);
    for (const [aggregator, answer] of image.answers) books.#answers.set(aggregator, answer);
    books.#known.restore(image.keys);
    books.#names.restore(image.names);
    const [keysBefore, namesBefore] = [books.#known.mark(), books.#names.mark()];
    // What lies below was never here, as if it had been forgotten: the block itself stays.
    books.#undo.push({ block: { ...image.block, logs: [] }, words: [], answers: [], keysBefore, namesBefore });
    books.#hasForgotten = true;
    return books;
  }

  /** The books as they stand, as values: see {@link BooksImage}. There must be a block. */
  toImage(): BooksImage {
    const { tip } = this;
    assert(tip !== null, "books have an image at a block");
    const { number, hash, parentHash, timestamp } = tip;
    const tries = BOOK_NAMES.map((name) => [name, this.#tries[name].toImage()] as const);
    return {
      block: { number, hash, parentHash, timestamp },
      books: Object.fromEntries(tries) as BooksImage["books"],
      answers: sortAnswers(this.#answers),
      keys: this.#known.toImage(),
      names: this.#names.toImage(),
    };
  }

  /**
   * The pieces of the image at a block that the books hold; between two of them the books may go on. Their
   * roots at the block are the caller's to know.
   *
   * @throws KeeperError `SnapshotOvertaken`, at the next piece, when the block was taken back
   */
  exportAt(hash: Hash, roots: readonly Hash[]): Iterable<ImageSection> {
    const index = this.#undo.findLastIndex(({ block }) => block.hash === hash);
    const at = this.#undo[index];
    assert(at !== undefined, "the books hold the block");
    const { number, parentHash, timestamp } = at.block;
    const above = this.#undo[index + 1];
    return exportBooks({
      ...{ block: { number, hash, parentHash, timestamp }, roots },
      ...{ tries: this.#tries, known: this.#known, names: this.#names, answers: this.#answers },
      ...{ keysMark: above?.keysBefore ?? this.#known.mark(), namesMark: above?.namesBefore ?? this.#names.mark() },
      since: () => {
        const place = this.#undo.findLastIndex(({ block }) => block.hash === hash);
        if (place < 0) return null;
        const depth = this.#undo.length - 1 - place;
        return { newest: this.#undo.at(-1), overwritten: () => this.overwritten(depth) };
      },
    });
  }

  /** The block the books stand at; null before the first. */
  get tip(): BookBlock | null {
    return this.#undo.at(-1)?.block ?? null;
  }

  /** Whether `hash` can be rolled back to. */
  holds(hash: Hash): boolean {
    return this.#undo.some(({ block }) => block.hash === hash);
  }

  /** Whether a log can matter to the books: one of a book contract, or an answer of what may be a price feed. */
  concerns({ address, topics }: { readonly address: Address; readonly topics: readonly Hash[] }): boolean {
    return this.#bookAt.has(address) || topics[0] === FEED_TOPICS.AnswerUpdated;
  }

  /** Accounts that events have named. */
  get accounts(): Iterable<Hex> {
    return this.#known.accounts;
  }

  /** How many of them there are. */
  get accountCount(): number {
    return this.#known.accounts.length;
  }

  /** Whether an event has named an account. */
  hasAccount(account: Hex): boolean {
    return account.length === 66 && this.#known.knows(account);
  }

  /** Some of them in the order in which events named them: that of an account stays as long as its first event does. */
  accountsFrom(start: number, count: number): readonly Hex[] {
    return this.#known.accounts.slice(start, start + count);
  }

  /** Whether governance repaired or accepted words of the books in a block. */
  hasRepair({ logs }: BookBlock): boolean {
    return logs.some(({ address, topics }) => {
      const book = this.#bookAt.get(address);
      if (book === "SyncGuard" && topics[0] === GUARD_TOPICS.BooksAccepted) return true;
      return book !== undefined && topics[0] === LEDGER_TOPICS.WordRepaired;
    });
  }

  /** Hash of the block that the books hold at a height; null when they do not reach there. */
  hashAt(number: number): Hash | null {
    return this.#undo.findLast(({ block }) => block.number === number)?.block.hash ?? null;
  }

  read(book: BookName, slot: Hash): bigint {
    return this.#tries[book].get(slot);
  }

  /** A word as it was right after the block `hash`, which the books must still hold. */
  readAt(hash: Hash, book: BookName, slot: Hash): bigint {
    const index = this.#undo.findLastIndex(({ block }) => block.hash === hash);
    assert(index >= 0, "the books hold the block");
    for (const { words } of this.#undo.slice(index + 1)) {
      const write = words.find(([name, written]) => name === book && written === slot);
      if (write !== undefined) return write[2];
    }
    return this.read(book, slot);
  }

  /**
   * Words of a book that the blocks above `after`, up to `upTo`, wrote, each as it was right after `after`: null stands for
   * before the first block, and for the newest. Null when the books do not hold what is asked for.
   */
  wordsBetween(book: BookName, after: Hash | null, upTo: Hash | null): Map<Hash, bigint> | null {
    const start = this.#undo.findLastIndex(({ block }) => block.hash === after);
    const end = upTo === null ? this.#undo.length - 1 : this.#undo.findLastIndex(({ block }) => block.hash === upTo);
    if ((start < 0 && (after !== null || this.#hasForgotten)) || end < start) return null;
    const words = new Map<Hash, bigint>();
    for (const undo of this.#undo.slice(start + 1, end + 1)) {
      for (const [name, slot, value] of undo.words) if (name === book && !words.has(slot)) words.set(slot, value);
    }
    return words;
  }

  /** Assets (addresses) and instruments (numbers) that events have named. */
  get items(): readonly (Hex | bigint)[] {
    return this.#known.others;
  }

  trie(book: BookName): StorageTrie {
    return this.#tries[book];
  }

  root(book: BookName): Hash {
    return this.#tries[book].root();
  }

  /** Storage roots in the order of the book set. */
  roots(): Hash[] {
    return BOOK_NAMES.map((name) => this.root(name));
  }

  answerOf(aggregator: Address): Answer | undefined {
    return this.#answers.get(aggregator);
  }

  /** Applies the next block and returns what it proves to be wrong with it. */
  apply(block: BookBlock): Finding[] {
    const tip = this.tip;
    assert(tip === null || tip.hash === block.parentHash, "a block is applied on top of its parent");
    const application = new BlockApplication(this.#parts(), block);
    application.run();
    const { words, answers, keysBefore, namesBefore } = application;
    this.#undo.push({ block, words, answers, keysBefore, namesBefore });
    if (this.#undo.length > this.#undoDepth) {
      this.#undo.shift();
      this.#hasForgotten = true;
    }
    return application.findings;
  }

  /** Takes the newest block back and returns it. Throws `ReorgTooDeep` rather than lose what it cannot rebuild. */
  undo(): BookBlock {
    const last = this.#undo.pop();
    assert(last !== undefined, "there is a block to take back");
    if (this.#undo.length === 0 && this.#hasForgotten) {
      this.#undo.push(last);
      const payload = { depth: this.#undoDepth, block: last.block.number };
      throw new KeeperError("ReorgTooDeep", `the reorg reaches below block ${last.block.number}: rebuild`, payload);
    }
    for (const [book, slot, value] of last.words.toReversed()) this.#tries[book].set(slot, value);
    for (const [aggregator, answer] of last.answers.toReversed()) {
      if (answer === undefined) this.#answers.delete(aggregator);
      else this.#answers.set(aggregator, answer);
    }
    this.#names.rewind(last.namesBefore);
    this.#known.rewind(last.keysBefore);
    return last.block;
  }

  /** The blocks above `hash`, oldest first; all since the first for null. Null when they reach below what is kept. */
  blocksSince(hash: Hash | null): BookBlock[] | null {
    const index = this.#undo.findLastIndex(({ block }) => block.hash === hash);
    if (index < 0 && (hash !== null || this.#hasForgotten)) return null;
    return this.#undo.slice(index + 1).map(({ block }) => block);
  }

  /** Words of a book as they were before the newest `depth` blocks, for the second opinion. */
  wordsBefore(book: BookName, depth: number): Map<Hash, bigint> {
    const words = new Map<Hash, bigint>(this.#tries[book].slots());
    for (const [slot, value] of this.#overwritten(depth).words.get(book) ?? []) words.set(slot, value);
    return words;
  }

  /** Answers as they were before the newest `depth` blocks. */
  answersBefore(depth: number): Map<Address, Answer> {
    const answers = new Map(this.#answers);
    for (const [aggregator, answer] of this.#overwritten(depth).answers) {
      if (answer === undefined) answers.delete(aggregator);
      else answers.set(aggregator, answer);
    }
    return answers;
  }

  /** What the newest `depth` blocks wrote over, as it was before them; of answers undefined where there was none. */
  overwritten(depth: number): Overwritten {
    return this.#overwritten(depth);
  }

  #overwritten(depth: number): Overwritten {
    const words = new Map(BOOK_NAMES.map((name) => [name, new Map<Hash, bigint>()]));
    const answers = new Map<Address, Answer | undefined>();
    for (const undo of this.#undo.slice(this.#undo.length - depth).reverse()) {
      for (const [name, slot, value] of undo.words.toReversed()) words.get(name)?.set(slot, value);
      for (const [aggregator, answer] of undo.answers.toReversed()) answers.set(aggregator, answer);
    }
    return { words, answers };
  }

  #parts(): BookParts {
    return {
      addresses: this.addresses,
      immutables: this.immutables,
      reducers: this.#reducers,
      tries: this.#tries,
      bookAt: this.#bookAt,
      answers: this.#answers,
      known: this.#known,
      names: this.#names,
    };
  }
}
