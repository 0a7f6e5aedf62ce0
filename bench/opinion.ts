import { parseArgs } from "node:util";

import { Books, type BookBlock } from "../keeper/books/Books.ts";
import { BOOK_NAMES } from "../keeper/domain/bookSet.ts";
import { assert } from "../keeper/lib/assert.ts";
import type { Hash } from "../keeper/lib/hex.ts";
import type { ProvenBooks } from "../keeper/loop/requestBlock.ts";
import { askSecondOpinion } from "../keeper/loop/secondOpinion.ts";
import { SeededRandom } from "../test/helpers/SeededRandom.ts";
import {
  DEPOSITED,
  DEPOSITED_IMMUTABLES,
  depositLogs,
  listingLogs,
  verified,
} from "../test/keeper/loop/secondOpinionDeposits.ts";
import { medianMs, processorMs } from "./trie/timing.ts";

/**
 * What a second opinion costs on a block that changes some slots of books of any size:
 * `npm run bench:opinion -- [--slots 10000,100000,1000000] [--changed 100] [--runs 9] [--whole] [--json]`.
 *
 * The books are filled by the real reducers from deposits of as many accounts as they need, two slots each. `--whole` measures
 * as well what it costs where no root before the block is known, so that all words are copied and hashed: minutes for a million.
 * Processor time, medians. JSON: `{rows: [{slots, accounts, changed, way, runs, medianMs, worstMs}]}`.
 */
const { values } = parseArgs({
  options: {
    slots: { type: "string", default: "10000,100000,1000000" },
    changed: { type: "string", default: "100" },
    runs: { type: "string", default: "9" },
    whole: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const [changed, runs] = [Number(values.changed), Number(values.runs)];
const START = 1_700_000_000;
const BLOCK_SECONDS = 12;
const ACCOUNTS_IN_BLOCK = 1_000;

interface Row {
  readonly slots: number;
  readonly accounts: number;
  readonly changed: number;
  readonly way: "proven nodes" | "all words";
  readonly runs: number;
  readonly medianMs: number;
  readonly worstMs: number;
}

/** Books that grow by deposits. */
class Deposits {
  readonly books = new Books({ addresses: DEPOSITED, immutables: DEPOSITED_IMMUTABLES, undoDepth: 4 });
  accounts = 0;
  #number = 0;

  get slots(): number {
    return BOOK_NAMES.reduce((sum, name) => sum + this.books.trie(name).size, 0);
  }

  get #timestamp(): number {
    return START + BLOCK_SECONDS * this.#number;
  }

  list(): void {
    this.#apply(listingLogs(this.#timestamp), 2);
  }

  /** New accounts, until there are so many. */
  fill(accounts: number): void {
    while (this.accounts < accounts) {
      const count = Math.min(ACCOUNTS_IN_BLOCK, accounts - this.accounts);
      const first = this.accounts;
      this.deposit(Array.from({ length: count }, (_, index) => first + index));
      this.accounts += count;
    }
  }

  deposit(accounts: readonly number[]): BookBlock {
    return this.#apply(depositLogs(this.books, accounts, this.#timestamp), 2);
  }

  #apply(logs: ReturnType<typeof depositLogs>, perTransaction: number): BookBlock {
    const nameOf = (number: number): Hash => `0x${number.toString(16).padStart(64, "0")}`;
    const [number, hash, parentHash] = [this.#number, nameOf(this.#number + 1), nameOf(this.#number)];
    const block = { number, hash, parentHash, timestamp: this.#timestamp, logs: verified(logs, perTransaction) };
    const [finding] = this.books.apply(block);
    assert(finding === undefined, `nothing is wrong with block ${number}: ${finding?.detail ?? ""}`);
    this.#number += 1;
    return block;
  }
}

/** A second opinion on one more block, as often as asked; the chain agrees with it. */
function measure(deposits: Deposits, way: Row["way"], count: number, random: SeededRandom): Row {
  const times: number[] = [];
  for (let run = 0; run <= count; run += 1) {
    const before = deposits.books.roots();
    // Each deposit writes two slots of its account.
    const chosen = new Set<number>();
    while (chosen.size < changed / 2) chosen.add(random.below(deposits.accounts));
    const block = deposits.deposit([...chosen]);
    const roots = deposits.books.roots();
    const pairs = BOOK_NAMES.map((name, index) => [name, { storageRoot: roots[index] }] as const);
    const proven = Object.fromEntries(pairs) as unknown as ProvenBooks;
    const start = processorMs();
    const opinion = askSecondOpinion(deposits.books, [block], proven, way === "all words" ? null : before);
    const ms = processorMs() - start;
    assert(opinion.agreesWithChain, opinion.detail);
    assert(opinion.detail.includes("all words") === (way === "all words"), opinion.detail);
    // The first run warms up.
    if (run > 0 || count === 1) times.push(ms);
  }
  const { slots, accounts } = deposits;
  return { slots, accounts, changed, way, runs: times.length, medianMs: medianMs(times), worstMs: Math.max(...times) };
}

const rows: Row[] = [];
const deposits = new Deposits();
const random = new SeededRandom(1);
deposits.list();
for (const slots of values.slots.split(",").map(Number)) {
  deposits.fill(Math.ceil(slots / 2));
  process.stderr.write(`${deposits.slots} slots\n`);
  rows.push(measure(deposits, "proven nodes", runs, random));
  if (values.whole) rows.push(measure(deposits, "all words", 1, random));
}

if (values.json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
else {
  process.stdout.write("    slots  accounts  changed  way           median ms   worst ms\n");
  for (const row of rows) {
    const numbers = [row.slots, row.accounts, row.changed].map((number, at) =>
      String(number).padStart([9, 9, 8][at] ?? 0),
    );
    const times = [row.medianMs, row.worstMs].map((ms) => ms.toFixed(1).padStart(10));
    process.stdout.write(`${numbers.join(" ")}  ${row.way.padEnd(12)} ${times.join(" ")}\n`);
  }
}
