import { readFileSync } from "node:fs";

import { Books } from "../../keeper/books/Books.ts";
import { storage as ledger, TOPICS } from "../../keeper/books/generated/PositionLedger.ts";
import { createSource } from "../../keeper/chain/sources/createSource.ts";
import type { Source } from "../../keeper/chain/sources/Source.ts";
import { verifyHeader } from "../../keeper/chain/verify/header.ts";
import { verifyReceipts } from "../../keeper/chain/verify/receipts.ts";
import type { Immutables } from "../../keeper/domain/bookSet.ts";
import { assert } from "../../keeper/lib/assert.ts";
import type { Hash, Hex } from "../../keeper/lib/hex.ts";
import type { IndexJob } from "./indexJob.ts";

/**
 * Lockstep's side of the comparison with indexers, as a program: fetches every block and its receipts from the node, verifies the
 * header by its hash, that it follows the one before, and the receipts by their root; applies the logs, with every rule, and
 * computes the ten storage roots after every block. Started with the path of a job; prints `{seconds, handled, total,
 * cpuSeconds, roots}`.
 */
const job = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as IndexJob;
/** Blocks in one batch, and batches that are on their way at once. */
const BATCH = 16;
const AHEAD = 4;
const DEADLINE_MS = 60_000;
const ADDRESSES: ReadonlySet<string> = new Set(["settlementAsset", "sequencerFeed"]);

const immutables = Object.fromEntries(
  Object.entries(job.immutables).map(([name, value]) => [name, ADDRESSES.has(name) ? value : BigInt(value)]),
) as unknown as Immutables;

interface Served {
  readonly header: unknown;
  readonly receipts: unknown;
}

async function fetchBatch(source: Source, from: number): Promise<Served[]> {
  const count = Math.min(BATCH, job.head + 1 - from);
  const tags = Array.from({ length: count }, (_, index) => `0x${(from + index).toString(16)}`);
  const items = await source.batch(
    [
      ...tags.map((tag) => ({ method: "eth_getBlockByNumber", params: [tag, false] })),
      ...tags.map((tag) => ({ method: "eth_getBlockReceipts", params: [tag] })),
    ],
    { deadlineMs: DEADLINE_MS },
  );
  const values = items.map((item) => {
    if (!item.ok) throw item.error;
    return item.result;
  });
  return tags.map((_, index) => ({ header: values[index], receipts: values[count + index] }));
}

class CatchUp {
  readonly books = new Books({ addresses: job.deployment.contracts, immutables });
  readonly accounts = new Set<Hex>();
  handled = 0;
  #parent: Hash | null = null;
  #number = 0;
  roots: Hash[] = [];

  take({ header: served, receipts }: Served): void {
    const header = verifyHeader(served, (served as { readonly hash: Hash }).hash);
    assert(header.number === this.#number, "blocks come in order");
    assert(this.#parent === null || header.parentHash === this.#parent, "each block follows the one before");
    const { number, hash, parentHash, timestamp } = header;
    const logs = verifyReceipts(receipts, header.receiptsRoot).filter((log) => this.books.concerns(log));
    const [finding] = this.books.apply({ number, hash, parentHash, timestamp, logs });
    assert(finding === undefined, `nothing is wrong with block ${number}: ${finding?.detail ?? ""}`);
    this.roots = this.books.roots();
    this.handled += logs.length;
    for (const { topics } of logs) if (topics[0] === TOPICS.EntryPosted) this.accounts.add(topics[2] ?? "0x");
    this.#parent = hash;
    this.#number += 1;
  }

  /** Sum of all settlement balances, 1e-18 quote: what the others are asked for. */
  total(): bigint {
    const quotes = [...this.accounts].map((account) => {
      return ledger.accounts.decode(this.books.read("PositionLedger", ledger.accounts.slot(account))).quote;
    });
    return quotes.reduce((sum, quote) => sum + quote, 0n);
  }

  get hash(): Hash | null {
    return this.#parent;
  }
}

const end = new AbortController();
const options = { id: "node", operator: "bench", client: "anvil", url: job.url };
const source = createSource(options, { now: () => performance.now() });
source.open({ onHead: () => undefined, onUp: () => undefined, onDown: () => undefined }, end.signal);

const startedMs = performance.now();
const catchUp = new CatchUp();
const pending: Promise<Served[]>[] = [];
let next = 0;
while (next <= job.head || pending.length > 0) {
  for (; pending.length < AHEAD && next <= job.head; next += BATCH) pending.push(fetchBatch(source, next));
  for (const served of (await pending.shift()) ?? []) catchUp.take(served);
}
assert(catchUp.hash === job.headHash, "the last block is the agreed one: so is every block below it");
const seconds = (performance.now() - startedMs) / 1_000;
end.abort();
await source.close();
const { handled, roots } = catchUp;
const { user, system } = process.cpuUsage();
const said = { seconds, handled, total: catchUp.total().toString(), cpuSeconds: (user + system) / 1e6, roots };
process.stdout.write(`${JSON.stringify(said)}\n`);
