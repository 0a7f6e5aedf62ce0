import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { installPeers } from "./installPeers.ts";
import type { Row, Task } from "./trie/measureTrie.ts";

/**
 * The incremental storage trie beside `@ethereumjs/mpt`, beside the fastest other one on npm,
 * `@rainblock/merkle-patricia-tree` (in bench/peers, installed when it is missing), and beside its floor: `npm run bench:trie --
 * [--rounds 5] [--sizes 10000,100000,1000000] [--writes 1,100,1000,10000] [--theirs 100000] [--no-peers] [--seed 1] [--json]`.
 * Rainblock's roots are wrong after deletes (5.0.0): it is measured without.
 *
 * Slots are random, words are random and 32 bytes long, which is the most that a trie of so many slots can hold. A block
 * of writes changes known words three times in four and adds words else; a block of deletions deletes only. Every time
 * includes the new root. What a block did is undone before the next one, so that all begin with the same trie.
 *
 * The floor is what the Keccak permutations take that the new root needs, and those of the new slots, one after the other
 * in the kernel of keeper/lib/keccak: they are counted from the sorted keys, not by the trie. Ours may be faster, because
 * it hashes two nodes at once. Processor time, the medians of the rounds. Where a block is small, several different ones
 * are timed together, one after the other, each with its root.
 *
 * Each implementation has a process of its own for each size: in one with the other's tries, millions of small objects, a
 * build of ours would pay for the collector that goes through them.
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
    peers: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const toNumbers = (list: string): number[] => list.split(",").map(Number);
const sizes = toNumbers(values.sizes);
const largestOfTheirs = Number(values.theirs);

const script = fileURLToPath(new URL("trie/measureTrie.ts", import.meta.url));

function measure(task: Task): Row[] {
  // What it says on the error stream is shown as it comes.
  const text = execFileSync(process.execPath, [script, JSON.stringify(task)], { encoding: "utf8" });
  // A library may have said something first.
  return JSON.parse(text.trim().split("\n").at(-1) ?? "") as Row[];
}

const theirs: Row["implementation"][] = ["@ethereumjs/mpt"];
if (values.peers) {
  const end = new AbortController();
  process.once("SIGINT", () => end.abort());
  await installPeers((line) => void process.stderr.write(`${line}\n`), end.signal);
  theirs.push("@rainblock/merkle-patricia-tree");
}

const rows = sizes.flatMap((slots) => {
  const writes = toNumbers(values.writes).filter((count) => count <= slots / 10);
  const task = { slots, writes, rounds: Number(values.rounds), seed: Number(values.seed) };
  const ours = measure({ implementation: "lockstep", ...task });
  if (slots > largestOfTheirs) return ours;
  return [...ours, ...theirs.flatMap((implementation) => measure({ implementation, ...task }))];
});

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
