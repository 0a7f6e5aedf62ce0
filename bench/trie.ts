import { parseArgs } from "node:util";

import { createMPT } from "@ethereumjs/mpt";

import { bigintToBytes } from "../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes } from "../keeper/lib/hex.ts";
import { encodeRlp } from "../keeper/lib/rlp.ts";
import { StorageTrie } from "../keeper/trie/StorageTrie.ts";
import { compareDigits, countBlocks, type BlockCounts } from "./trie/countBlocks.ts";
import { keyDigits, randomWords, type Write } from "./trie/randomWords.ts";
import { medianMs, processorMs, timeFloor } from "./trie/timing.ts";

/**
 * The incremental storage trie beside `@ethereumjs/mpt` and beside its floor: `npm run bench:trie -- [--rounds 5]
 * [--sizes 10000,100000,1000000] [--writes 1,100,1000,10000] [--theirs 100000] [--seed 1] [--json]`.
 *
 * Slots are random, words are random and 32 bytes long, which is the most that a trie of so many slots can hold. A block
 * of writes changes known words three times in four and adds words else; a block of deletions deletes only. Every time
 * includes the new root. What a block did is undone before the next one, so that all begin with the same trie.
 *
 * The floor is what the Keccak permutations take that the new root needs, and those of the new slots, one after the other
 * in the kernel of keeper/lib/keccak: they are counted from the sorted keys, not by the trie. Ours may be faster, because
 * it hashes two nodes at once. Processor time, the medians of the rounds.
 *
 * JSON: `{rows: [{implementation, operation, slots, writes, ms, floorMs, bytesPerSlot}]}`; bytes where they are known.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    sizes: { type: "string", default: "10000,100000,1000000" },
    writes: { type: "string", default: "1,100,1000,10000" },
    theirs: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
  },
});
const rounds = Number(values.rounds);
const toNumbers = (list: string): number[] => list.split(",").map(Number);
const sizes = toNumbers(values.sizes);
const largestOfTheirs = Number(values.theirs);

interface Row {
  readonly implementation: "lockstep" | "@ethereumjs/mpt";
  readonly operation: "build" | "update" | "delete";
  readonly slots: number;
  readonly writes: number;
  readonly ms: number;
  readonly floorMs: number;
  readonly bytesPerSlot: number | null;
}

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

/** One set of writes, what undoes it, and the blocks that it hashes. */
interface Block {
  readonly writes: readonly Write[];
  readonly undo: readonly Write[];
  readonly floor: BlockCounts;
}

/** Blocks to write: one a round. */
function createBlocks(words: readonly Write[], digits: readonly string[], writes: number, isDelete: boolean): Block[] {
  return Array.from({ length: rounds + 1 }, (_, round) => {
    const random = randomWords(Number(values.seed) + 1_000 * (round + 1) + writes, writes);
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
  });
}

/** Reads the input once: where it comes from it has just been decoded, and is in the caches. */
function touch(writes: readonly Write[]): void {
  if (writes.some(([slot, word]) => slot.charCodeAt(9) < 48 || word < 0n)) throw new Error("not a write");
}

async function measureBlocks(
  { implementation }: Subject,
  built: Built,
  blocks: readonly Block[],
  slots: number,
  isDelete: boolean,
): Promise<void> {
  const times: number[] = [];
  const floors: number[] = [];
  const root = await built.apply([]);
  for (const [round, { writes, undo, floor }] of blocks.entries()) {
    touch(writes);
    const start = processorMs();
    await built.apply(writes);
    const ms = processorMs() - start;
    if ((await built.apply(undo)) !== root) throw new Error("undoing does not give the root back");
    // The first round warms up.
    if (round === 0) continue;
    times.push(ms);
    floors.push(timeFloor(floor));
  }
  const bytes = built.bytes();
  add({
    implementation,
    operation: isDelete ? "delete" : "update",
    slots,
    writes: blocks[0]?.writes.length ?? 0,
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
const warmUp = randomWords(Number(values.seed) + 1, 40_000);
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

for (const size of sizes) {
  process.stderr.write(`${size} slots\n`);
  const words = randomWords(Number(values.seed), size);
  const digits = words.map(([slot]) => keyDigits(slot)).sort(compareDigits);
  const floor = countBlocks([], { changed: [], added: digits, removed: [] });
  const writes = toNumbers(values.writes).filter((count) => count <= size / 10);
  const blocks = writes.map((count) => [createBlocks(words, digits, count, false), false] as const);
  const deletions = [createBlocks(words, digits, Math.min(10_000, size / 10), true), true] as const;
  for (const subject of size <= largestOfTheirs ? [OURS, THEIRS] : [OURS]) {
    const built = await measureBuild(subject, words, floor);
    for (const [block, isDelete] of [...blocks, deletions]) await measureBlocks(subject, built, block, size, isDelete);
  }
}

function format(value: number | null): string {
  if (value === null) return "";
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A Markdown table. */
function render(): string {
  const table = rows.map(({ implementation, operation, slots, writes, ms, floorMs, bytesPerSlot }) => {
    const numbers = [slots, writes].map((count) => count.toLocaleString("en-GB"));
    return [implementation, operation, ...numbers, ...[ms, floorMs, ms / floorMs, bytesPerSlot].map(format)];
  });
  const head = ["implementation", "operation", "slots", "writes", "ms", "floor ms", "ratio", "bytes a slot"];
  const rule = head.map((_, at) => (at < 2 ? "---" : "--:"));
  return [head, rule, ...table].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

process.stdout.write(values.json ? `${JSON.stringify({ rows })}\n` : `${render()}\n`);
