import type { VerifiedLog } from "../../domain/VerifiedLog.ts";
import type { BookAddresses, BookName, Immutables } from "../../domain/bookSet.ts";
import type { Address, Hash } from "../../lib/hex.ts";

/** The block to derive. */
export interface NaiveBlock {
  readonly number: number;
  readonly hash: Hash;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  /** All logs of the block, of every contract, in order. */
  readonly logs: readonly VerifiedLog[];
}

/** The last answer of an aggregator. */
export interface NaivePrice {
  /** In the aggregator's decimals. */
  readonly answer: bigint;
  /** Seconds since the epoch. */
  readonly updatedAt: bigint;
}

/** All that a derivation starts from. */
export interface NaiveInput {
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  readonly block: NaiveBlock;
  /** The books before the block: a word of a book contract; zero where nothing was ever written. */
  readonly read: (book: BookName, slot: Hash) => bigint;
  /** The last price of an aggregator known before the block. */
  readonly priceBefore: (aggregator: Address) => NaivePrice | undefined;
  /**
   * The accounts that events before the block, or in it, have named: what repairs are recognised by. Who gives none is told that
   * repairs of accounts are of words that nobody knows.
   */
  readonly accounts?: Iterable<Hash>;
  /** Derives no further than the first event that anything is wrong with: for who asks only whether something is. */
  readonly isUntilProblem?: true;
  /** Never given: the decimals of a feed are those that the oracle stores. */
  readonly decimalsOf?: never;
}

/**
 * What is wrong with a log.
 * - `miscomputed`: its result is not what its inputs give when applied to the books before it
 * - `illegal`: the contracts as they are meant to be refuse the operation that it reports
 * - `unreadable`: it is no event of its contract
 */
export interface NaiveProblem {
  readonly kind: "miscomputed" | "illegal" | "unreadable";
  readonly book: BookName;
  readonly logIndex: number;
  readonly detail: string;
}

/** What a block did to the books. */
export interface NaiveResult {
  /** The final value of every slot written in the block; zero for one that was cleared. */
  readonly writes: ReadonlyMap<BookName, ReadonlyMap<Hash, bigint>>;
  /** In the order of the logs; what only shows at the end of a transaction comes with its last log. */
  readonly problems: readonly NaiveProblem[];
}
