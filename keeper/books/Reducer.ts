import type { BookName, Immutables } from "../domain/bookSet.ts";
import type { Address, Hash, Hex } from "../lib/hex.ts";
import type { LogData } from "./layout/readLog.ts";

/** What reducers remember from one event to the next of the same transaction. */
export interface TransactionMemory {
  /** The first entry of a liquidation was posted: the next one of that kind is the bidder's. */
  isBidderNext: boolean;
  /** Digest of the attestation that was convicted last. */
  convicted: Hash | null;
  /** The keeper set that came about last, when it has fewer than a quorum. */
  brokenSet: bigint | null;
}

/** Nothing remembered yet. */
export function freshMemory(): TransactionMemory {
  return { isBidderNext: false, convicted: null, brokenSet: null };
}

/** What a reducer may read and write while one log is applied. */
export interface ReducerContext {
  readonly timestamp: bigint;
  readonly blockNumber: bigint;
  readonly memory: TransactionMemory;
  readonly immutables: Immutables;
  readonly addresses: Readonly<Record<BookName, Address>>;
  /** A word of this reducer's contract, as the books have it. */
  read(slot: Hash): bigint;
  /** A word of another book contract, as the books have it. */
  readOf(book: BookName, slot: Hash): bigint;
  write(slot: Hash, value: bigint): void;
  /** Writes a word of another book contract; zero removes it. Only what governance accepts is written across. */
  writeOf(book: BookName, slot: Hash, value: bigint): void;
  /** Records a miscomputed result when the event does not say what its inputs imply. */
  expect(field: string, said: bigint | Hex | boolean, implied: bigint | Hex | boolean): void;
}

/**
 * Event → slot writes for one book contract.
 *
 * A reducer computes results from an event's inputs and the value before it, and writes what it computed, never what
 * the event claims: so a tampered word is not healed by the next ordinary event.
 */
export interface Reducer<Event extends { readonly name: string }> {
  readonly book: BookName;
  /** Decodes a log of the contract; null for an unknown topic. Throws `DecodeError`. */
  decode(log: LogData): Event | null;
  apply(event: Event, context: ReducerContext): void;
}
