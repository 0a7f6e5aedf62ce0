import type { BookAddresses, BookName, Immutables } from "../domain/bookSet.ts";
import type { Cause, Finding } from "../domain/Finding.ts";
import type { Address, Hash } from "../lib/hex.ts";
import type { StorageTrie } from "../trie/StorageTrie.ts";
import type { BookBlock, BookLog } from "./BookBlock.ts";
import { decodeEvent as decodeFeedEvent } from "./generated/AggregatorV3Interface.ts";
import { DecodeError } from "./layout/DecodeError.ts";
import { LayoutRangeError } from "./layout/LayoutRangeError.ts";
import type { LegalityContext } from "./legality/LegalityContext.ts";
import { TransactionRules } from "./legality/TransactionRules.ts";
import { readPrice, type Answer } from "./Prices.ts";
import type { Reducer, ReducerContext } from "./Reducer.ts";

/** What a block is applied to; owned by the books. */
export interface BookParts {
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  readonly reducers: Readonly<Record<BookName, Reducer<{ readonly name: string }>>>;
  readonly tries: Readonly<Record<BookName, StorageTrie>>;
  readonly bookAt: ReadonlyMap<Address, BookName>;
  readonly answers: Map<Address, Answer>;
}

/** One block being applied: what it wrote, so that it can be taken back, and what it proves to be wrong with it. */
export class BlockApplication {
  readonly findings: Finding[] = [];
  readonly words: (readonly [BookName, Hash, bigint])[] = [];
  readonly answers: (readonly [Address, Answer | undefined])[] = [];
  readonly #parts: BookParts;
  readonly #block: BookBlock;
  readonly #timestamp: bigint;
  readonly #legality: LegalityContext;

  constructor(parts: BookParts, block: BookBlock) {
    this.#parts = parts;
    this.#block = block;
    this.#timestamp = BigInt(block.timestamp);
    const { addresses, immutables } = parts;
    this.#legality = {
      timestamp: this.#timestamp,
      immutables,
      addresses,
      readOf: (book, slot) => parts.tries[book].get(slot),
      priceOf: (feed) =>
        readPrice(
          feed,
          this.#timestamp,
          (slot) => parts.tries.PriceOracle.get(slot),
          (aggregator) => parts.answers.get(aggregator),
        ),
      illegal: (book, logIndex, detail) => {
        this.#find("illegal", book, logIndex, detail);
      },
    };
  }

  run(): void {
    const { logs } = this.#block;
    for (let start = 0; start < logs.length;) {
      const transactionIndex = logs[start]?.transactionIndex;
      let end = start;
      while (logs[end]?.transactionIndex === transactionIndex) end += 1;
      this.#runTransaction(logs.slice(start, end));
      start = end;
    }
  }

  #runTransaction(logs: readonly BookLog[]): void {
    const rules = new TransactionRules(this.#legality);
    for (const log of logs) {
      const book = this.#parts.bookAt.get(log.address);
      if (book === undefined) this.#applyFeedLog(log);
      else this.#applyBookLog(book, log, rules);
    }
    rules.end();
  }

  #applyBookLog(book: BookName, log: BookLog, rules: TransactionRules): void {
    const reducer = this.#parts.reducers[book];
    try {
      const event = reducer.decode(log);
      if (event === null) {
        this.#find("unreadable", book, log.logIndex, `a log with the unknown topic ${log.topics[0] ?? "(none)"}`);
        return;
      }
      reducer.apply(event, this.#contextFor(book, log, event.name));
      rules.see({ book, logIndex: log.logIndex, event });
    } catch (error: unknown) {
      if (error instanceof DecodeError) this.#find("unreadable", book, log.logIndex, error.message);
      else if (error instanceof LayoutRangeError) this.#find("miscomputed", book, log.logIndex, error.message);
      else throw error;
    }
  }

  #contextFor(book: BookName, log: BookLog, name: string): ReducerContext {
    const { tries, immutables, addresses } = this.#parts;
    return {
      timestamp: this.#timestamp,
      immutables,
      addresses,
      read: (slot) => tries[book].get(slot),
      readOf: (other, slot) => tries[other].get(slot),
      write: (slot, value) => {
        this.words.push([book, slot, tries[book].get(slot)]);
        tries[book].set(slot, value);
      },
      expect: (field, said, implied) => {
        if (said === implied) return;
        this.#find("miscomputed", book, log.logIndex, `${name}.${field} says ${said}, its inputs imply ${implied}`);
      },
    };
  }

  /** Any contract may log an answer; only those of aggregators that a feed names are ever asked for. */
  #applyFeedLog(log: BookLog): void {
    try {
      const event = decodeFeedEvent(log);
      if (event === null) return;
      this.answers.push([log.address, this.#parts.answers.get(log.address)]);
      this.#parts.answers.set(log.address, { answer: event.current, updatedAt: event.updatedAt });
    } catch (error: unknown) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }

  #find(cause: Cause, contract: BookName, logIndex: number, detail: string): void {
    const { number: blockNumber, hash: blockHash } = this.#block;
    this.findings.push({ cause, contract, blockNumber, blockHash, detail, logIndex });
  }
}
