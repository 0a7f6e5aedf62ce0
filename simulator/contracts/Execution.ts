import { Derivation } from "../../keeper/books/naive/Derivation.ts";
import { deriveNaively } from "../../keeper/books/naive/deriveNaively.ts";
import { decodeAnswer } from "../../keeper/books/naive/decode.ts";
import type { NaivePrice, NaiveProblem } from "../../keeper/books/naive/naiveTypes.ts";
import type { BookAddresses, BookName, Immutables } from "../../keeper/domain/bookSet.ts";
import type { Address, Hash } from "../../keeper/lib/hex.ts";
import { blockAt, logsOf, type Executed, type SimBlock } from "../chain/Block.ts";
import type { KeyAccount, State } from "../chain/State.ts";

/** Which contracts a chain has. */
export interface Contracts {
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  readonly ethFeed: Address;
}

const NOBODY: Hash = `0x${"00".repeat(32)}`;

/** The execution of one block on top of another: words follow from logs by the naive derivation. */
export class Execution {
  readonly contracts: Contracts;
  readonly parent: SimBlock;
  readonly number: number;
  /** Seconds. */
  readonly timestamp: number;
  readonly done: Executed[] = [];
  /** What is illegal or miscomputed by the naive derivation: nothing, unless somebody tampers. */
  readonly problems: NaiveProblem[] = [];
  readonly writes = new Map<BookName, Map<Hash, bigint>>();
  readonly answers = new Map<Address, NaivePrice>();
  readonly keys = new Map<Address, KeyAccount>();

  constructor(contracts: Contracts, parent: SimBlock, number: number, timestamp: number) {
    this.contracts = contracts;
    this.parent = parent;
    this.number = number;
    this.timestamp = timestamp;
  }

  /** The words as they are now, to be read by name. */
  view(): Derivation {
    return new Derivation(this.#input([]));
  }

  /** What `blockhash` answers. */
  hashOf(number: number): Hash | null {
    return number >= this.number || this.number - number > 256 ? null : (blockAt(this.parent, number)?.hash ?? null);
  }

  account(address: Address): KeyAccount | undefined {
    return this.keys.get(address) ?? this.parent.state.keys.get(address);
  }

  /** Takes a transaction in, with what its logs do. */
  take(executed: Executed): void {
    this.done.push(executed);
    if (executed.logs.length === 0) return;
    const { writes, problems } = deriveNaively(this.#input([executed]));
    this.problems.push(...problems);
    for (const [book, words] of writes) for (const [slot, value] of words) this.write(book, slot, value);
    for (const log of logsOf([executed])) {
      const answer = decodeAnswer(log);
      if (answer !== undefined) this.answers.set(answer.aggregator, answer);
    }
  }

  read(book: BookName, slot: Hash): bigint {
    return this.writes.get(book)?.get(slot) ?? this.parent.state.read(book, slot);
  }

  write(book: BookName, slot: Hash, value: bigint): void {
    let words = this.writes.get(book);
    if (words === undefined) this.writes.set(book, (words = new Map<Hash, bigint>()));
    words.set(slot, value);
  }

  /** The state after everything so far. */
  seal(codeHashes?: State["codeHashes"]): State {
    const { writes, answers, keys } = this;
    return this.parent.state.with({ writes, answers, keys, ...(codeHashes === undefined ? {} : { codeHashes }) });
  }

  #input(transactions: readonly Pick<Executed, "hash" | "logs">[]) {
    const { addresses, immutables } = this.contracts;
    return {
      ...{ addresses, immutables },
      block: { number: this.number, hash: NOBODY, timestamp: this.timestamp, logs: logsOf(transactions) },
      read: (book: BookName, slot: Hash): bigint => this.read(book, slot),
      priceBefore: (aggregator: Address): NaivePrice | undefined =>
        this.answers.get(aggregator) ?? this.parent.state.answers.get(aggregator),
    };
  }
}
