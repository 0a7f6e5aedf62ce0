import type { LogDescription } from "ethers";

import { Books } from "../../../../keeper/books/Books.ts";
import { deriveNaively } from "../../../../keeper/books/naive/deriveNaively.ts";
import { EVENTS } from "../../../../keeper/books/naive/events.ts";
import type { NaiveProblem } from "../../../../keeper/books/naive/naiveTypes.ts";
import { BOOK_NAMES, type BookName } from "../../../../keeper/domain/bookSet.ts";
import type { Finding } from "../../../../keeper/domain/Finding.ts";
import type { VerifiedLog } from "../../../../keeper/domain/VerifiedLog.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";
import type { Followed } from "./NaiveFollower.ts";

/** A log that nobody emitted: contract, topics, data. */
export type Invented = Pick<VerifiedLog, "address" | "topics" | "data">;
/** Transactions that never were, each with its logs. */
export type Transactions = readonly (readonly Invented[])[];

/** What both derivations say of an invented block. */
export interface Opinions {
  readonly findings: readonly Finding[];
  readonly problems: readonly NaiveProblem[];
  /** Books of which they have other words, where neither finds anything wrong. */
  readonly unequal: readonly BookName[];
}

/** Rounds of correcting results: one may depend on another. */
const MAX_ROUNDS = 12;
const MISCOMPUTED = /^(\w+) is (.*), computed (.*)$/s;

/** Judges invented blocks on top of a real history, by both derivations, and corrects the results that such blocks claim. */
export class Inventor {
  readonly books: Books;
  readonly #followed: readonly Followed[];
  #next = 0;
  #hash: Hash = `0x${"00".repeat(32)}`;

  constructor(followed: readonly Followed[]) {
    this.#followed = followed;
    const { addresses, immutables } = followed[0]!.input;
    this.books = new Books({ addresses, immutables });
  }

  /** The next block of the history, which the books do not have yet; undefined at its end. */
  get next(): Followed | undefined {
    return this.#followed[this.#next];
  }

  /** Blocks of the history that the books have. */
  get height(): number {
    return this.#next;
  }

  /** Takes the next block of the history into the books. */
  advance(): void {
    const { block } = this.next!.input;
    this.books.apply({ ...block, parentHash: this.#hash });
    this.#hash = block.hash;
    this.#next += 1;
  }

  /** An event of a book contract, encoded; its arguments by name. */
  log(book: BookName, name: string, values: Readonly<Record<string, unknown>>): Invented {
    const fragment = EVENTS[book].getEvent(name)!;
    const args = fragment.inputs.map((input) => values[input.name]);
    const { topics, data } = EVENTS[book].encodeEventLog(fragment, args);
    return { address: this.books.addresses[book], topics: topics as Hash[], data: data as Hex };
  }

  /** The event in a log of a book contract, with its arguments by name. */
  read(log: Invented): { readonly book: BookName; readonly event: LogDescription } | undefined {
    const book = BOOK_NAMES.find((name) => this.books.addresses[name] === log.address);
    const event = book && EVENTS[book].parseLog(log);
    return event == null ? undefined : { book: book!, event };
  }

  /** The transactions in words, one a line. */
  tell(transactions: Transactions): string {
    const name = (log: Invented): string => {
      const event = this.read(log)?.event;
      return event === undefined ? "?" : `${event.name}(${event.args.join(",")})`;
    };
    return transactions.map((logs) => `    ${logs.map(name).join(" + ")}`).join("\n");
  }

  /** What both say of the transactions, as one block on top of the books `seconds` after the newest one. */
  judge(transactions: Transactions, seconds = 12): Opinions {
    const { books } = this;
    const { number, timestamp } = books.tip!;
    const block = {
      number: number + 1,
      hash: `0x${"ab".repeat(32)}` as Hash,
      timestamp: timestamp + seconds,
      logs: numbered(transactions),
    };
    const findings = books.apply({ ...block, parentHash: this.#hash });
    const [roots, accounts] = [books.roots(), [...books.accounts]];
    books.undo();
    const { writes, problems } = deriveNaively({
      addresses: books.addresses,
      immutables: books.immutables,
      block,
      read: (book, slot) => books.read(book, slot),
      priceBefore: (aggregator) => books.answerOf(aggregator),
      accounts,
    });
    const isSound = findings.length === 0 && problems.length === 0;
    return { findings, problems, unequal: isSound ? this.#unequal(roots, writes) : [] };
  }

  /** The transactions with the results that their inputs imply, as far as they can be corrected one by one. */
  correct(transactions: Transactions, seconds = 12): { readonly transactions: Transactions; readonly said: Opinions } {
    let corrected = transactions;
    let said = this.judge(corrected, seconds);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const fixed = this.#corrected(corrected, said.problems);
      if (fixed === null) break;
      corrected = fixed;
      said = this.judge(corrected, seconds);
    }
    return { transactions: corrected, said };
  }

  /** Null where nothing can be corrected. */
  #corrected(transactions: Transactions, problems: readonly NaiveProblem[]): Transactions | null {
    const results = new Map<number, Map<string, string>>();
    for (const { kind, logIndex, detail } of problems) {
      const match = kind === "miscomputed" ? MISCOMPUTED.exec(detail) : null;
      if (match === null) continue;
      const fields = results.get(logIndex) ?? new Map<string, string>();
      results.set(logIndex, fields.set(match[1]!, match[3]!));
    }
    if (results.size === 0) return null;
    let logIndex = -1;
    try {
      return transactions.map((logs) =>
        logs.map((log) => {
          logIndex += 1;
          const fields = results.get(logIndex);
          return fields === undefined ? log : this.#replaced(log, fields);
        }),
      );
    } catch {
      // What was computed does not fit in the event.
      return null;
    }
  }

  #replaced(log: Invented, fields: ReadonlyMap<string, string>): Invented {
    const { book, event } = this.read(log)!;
    const values: Record<string, unknown> = {};
    for (const { name, baseType, type } of event.fragment.inputs) {
      const said = fields.get(name);
      const value = event.args.getValue(name) as unknown;
      if (said === undefined) values[name] = value;
      else if (baseType === "array") values[name] = said === "" ? [] : said.split(",");
      else values[name] = type === "bool" ? said === "true" : type.includes("int") ? BigInt(said) : hexOf(said, type);
    }
    return this.log(book, event.name, values);
  }

  /** Books whose roots are not those that the naive derivation arrives at. */
  #unequal(roots: readonly Hash[], writes: ReadonlyMap<BookName, ReadonlyMap<Hash, bigint>>): BookName[] {
    return BOOK_NAMES.filter((book, index) => {
      const trie = this.books.trie(book);
      const before = [...(writes.get(book) ?? [])].map(([slot]) => [slot, trie.get(slot)] as const);
      for (const [slot, value] of writes.get(book) ?? []) trie.set(slot, value);
      const root = trie.root();
      for (const [slot, value] of before) trie.set(slot, value);
      return root !== roots[index];
    });
  }
}

function hexOf(said: string, type: string): string {
  if (said.startsWith("0x")) return said;
  const digits = type === "address" ? 40 : 64;
  return `0x${BigInt(said).toString(16).padStart(digits, "0")}`;
}

function numbered(transactions: Transactions): VerifiedLog[] {
  let logIndex = -1;
  return transactions.flatMap((logs, transactionIndex) =>
    logs.map((log, logPositionInTransaction) => {
      logIndex += 1;
      const transactionHash: Hash = `0x${transactionIndex.toString(16).padStart(64, "0")}`;
      return { ...log, transactionHash, transactionIndex, logIndex, logPositionInTransaction };
    }),
  );
}
