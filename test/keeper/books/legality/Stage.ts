import type { BaseContract } from "ethers";

import type { BookLog } from "../../../../keeper/books/BookBlock.ts";
import type { Books } from "../../../../keeper/books/Books.ts";
import { assert } from "../../../../keeper/lib/assert.ts";
import type { Address, Hash, Hex } from "../../../../keeper/lib/hex.ts";
import type { Lockstep } from "../../../fixtures/deployLockstep.ts";
import { BooksFollower } from "../BooksFollower.ts";

/** A log of a transaction that never was: contract of the deployment, event, arguments. */
export type MadeLog = readonly [contract: BaseContract, event: string, args: readonly unknown[]];

/** What an entry says beside its results, which the stage makes up: only legality is judged on it. */
export interface MadeEntry {
  readonly size?: bigint;
  readonly quote?: bigint;
  readonly fee?: bigint;
}

/** Kinds of entries, as `EntryKind`. */
export const KINDS = {
  Credit: 0,
  Debit: 1,
  Trade: 2,
  Liquidation: 3,
  Expiry: 4,
  CollateralSale: 5,
  Cover: 6,
  Socialisation: 7,
  FeeSweep: 8,
  Release: 9,
  ClearingLevel: 10,
} as const;

/** The books of a deployment at one moment, on which transactions are tried that the contracts would refuse. */
export class Stage {
  readonly #system: Lockstep;
  readonly #books: Books;

  private constructor(system: Lockstep, books: Books) {
    this.#system = system;
    this.#books = books;
  }

  /** Follows the chain of the deployment up to now, which must be as its rules demand. */
  static async open(system: Lockstep): Promise<Stage> {
    const follower = await BooksFollower.open(system);
    const findings = await follower.follow();
    assert(findings.length === 0 && follower.mismatches.length === 0, "the chain is sound before the play");
    return new Stage(system, follower.books);
  }

  /** Timestamp of the newest block. */
  get now(): number {
    return this.#books.tip!.timestamp;
  }

  /** An entry of the ledger with made-up results. */
  entry(kind: keyof typeof KINDS, account: string, key: bigint | number | string, made: MadeEntry = {}): MadeLog {
    const { size = 0n, quote = 0n, fee = 0n } = made;
    const args = [1n, account, KINDS[kind], BigInt(key), size, quote, fee, 0n, 0n, 0n];
    return [this.#system.ledger, "EntryPosted", args];
  }

  /** A new answer of the ETH feed, in dollars. */
  answer(dollars: number, updatedAt: number): MadeLog {
    return [this.#system.ethFeed, "AnswerUpdated", [BigInt(dollars) * 10n ** 8n, 99n, updatedAt]];
  }

  /**
   * What the rules say to these logs as one transaction of a block `seconds` after the newest one; taken back again.
   *
   * @param before logs of earlier transactions of the same block, of which nothing is reported
   */
  illegal(logs: readonly MadeLog[], seconds = 12, before: readonly (readonly MadeLog[])[] = []): string[] {
    const transactions = [...before, logs];
    const encoded = transactions.flatMap((transaction, index) => transaction.map((log) => encode(log, index)));
    return this.#apply(encoded, encoded.length - logs.length, seconds);
  }

  /** The same for one log that the contract's interface would not encode. */
  illegalLog(contract: BaseContract, log: { readonly topics: readonly string[]; readonly data: string }): string[] {
    return this.#apply([logOf(contract, log, 0)], 0, 12);
  }

  #apply(encoded: readonly BookLog[], first: number, seconds: number): string[] {
    const tip = this.#books.tip!;
    const findings = this.#books.apply({
      number: tip.number + 1,
      hash: `0x${"ab".repeat(32)}`,
      parentHash: tip.hash,
      timestamp: tip.timestamp + seconds,
      logs: encoded.map((log, logIndex) => ({ ...log, logIndex, logPositionInTransaction: logIndex })),
    });
    this.#books.undo();
    return findings
      .filter(({ cause, logIndex }) => cause === "illegal" && logIndex !== null && logIndex >= first)
      .map(({ detail }) => detail);
  }
}

function encode([contract, event, args]: MadeLog, transactionIndex: number): BookLog {
  return logOf(contract, contract.interface.encodeEventLog(event, args), transactionIndex);
}

function logOf(
  contract: BaseContract,
  { topics, data }: { readonly topics: readonly string[]; readonly data: string },
  transactionIndex: number,
): BookLog {
  return {
    address: (contract.target as string).toLowerCase() as Address,
    topics: topics as Hash[],
    data: data as Hex,
    transactionHash: `0x${"cd".repeat(32)}`,
    transactionIndex,
    logIndex: 0,
    logPositionInTransaction: 0,
  };
}
