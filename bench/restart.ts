import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

import { Books } from "../keeper/books/Books.ts";
import { readImage } from "../keeper/books/imageSections.ts";
import { BOOK_NAMES, type BookAddresses, type Immutables } from "../keeper/domain/bookSet.ts";
import type { Hash, Hex } from "../keeper/lib/hex.ts";
import type { Section } from "../keeper/store/snapshots/snapshotFormat.ts";
import { SnapshotStore } from "../keeper/store/snapshots/SnapshotStore.ts";
import { measureDaemon } from "./restart/measureDaemon.ts";
import { randomWords } from "./trie/randomWords.ts";

/**
 * `npm run bench:restart [slots] [runs]`: writes a snapshot of books of so many slots, and loads it; and how long the daemon takes
 * from its start to its first verdict with a small one.
 */
const [SLOTS = 1_000_000, RUNS = 5] = process.argv.slice(2).map(Number);
const SLICE_MS = 4;
const ADDRESSES = Object.fromEntries(
  BOOK_NAMES.map((name, index) => [name, `0x${"c0".repeat(19)}${index.toString(16).padStart(2, "0")}`]),
) as BookAddresses;
const ZERO: Hex = `0x${"00".repeat(20)}`;
const IMMUTABLES: Immutables = {
  ...{
    chainId: 1n,
    settlementAsset: ZERO,
    settlementScale: 1n,
    staleLimit: 1n,
    softTime: 1n,
    viewTime: 1n,
    coolDown: 1n,
  },
  ...{ grace: 1n, windDownTime: 1n, claimPeriod: 1n, bond: 1n, minKeepers: 1n, joinDelay: 1n, unbonding: 1n },
  ...{ challengerPpm: 1n, sequencerFeed: ZERO, sequencerGrace: 1n },
};
const OPTIONS = { addresses: ADDRESSES, immutables: IMMUTABLES };
const MEBIBYTE = 1024 * 1024;

interface Timed<Value> {
  readonly value: Value;
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function timed<Value>(act: () => Value | Promise<Value>): Promise<Timed<Value>> {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const value = await act();
  const { user, system } = process.cpuUsage(cpu);
  return { value, wallMs: performance.now() - start, cpuMs: (user + system) / 1_000 };
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? NaN;
}

/** Two thirds of the words in the ledger, a quarter in the vault, the rest elsewhere. */
function makeBooks(): Books {
  const books = new Books(OPTIONS);
  const words = randomWords(1, SLOTS);
  const [vault, rest] = [Math.floor((SLOTS * 2) / 3), Math.floor((SLOTS * 11) / 12)];
  books.trie("PositionLedger").setMany(words.slice(0, vault));
  books.trie("CollateralVault").setMany(words.slice(vault, rest));
  books.trie("OrderSettlement").setMany(words.slice(rest));
  const hash: Hash = `0x${"01".repeat(32)}`;
  books.apply({ number: 1, hash, parentHash: `0x${"00".repeat(32)}`, timestamp: 1, logs: [] });
  return books;
}

/** The sections as the keeper writes them, and the longest time that one turn of the event loop was kept. */
async function* paced(books: Books, pauses: number[]): AsyncGenerator<Section> {
  let since = performance.now();
  yield { kind: 1, bytes: new Uint8Array(0) };
  for (const section of books.exportAt(books.tip?.hash ?? "0x", books.roots())) {
    yield section;
    const kept = performance.now() - since;
    if (kept < SLICE_MS) continue;
    pauses.push(kept);
    await turn();
    since = performance.now();
  }
}

const directory = await mkdtemp(join(tmpdir(), "lockstep-bench-restart-"));
try {
  const made = await timed(makeBooks);
  const roots = made.value.roots();
  console.log(`books of ${SLOTS} slots made in ${(made.wallMs / 1_000).toFixed(1)} s`);
  const store = await SnapshotStore.open(directory);
  const pauses: number[] = [];
  const writes: Timed<unknown>[] = [];
  for (let run = 0; run < RUNS; run += 1) writes.push(await timed(() => store.write(1, paced(made.value, pauses))));
  const [file] = await store.list();
  if (file === undefined) throw new Error("nothing was written");
  const { size } = await stat(store.pathOf(file));
  console.log(`write: ${summary(writes)}; file ${(size / MEBIBYTE).toFixed(1)} MiB`);
  const sorted = pauses.toSorted((one, other) => one - other);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(1);
  console.log(`one turn of the event loop: median ${at(0.5)} ms, 99 of 100 ${at(0.99)} ms, longest ${at(1)} ms`);
  const loads: Timed<Books>[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const load = await timed(async () => Books.fromImage(OPTIONS, readImage(await store.read(file))));
    if (load.value.roots().join() !== roots.join()) throw new Error("the roots differ");
    loads.push(load);
  }
  const { rss } = process.memoryUsage();
  console.log(
    `load, roots checked: ${summary(loads)}; ${(rss / MEBIBYTE).toFixed(0)} MiB resident, several books in it`,
  );
  const starts = await measureDaemon(RUNS);
  console.log(
    `daemon with a small snapshot, from its start to a block in sync: median ${median(starts).toFixed(0)} ms`,
  );
} finally {
  await rm(directory, { recursive: true, force: true });
}

function summary(runs: readonly Timed<unknown>[]): string {
  const [wall, cpu] = [runs.map(({ wallMs }) => wallMs), runs.map(({ cpuMs }) => cpuMs)];
  return `median of ${runs.length}: ${median(wall).toFixed(0)} ms, ${median(cpu).toFixed(0)} ms of processor time`;
}
