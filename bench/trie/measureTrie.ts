/*
 * One implementation at one size, in a process of its own: `node bench/trie/measureTrie.ts '{...}'`, by bench/trie.ts.
 */
import { createRequire } from "node:module";
import { join } from "node:path";

import { createMPT } from "@ethereumjs/mpt";

import { PEERS } from "../installPeers.ts";
import { bigintToBytes } from "../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes } from "../../keeper/lib/hex.ts";
import { encodeRlp } from "../../keeper/lib/rlp.ts";
import { keccak256 } from "../../keeper/lib/keccak.ts";
import { StorageTrie } from "../../keeper/trie/StorageTrie.ts";
import { compareDigits, countBlocks, type BlockCounts } from "./countBlocks.ts";
import { keyDigits, randomWords, type Write } from "./randomWords.ts";
import { medianMs, processorMs, timeFloor } from "./timing.ts";

/** One line of the result. */
export interface Row {
  readonly implementation: "lockstep" | "@ethereumjs/mpt" | "@rainblock/merkle-patricia-tree";
  readonly operation: "build" | "update" | "delete";
  readonly slots: number;
  readonly writes: number;
  readonly ms: number;
  readonly floorMs: number;
  readonly bytesPerSlot: number | null;
}

/** What one process measures. */
export interface Task {
  readonly implementation: Row["implementation"];
  readonly slots: number;
  readonly writes: readonly number[];
  readonly rounds: number;
  readonly seed: number;
}

/** So many writes are made between two looks at the clock, which itself takes some microseconds: several small blocks. */
const WRITES_TIMED = 1_000;
const MOST_BLOCKS_TIMED = 200;

const { implementation, slots: size, writes: writeCounts, rounds, seed } = JSON.parse(process.argv[2] ?? "") as Task;
const rows: Row[] = [];

function add(row: Row): void {
  rows.push(row);
  const { implementation, operation, slots, writes, ms, floorMs } = row;
  process.stderr.write(
    `${implementation} ${operation} ${writes} of ${slots}: ${ms.toFixed(3)} ms, ${(ms / floorMs).toFixed(2)} of the floor\n`,
  );
}

/** A trie of either making. */
interface Subject {
  readonly implementation: Row["implementation"];
  /** Whether deleting gives the right root; where it does not, nothing is undone, and tries grow a little from block to block. */
  readonly canDelete: boolean;
  /** A trie of these words, built with its root. */
  readonly build: (words: readonly Write[]) => Promise<Built> | Built;
}

interface Built {
  /** Writes and computes the root. */
  readonly apply: (writes: readonly Write[]) => Promise<string> | string;
  readonly bytes: () => number | null;
}

const OURS: Subject = {
  implementation: "lockstep",
  canDelete: true,
  build: (words) => {
    const trie = new StorageTrie();
    trie.setMany(words);
    trie.root();
    return {
      apply: (writes) => {
        trie.setMany(writes);
        return trie.root();
      },
      bytes: () => trie.bytes,
    };
  },
};

const THEIRS: Subject = {
  implementation: "@ethereumjs/mpt",
  canDelete: true,
  build: async (words) => {
    const trie = await createMPT({ useKeyHashing: true, useRootPersistence: false });
    const apply = async (writes: readonly Write[]): Promise<string> => {
      for (const [slot, word] of writes) {
        if (word === 0n) await trie.del(hexToBytes(slot));
        else await trie.put(hexToBytes(slot), encodeRlp(bigintToBytes(word)));
      }
      return bytesToHex(trie.root());
    };
    await apply(words);
    return { apply, bytes: () => null };
  },
};

/** As far as we use it. */
interface RainblockTree {
  /** @returns the root */
  batch(puts: readonly { readonly key: Buffer; readonly val: Buffer }[], deleted: readonly Buffer[]): Buffer;
}

function loadRainblock(): new () => RainblockTree {
  const require = createRequire(join(PEERS, "package.json"));
  // It says at length that it does without native code, because no install script has compiled any.
  const { warn, error } = console;
  console.warn = console.error = () => undefined;
  try {
    const library = require("@rainblock/merkle-patricia-tree") as {
      readonly MerklePatriciaTree: new () => RainblockTree;
    };
    return library.MerklePatriciaTree;
  } finally {
    Object.assign(console, { warn, error });
  }
}

/** Keys are hashed in our kernel: it has no hashed keys of its own. */
const RAINBLOCK: Subject = {
  implementation: "@rainblock/merkle-patricia-tree",
  canDelete: false,
  build: (words) => {
    const tree = new (loadRainblock())();
    const apply = (writes: readonly Write[]): string => {
      const puts = writes.map(([slot, word]) => {
        return { key: Buffer.from(keccak256(hexToBytes(slot))), val: Buffer.from(encodeRlp(bigintToBytes(word))) };
      });
      return `0x${tree.batch(puts, []).toString("hex")}`;
    };
    if (words.length > 0) apply(words);
    return { apply, bytes: () => null };
  },
};

/** One set of writes, what undoes it, and the blocks that it hashes. */
interface Block {
  readonly writes: readonly Write[];
  readonly undo: readonly Write[];
  readonly floor: BlockCounts;
}

