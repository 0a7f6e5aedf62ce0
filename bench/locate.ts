import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

import { hexToBytes } from "../keeper/lib/hex.ts";
import { keccak256 } from "../keeper/lib/keccak.ts";
import { StorageTrie } from "../keeper/trie/StorageTrie.ts";
import { PastTrie } from "../keeper/trie/PastTrie.ts";
import { proveValue } from "../keeper/trie/walkProof.ts";
import { startStorage } from "./locate/anvilStorage.ts";
import { descend, threadMs, type Prove } from "./locate/descend.ts";
import { ProvingTrie } from "./locate/ProvingTrie.ts";
import { randomWords, type Write } from "./trie/randomWords.ts";

/**
 * Naming the slots in which a chain's storage differs: `npm run bench:locate -- [--slots 1000000] [--tampered 1,3,100]
 * [--rounds 3] [--keys 16] [--anvil 2000] [--seed 1] [--json]`.
 *
 * Our words are random, of 32 bytes; of the chain's some are others ("changed") or there are more of them ("added", of which no
 * slot is known, so that one has to be found by hashing). The chain is a trie that answers proofs; with `--anvil n` also a real
 * node with n slots. Time is this thread's processor time, the median of the rounds; `worstMs` is the most of it in one go, which
 * is what holds up a step of the keeper. It holds the collector's pauses, of which `worstGcMs` is the longest in all rounds (by the
 * clock): what it has to look through are this bench's lists of words, which a keeper does not have.
 *
 * The full scan asks `eth_getProof` for each of our slots, 1,024 in a call, and verifies the answer: its calls are computed, its
 * time is measured on a sample and extrapolated. It finds no slot that only the chain has.
 *
 * JSON: `{rows: [{chain, kind, slots, tampered, found, calls, keys, ms, worstMs, worstGcMs, scanCalls, scanMs}], past: [{slots, written, ms}]}`; `past` is
 * what it takes to read the words of an earlier block after so many were written.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    slots: { type: "string", default: "1000000" },
    tampered: { type: "string", default: "1,3,100" },
    rounds: { type: "string", default: "3" },
    keys: { type: "string", default: "16" },
    anvil: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
  },
});
const SCAN_KEYS = 1_024;
const SAMPLE = 2_048;
const rounds = Number(values.rounds);
const keysPerCall = Number(values.keys);
const seed = Number(values.seed);

interface Row {
  readonly chain: "trie" | "anvil";
  readonly kind: "changed" | "added";
  readonly slots: number;
  readonly tampered: number;
  readonly found: number;
  readonly calls: number;
  readonly keys: number;
  readonly ms: number;
  readonly worstMs: number;
  readonly worstGcMs: number;
  readonly scanCalls: number;
  readonly scanMs: number;
}

const rows: Row[] = [];
const past: { readonly slots: number; readonly written: number; readonly ms: number }[] = [];

function median(list: readonly number[]): number {
  return [...list].sort((left, right) => left - right)[list.length >> 1] ?? NaN;
}

function trieOf(words: readonly Write[]): StorageTrie {
  const trie = new StorageTrie();
  trie.setMany(words);
  trie.root();
  return trie;
}

/** Words spread over the whole list. */
function some(words: readonly Write[], count: number): Write[] {
  const step = Math.floor(words.length / count);
  return words.filter((_, at) => at % step === 7 % step).slice(0, count);
}

/** Processor time for the proofs of all slots, from some of them. */
async function scanMsOf(words: readonly Write[], root: `0x${string}`, prove: Prove): Promise<number> {
  const sample = some(words, Math.min(SAMPLE, words.length)).map(([slot]) => slot);
  let ms = 0;
  for (let at = 0; at < sample.length; at += keysPerCall) {
    const answers = await prove(sample.slice(at, at + keysPerCall));
    const started = threadMs();
    for (const { key, proof } of answers) proveValue({ root, hashedKey: keccak256(hexToBytes(key)), proof });
    ms += threadMs() - started;
  }
  return (ms / sample.length) * words.length;
}

