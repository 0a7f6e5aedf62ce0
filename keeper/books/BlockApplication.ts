import type { BookAddresses, BookName, Immutables } from "../domain/bookSet.ts";
import type { Cause, Finding } from "../domain/Finding.ts";
import { describeError } from "../lib/describeError.ts";
import type { Address, Hash } from "../lib/hex.ts";
import { BlockWords } from "./BlockWords.ts";
import type { BookBlock, BookLog } from "./BookBlock.ts";
import { decodeEvent as decodeFeedEvent } from "./generated/AggregatorV3Interface.ts";
import { storage as ledger } from "./generated/PositionLedger.ts";
import { DecodeError } from "./layout/DecodeError.ts";
import type { KeyMark, KnownKeys } from "./KnownKeys.ts";
import { LayoutRangeError } from "./layout/LayoutRangeError.ts";
import type { LegalityContext, Moment } from "./legality/LegalityContext.ts";
import { TransactionRules } from "./legality/TransactionRules.ts";
import { readPrice, type Answer, type Reading } from "./Prices.ts";
import { isHard } from "./reducers/guardState.ts";
import type { NamesMark, WordNames } from "./WordNames.ts";
import type { WordStore } from "./WordStore.ts";
import { freshMemory, type Reducer, type ReducerContext, type TransactionMemory } from "./Reducer.ts";

/** What a block is applied to; owned by the books. */
export interface BookParts {
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  readonly reducers: Readonly<Record<BookName, Reducer<{ readonly name: string }>>>;
  readonly tries: Readonly<Record<BookName, WordStore>>;
  readonly bookAt: ReadonlyMap<Address, BookName>;
  readonly answers: Map<Address, Answer>;
  readonly known: KnownKeys;
  readonly names: WordNames;
}

/** Hashes that a block may cost to name words: some 20 ms. */
const MAX_HASHES = 10_000;

/** The same, for who made it. */
type Changing<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** One block being applied: what it wrote, so that it can be taken back, and what it proves to be wrong with it. */
export class BlockApplication {
  readonly findings: Finding[] = [];
  readonly words: (readonly [BookName, Hash, bigint])[] = [];
  readonly answers: (readonly [Address, Answer | undefined])[] = [];
  readonly #parts: BookParts;
  readonly #block: BookBlock;
  readonly #timestamp: bigint;
  readonly #legality: LegalityContext;
  readonly #current: BlockWords;
  /** Positions in {@link words} of the writes of each word, ascending. */
  readonly #writes = new Map<BookName, Map<Hash, number[]>>();
  /** One for each book that the block has events of, for all of them. */
  readonly #contexts = new Map<BookName, Changing<ReducerContext>>();
  /** The event being applied. */
  #applied = { name: "", logIndex: 0 };
  /** Prices that were asked for since {@link #pricesSince}, the last moment at which one may have changed. */
  readonly #prices = new Map<bigint, Reading>();
  #pricesSince: Moment = { words: 0, answers: 0 };
  /** What was known and named before the block. */
  readonly keysBefore: KeyMark;
  readonly namesBefore: NamesMark;
  #hashesLeft = MAX_HASHES;
  #isIllegal = false;

  constructor(parts: BookParts, block: BookBlock) {
    this.#parts = parts;
    this.#block = block;
    this.keysBefore = parts.known.mark();
    this.namesBefore = parts.names.mark();
    this.#timestamp = BigInt(block.timestamp);
    this.#current = new BlockWords(parts.tries);
    this.#legality = this.#legalityAt(null);
  }

  /** Applies the block; the tries have it when this returns. */
  run(): void {
    this.pieces(Infinity).next();
  }

