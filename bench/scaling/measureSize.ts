/*
 * One size of trie, in a process of its own: `node bench/scaling/measureSize.ts '{...}'`, by bench/scaling.ts.
 */
import { StorageTrie } from "../../keeper/trie/StorageTrie.ts";
import { randomWords, type Write } from "../trie/randomWords.ts";
import { medianMs, processorMs } from "../trie/timing.ts";

/** What a trie of a size needs; processor milliseconds. */
export interface SizeRow {
  readonly kind: "size";
  readonly slots: number;
  /** In blocks of {@link CHUNK} new words, without roots between. */
  readonly growMs: number;
  /** The root of all, once. */
  readonly rootMs: number;
  readonly bytesPerSlot: number;
  /** A block of so many writes, three in four of known words, with its root; the median of {@link BLOCKS}. */
  readonly writes: number;
  readonly updateMs: number;
  readonly imageBytes: number;
  readonly writeImageMs: number;
  readonly readImageMs: number;
  /** Resident bytes of the process after the trie was built. */
  readonly residentBytes: number;
}

const CHUNK = 100_000;
const BLOCKS = 9;

const { slots, writes, seed } = JSON.parse(process.argv[2] ?? "") as Record<"slots" | "writes" | "seed", number>;

function timed<Value>(work: () => Value): [Value, number] {
  const start = processorMs();
  const value = work();
  return [value, processorMs() - start];
}

/** New words are those of chunks that no trie here has. */
const chunkOf = (number: number, count: number): Write[] => randomWords(seed + number, count);

const trie = new StorageTrie();
let growMs = 0;
for (let at = 0; at < slots; at += CHUNK) {
  const words = chunkOf(at / CHUNK, Math.min(CHUNK, slots - at));
  growMs += timed(() => trie.setMany(words))[1];
  if (at % (10 * CHUNK) === 0) process.stderr.write(`${slots} slots: ${at}\n`);
}
const [, rootMs] = timed(() => trie.root());
const bytesPerSlot = trie.bytes / trie.size;
const residentBytes = process.memoryUsage.rss();

const chunks = Math.ceil(slots / CHUNK);
const updates: number[] = [];
for (let block = 0; block <= BLOCKS; block += 1) {
  const fresh = chunkOf(chunks + block, writes);
  const known = chunkOf(Math.floor((block * chunks) / (BLOCKS + 1)), Math.min(CHUNK, slots));
  const all = fresh.map(([slot, word], at): Write => {
    return at % 4 === 3 ? [slot, word] : [known[(at * 97) % known.length]?.[0] ?? slot, word];
  });
  const [, ms] = timed(() => {
    trie.setMany(all);
    return trie.root();
  });
  // The first one warms up.
  if (block > 0) updates.push(ms);
}
const [image, writeImageMs] = timed(() => trie.toImage());
const [, readImageMs] = timed(() => StorageTrie.fromImage(image));
const row: SizeRow = {
  ...{ kind: "size", slots, growMs, rootMs, bytesPerSlot, writes, updateMs: medianMs(updates) },
  ...{
    imageBytes: image.slots.length + image.lengths.length + image.words.length,
    writeImageMs,
    readImageMs,
    residentBytes,
  },
};
process.stdout.write(JSON.stringify(row));