async function measure(
  where: Pick<Row, "chain" | "kind" | "tampered"> & { readonly words: readonly Write[] },
  trie: StorageTrie,
  { root, prove }: { readonly root: `0x${string}`; readonly prove: Prove },
  scanMs: number,
): Promise<void> {
  const { chain, kind, tampered, words } = where;
  const runs = [];
  let worstGcMs = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) worstGcMs = Math.max(worstGcMs, duration);
  });
  observer.observe({ entryTypes: ["gc"] });
  for (let round = 0; round < rounds; round += 1) {
    runs.push(await descend(trie, root, prove, { keysPerCall, maxDifferences: tampered + 1 }));
  }
  // The collector's entries come late.
  await sleep(50);
  observer.disconnect();
  const [{ found, calls, keys } = { found: 0, calls: 0, keys: 0 }] = runs;
  const [ms, worstMs] = [median(runs.map((run) => run.ms)), median(runs.map((run) => run.worstMs))];
  const scanCalls = Math.ceil(words.length / SCAN_KEYS);
  const counted = { chain, kind, slots: words.length, tampered, found, calls, keys };
  rows.push({ ...counted, ms, worstMs, worstGcMs, scanCalls, scanMs });
  process.stderr.write(
    `${chain} ${kind} ${tampered} of ${words.length}: ${found} found, ${calls} calls, ${ms.toFixed(1)} ms\n`,
  );
}

async function measureTrie(words: readonly Write[]): Promise<void> {
  const [trie, chain] = [trieOf(words), trieOf(words)];
  const proving = new ProvingTrie(chain);
  const prove: Prove = (keys) => keys.map((key) => proving.prove(key));
  const scanMs = await scanMsOf(words, proving.root(), prove);
  for (const tampered of values.tampered.split(",").map(Number)) {
    const changed = some(words, tampered);
    for (const [slot, word] of changed) chain.set(slot, word ^ 1n);
    await measure({ chain: "trie", kind: "changed", tampered, words }, trie, { root: chain.root(), prove }, scanMs);
    for (const [slot, word] of changed) chain.set(slot, word);
  }
  const added = randomWords(seed + 1, 3);
  for (const [slot, word] of added) chain.set(slot, word);
  await measure({ chain: "trie", kind: "added", tampered: 3, words }, trie, { root: chain.root(), prove }, scanMs);
  for (const written of [1, 10, 100]) {
    const times = [];
    for (let round = 0; round < 5 * rounds; round += 1) {
      const before = some(words.slice(round), written).map(([slot]) => [slot, 5n] as const);
      const started = threadMs();
      const earlier = new PastTrie(trie, before);
      earlier.root();
      earlier.childRefsAt([]);
      times.push(threadMs() - started);
    }
    past.push({ slots: words.length, written, ms: median(times) });
  }
}

async function measureAnvil(words: readonly Write[]): Promise<void> {
  const node = await startStorage(words);
  try {
    const scanMs = await scanMsOf(words, node.root, node.prove);
    for (const tampered of values.tampered.split(",").map(Number)) {
      const trie = trieOf(words);
      for (const [slot, word] of some(words, tampered)) trie.set(slot, word ^ 1n);
      await measure({ chain: "anvil", kind: "changed", tampered, words }, trie, node, scanMs);
    }
    const trie = trieOf(words.slice(3));
    await measure({ chain: "anvil", kind: "added", tampered: 3, words }, trie, node, scanMs);
  } finally {
    await node.stop();
  }
}

await measureTrie(randomWords(seed, Number(values.slots)));
if (Number(values.anvil) > 0) await measureAnvil(randomWords(seed, Number(values.anvil)));

const format = (value: number): string =>
  value.toLocaleString("en-GB", { maximumFractionDigits: value >= 100 ? 0 : 2 });
const head = [
  "chain",
  "kind",
  "slots",
  "differ",
  "found",
  "calls",
  "keys",
  "ms",
  "worst ms",
  "worst gc ms",
  "scan calls",
  "scan ms",
];
const table = rows.map((row) => [
  ...[row.chain, row.kind],
  ...[row.slots, row.tampered, row.found, row.calls, row.keys, row.ms, row.worstMs, row.worstGcMs].map(format),
  ...[row.scanCalls, row.scanMs].map(format),
]);
const lines = [head, head.map((_, at) => (at < 2 ? "---" : "--:")), ...table].map(
  (cells) => `| ${cells.join(" | ")} |`,
);
const pastLines = past.map(
  ({ written, ms }) => `words of an earlier block, ${written} written since: ${format(ms)} ms`,
);
process.stdout.write(
  values.json ? `${JSON.stringify({ rows, past })}\n` : `${[...lines, "", ...pastLines].join("\n")}\n`,
);