  /** The same, so many logs at a time; the tries have the block when this ends. */
  *pieces(logsAtOnce: number): Generator<undefined, void> {
    const { logs } = this.#block;
    this.#prepareNames();
    let [rules, memory] = [new TransactionRules(this.#legality), freshMemory()];
    let first: BookLog | undefined;
    for (const [at, log] of logs.entries()) {
      if (first !== undefined && first.transactionIndex !== log.transactionIndex) {
        this.#end(first, rules);
        [rules, memory] = [new TransactionRules(this.#legality), freshMemory()];
        first = undefined;
      }
      first ??= log;
      const book = this.#parts.bookAt.get(log.address);
      if (book === undefined) this.#applyFeedLog(log);
      else this.#applyBookLog(book, log, rules, memory);
      if (at % logsAtOnce === logsAtOnce - 1) yield;
    }
    if (first !== undefined) this.#end(first, rules);
    this.#current.flush();
  }

  /** Repairs come in a halt, and seldom in its first blocks: until then all that they can repair is named. */
  #prepareNames(): void {
    if (isHard(this.#legality)) this.#hashesLeft = this.#parts.names.advance(this.#hashesLeft);
    else this.#parts.names.rest();
  }

  /** Judges what only the whole transaction shows. */
  #end(first: BookLog, rules: TransactionRules): void {
    try {
      rules.end();
    } catch (error: unknown) {
      this.#fail(this.#parts.bookAt.get(first.address) ?? "PositionLedger", first.logIndex, error);
    }
  }

  #applyBookLog(book: BookName, log: BookLog, rules: TransactionRules, memory: TransactionMemory): void {
    const reducer = this.#parts.reducers[book];
    const before = this.#now();
    try {
      const event = reducer.decode(log);
      if (event === null) {
        this.#find("unreadable", book, log.logIndex, `a log with the unknown topic ${log.topics[0] ?? "(none)"}`);
        return;
      }
      this.#parts.known.see(event);
      this.#applied = { name: event.name, logIndex: log.logIndex };
      reducer.apply(event, this.#contextFor(book, memory));
      rules.see({ book, logIndex: log.logIndex, event, before });
    } catch (error: unknown) {
      if (error instanceof DecodeError) this.#find("unreadable", book, log.logIndex, error.message);
      else if (error instanceof LayoutRangeError) this.#find("miscomputed", book, log.logIndex, error.message);
      else this.#fail(book, log.logIndex, error);
    }
  }

  /**
   * A reducer or a rule could not go on. No block may end the process: what it says of this one is worth nothing, and the second
   * opinion decides whether the fault is our own.
   */
  #fail(book: BookName, logIndex: number, error: unknown): void {
    const { number: blockNumber, hash: blockHash } = this.#block;
    const detail = `the keeper could not compute it: ${describeError(error)}`;
    const finding = { cause: "miscomputed", contract: book, blockNumber, blockHash, detail, logIndex } as const;
    this.findings.push({ ...finding, isFailure: true });
  }

  #contextFor(book: BookName, memory: TransactionMemory): ReducerContext {
    let context = this.#contexts.get(book);
    if (context === undefined) {
      context = this.#newContext(book, memory);
      this.#contexts.set(book, context);
    }
    context.memory = memory;
    return context;
  }

  #newContext(book: BookName, memory: TransactionMemory): ReducerContext {
    const { immutables, addresses } = this.#parts;
    const current = this.#current;
    const writeOf = (other: BookName, slot: Hash, value: bigint): void => {
      this.#noteWrite(other, slot);
      this.words.push([other, slot, current.get(other, slot)]);
      current.set(other, slot, value);
      if (other === "PriceOracle") this.#forgetPrices();
    };
    return {
      timestamp: this.#timestamp,
      blockNumber: BigInt(this.#block.number),
      memory,
      immutables,
      addresses,
      read: (slot) => current.get(book, slot),
      readOf: (other, slot) => current.get(other, slot),
      write: (slot, value) => {
        writeOf(book, slot, value);
      },
      writeOf: (other, slot, value) => {
        if (mayHoldKey(other, slot, current.get(other, slot))) this.#parts.known.lack();
        writeOf(other, slot, value);
      },
      expect: (field, said, implied) => {
        if (said === implied) return;
        const { name, logIndex } = this.#applied;
        this.#find("miscomputed", book, logIndex, `${name}.${field} says ${said}, its inputs imply ${implied}`);
      },
    };
  }

  #noteWrite(book: BookName, slot: Hash): void {
    let ofBook = this.#writes.get(book);
    if (ofBook === undefined) {
      ofBook = new Map();
      this.#writes.set(book, ofBook);
    }
    const positions = ofBook.get(slot);
    if (positions === undefined) ofBook.set(slot, [this.words.length]);
    else positions.push(this.words.length);
  }

  /** The first write of a word from a position on. Mostly one of the last few, as most moments are recent. */
  #firstWrite(book: BookName, slot: Hash, from: number): (typeof this.words)[number] | undefined {
    const positions = from < this.words.length ? this.#writes.get(book)?.get(slot) : undefined;
    if (positions === undefined) return undefined;
    let [low, high] = [0, positions.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((positions[middle] as number) < from) low = middle + 1;
      else high = middle;
    }
    const position = positions[low];
    return position === undefined ? undefined : this.words[position];
  }

