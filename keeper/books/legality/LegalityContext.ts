import type { BookAddresses, BookName, Immutables } from "../../domain/bookSet.ts";
import type { Hash } from "../../lib/hex.ts";
import type { Price } from "../Prices.ts";

/** An event of a book contract as the rules see it: after its reducer has written. */
export interface SeenEvent {
  readonly book: BookName;
  readonly logIndex: number;
  readonly event: { readonly name: string };
}

/** What the rules of legality may ask: the books as they stand after the event being judged. */
export interface LegalityContext {
  readonly timestamp: bigint;
  readonly immutables: Immutables;
  readonly addresses: BookAddresses;
  readOf(book: BookName, slot: Hash): bigint;
  priceOf(feed: bigint): Price;
  /** Records that the chain accepted what its rules forbid. */
  illegal(book: BookName, logIndex: number, detail: string): void;
}