/** Blocks to write between two looks at the clock, for each round. */
function createBlocks(
  words: readonly Write[],
  digits: readonly string[],
  writes: number,
  isDelete: boolean,
): Block[][] {
  const blocks = Math.min(Math.ceil(WRITES_TIMED / writes), MOST_BLOCKS_TIMED);
  return Array.from({ length: rounds + 1 }, (_, round) => {
    return Array.from({ length: blocks }, (_, at) => createBlock(words, digits, writes, isDelete, round * blocks + at));
  });
}

function createBlock(
  words: readonly Write[],
  digits: readonly string[],
  writes: number,
  isDelete: boolean,
  number: number,
): Block {
  const random = randomWords(seed + 1_000_000 * (number + 1) + writes, writes);
  const known = new Map<number, Write>();
  const fresh: Write[] = [];
  random.forEach(([slot, word], at) => {
    if (!isDelete && at % 4 === 3) fresh.push([slot, word]);
    else known.set(Number(BigInt(slot) % BigInt(words.length)), [slot, isDelete ? 0n : word]);
  });
  const changed = [...known].map(([at, [, word]]): Write => [words[at]?.[0] ?? "0x", word]);
  const before = [...known.keys()].map((at): Write => words[at] ?? ["0x", 0n]);
  const floor = countBlocks(digits, {
    changed: isDelete ? [] : changed.map(([slot]) => keyDigits(slot)).sort(compareDigits),
    added: fresh.map(([slot]) => keyDigits(slot)).sort(compareDigits),
    removed: isDelete ? changed.map(([slot]) => keyDigits(slot)).sort(compareDigits) : [],
  });
  return { writes: [...changed, ...fresh], undo: [...before, ...fresh.map(([slot]): Write => [slot, 0n])], floor };
}

/** Reads the input once: where it comes from it has just been decoded, and is in the caches. */
function touch(writes: readonly Write[]): void {
  if (writes.some(([slot, word]) => slot.charCodeAt(9) < 48 || word < 0n)) throw new Error("not a write");
}

async function measureBlocks(
  { implementation, canDelete }: Subject,
  built: Built,
  rounds: readonly (readonly Block[])[],
  slots: number,
  isDelete: boolean,
): Promise<void> {
  const times: number[] = [];
  const floors: number[] = [];
  const root = await built.apply([]);
  for (const [round, blocks] of rounds.entries()) {
    for (const { writes } of blocks) touch(writes);
    const start = processorMs();
    for (const { writes } of blocks) await built.apply(writes);
    const ms = processorMs() - start;
    if (canDelete) {
      for (const { undo } of blocks.toReversed()) await built.apply(undo);
      if ((await built.apply([])) !== root) throw new Error("undoing does not give the root back");
    } else {
      for (const { writes } of blocks) reference.setMany(writes);
      if ((await built.apply([])) !== reference.root()) throw new Error("its root is another one than ours");
    }
    // The first round warms up.
    if (round === 0) continue;
    times.push(ms / blocks.length);
    const counts = [0, 1, 2, 3].map((at) => blocks.reduce((sum, { floor }) => sum + (floor[at] ?? 0), 0));
    floors.push(timeFloor(counts as unknown as BlockCounts) / blocks.length);
  }
  const bytes = built.bytes();
  add({
    implementation,
    operation: isDelete ? "delete" : "update",
    slots,
    writes: rounds[0]?.[0]?.writes.length ?? 0,
    ms: medianMs(times),
    floorMs: medianMs(floors),
    bytesPerSlot: bytes === null ? null : bytes / slots,
  });
}

async function measureBuild(
  { implementation, build }: Subject,
  words: readonly Write[],
  floor: BlockCounts,
): Promise<Built> {
  const times: number[] = [];
  const floors: number[] = [];
  let built = await build([]);
  for (let round = 0; round < rounds; round += 1) {
    const start = processorMs();
    built = await build(words);
    times.push(processorMs() - start);
    floors.push(timeFloor(floor));
  }
  const bytes = built.bytes();
  const bytesPerSlot = bytes === null ? null : bytes / words.length;
  const ms = medianMs(times);
  add({
    implementation,
    operation: "build",
    slots: words.length,
    writes: words.length,
    ms,
    floorMs: medianMs(floors),
    bytesPerSlot,
  });
  return built;
}

// The engine compiles what runs often: nothing is measured before it has.
const warmUp = randomWords(seed + 1, 40_000);
for (let round = 0; round < 3; round += 1) {
  const trie = new StorageTrie();
  trie.setMany(warmUp.slice(0, 20_000));
  for (const [slot, word] of warmUp) {
    trie.set(slot, word);
    trie.setMany([[slot, word - 1n]]);
    if (BigInt(slot) % 50n === 0n) trie.root();
  }
  for (const [slot] of warmUp) trie.set(slot, 0n);
}

const words = randomWords(seed, size);
const digits = words.map(([slot]) => keyDigits(slot)).sort(compareDigits);
const floor = countBlocks([], { changed: [], added: digits, removed: [] });
const subject = [OURS, THEIRS, RAINBLOCK].find((one) => one.implementation === implementation) ?? OURS;
/** Beside what cannot undo: all that was written. */
const reference = new StorageTrie();
if (!subject.canDelete) reference.setMany(words);
const built = await measureBuild(subject, words, floor);
for (const count of writeCounts) {
  await measureBlocks(subject, built, createBlocks(words, digits, count, false), size, false);
}
if (subject.canDelete) {
  await measureBlocks(subject, built, createBlocks(words, digits, Math.min(10_000, size / 10), true), size, true);
}
process.stdout.write(JSON.stringify(rows));
