import type { BookAddresses, BookName, Immutables } from "../../domain/bookSet.ts";
import type { Hash } from "../../lib/hex.ts";
import type { KnownKeys } from "../KnownKeys.ts";
import type { Reading } from "../Prices.ts";
import type { WordNames } from "../WordNames.ts";

/** A moment within a block: how many words had been written, and how many answers given, before it. */
export interface Moment {
  readonly words: number;
  readonly answers: number;
}

/** An event of a book contract as the rules see it: after its reducer has written. */
export interface SeenEvent {
  readonly book: BookName;
  readonly logIndex: number;
  readonly event: { readonly name: string };
  /** Right before the event's reducer wrote. */
  readonly before: Moment;
}

/** What the rules of legality may ask: the books as they stand after the event being judged. */
export interface LegalityContext {
  readonly timestamp: bigint;
  readonly blockNumber: bigint;
  readonly immutables: Immutables;
  readonly addresses: BookAddresses;
  /** Keys that events have named. */
  readonly known: KnownKeys;
  readOf(book: BookName, slot: Hash): bigint;
  priceOf(feed: bigint): Reading;
  /** The same with books and prices as they stood at an earlier moment of the block. */
  asOf(moment: Moment): LegalityContext;
  /** Right after the event being judged. */
  now(): Moment;
  /**
   * The names of words, more of them as far as the block may still hash. Null once the block is known to be illegal: that is
   * all there is to prove, and whoever invented the block shall not make it cost more.
   */
  nameWords(): WordNames | null;
  /** Records that the chain accepted what its rules forbid. */
  illegal(book: BookName, logIndex: number, detail: string): void;
}

/** What the value of an account follows from: the books and the prices of one moment, wherever they are read. */
export type BooksReader = Pick<LegalityContext, "timestamp" | "immutables" | "addresses" | "readOf" | "priceOf">;

/** One concern of legality: sees every event of a transaction in order, then its end. */
export interface Rule {
  /** Judges one event after its reducer has applied it. */
  see(seen: SeenEvent): void;
  /** Judges what only the whole transaction shows. */
  end(): void;
}

/** An event that waits for what belongs to it. */
export interface Pending<Event> {
  readonly event: Event;
  readonly logIndex: number;
  readonly before: Moment;
}