  #forgetPrices(): void {
    this.#prices.clear();
    this.#pricesSince = this.#now();
  }

  #now(): Moment {
    return { words: this.words.length, answers: this.answers.length };
  }

  /** Books and prices as they stand, or stood at a moment of this block: what was written since is taken back. */
  #legalityAt(moment: Moment | null): LegalityContext {
    const { addresses, immutables, answers, known } = this.#parts;
    const current = this.#current;
    const readOf = (book: BookName, slot: Hash): bigint => {
      const change = moment === null ? undefined : this.#firstWrite(book, slot, moment.words);
      return change === undefined ? current.get(book, slot) : change[2];
    };
    const answerOf = (aggregator: Address): Answer | undefined => {
      const since = moment === null ? [] : this.answers.slice(moment.answers);
      const change = since.find(([changed]) => changed === aggregator);
      return change === undefined ? answers.get(aggregator) : change[1];
    };
    /** Whether prices then are those of now. */
    const isCurrent = (): boolean => {
      const { words, answers: given } = this.#pricesSince;
      return moment === null || (moment.words >= words && moment.answers >= given);
    };
    const timestamp = this.#timestamp;
    return {
      timestamp,
      blockNumber: BigInt(this.#block.number),
      immutables,
      addresses,
      known,
      readOf,
      priceOf: (feed) => {
        const known = isCurrent() ? this.#prices.get(feed) : undefined;
        if (known !== undefined) return known;
        const readOracle = (slot: Hash): bigint => readOf("PriceOracle", slot);
        const reading = readPrice(feed, { timestamp, immutables, readOracle, answerOf });
        if (isCurrent()) this.#prices.set(feed, reading);
        return reading;
      },
      asOf: (earlier) => this.#legalityAt(earlier),
      now: () => moment ?? this.#now(),
      nameWords: () => {
        if (this.#isIllegal) return null;
        this.#hashesLeft = this.#parts.names.advance(this.#hashesLeft);
        return this.#parts.names;
      },
      illegal: (book, logIndex, detail) => {
        this.#isIllegal = true;
        this.#find("illegal", book, logIndex, detail);
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
      this.#forgetPrices();
    } catch (error: unknown) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }

  #find(cause: Cause, contract: BookName, logIndex: number, detail: string): void {
    const { number: blockNumber, hash: blockHash } = this.#block;
    this.findings.push({ cause, contract, blockNumber, blockHash, detail, logIndex });
  }
}

/** Whether an accepted word may list an instrument or an asset that no event has listed, or name another fund. */
function mayHoldKey(book: BookName, slot: Hash, before: bigint): boolean {
  if (book === "InstrumentRegistry") return before === 0n;
  return book === "PositionLedger" && slot === ledger.modules.fund.slot;
}
