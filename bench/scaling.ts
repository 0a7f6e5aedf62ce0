import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { measureThreads, type ThreadsRow } from "./scaling/measureThreads.ts";
import type { SizeRow } from "./scaling/measureSize.ts";

/**
 * What larger storage tries need, and what threads gain: `npm run bench:scaling -- [--sizes 1000000,10000000]
 * [--threads 1,2] [--slots 1000000] [--writes 1000] [--rounds 5] [--seed 1] [--json]`. Ten million slots take some two
 * minutes and 5 GB.
 *
 * Sizes: processor time, a process for each. Threads: wall clock, so the machine has to be quiet and to have as many
 * cores; a trie in parts by the first nibble of the key, one thread each.
 *
 * JSON: `{sizes: [{slots, growMs, rootMs, bytesPerSlot, writes, updateMs, imageBytes, writeImageMs, readImageMs,
 * residentBytes}], threads: [{operation, threads, slots, writes, ms}]}`.
 */
const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000000,10000000" },
    threads: { type: "string", default: "1,2" },
    slots: { type: "string", default: "1000000" },
    writes: { type: "string", default: "1000" },
    rounds: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const toNumbers = (list: string): number[] => list.split(",").filter(Boolean).map(Number);
const [seed, writes, rounds] = [Number(values.seed), Number(values.writes), Number(values.rounds)];
const script = fileURLToPath(new URL("scaling/measureSize.ts", import.meta.url));

const sizes = toNumbers(values.sizes).map((slots) => {
  const text = execFileSync(process.execPath, [script, JSON.stringify({ slots, writes, seed })], { encoding: "utf8" });
  return JSON.parse(text) as SizeRow;
});
const threads: ThreadsRow[] = [];
for (const count of toNumbers(values.threads)) {
  threads.push(...(await measureThreads(Number(values.slots), writes, count, { seed, rounds })));
}

const count = (value: number): string => value.toLocaleString("en-GB");
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;

/** A Markdown table. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "--:"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function render(): string {
  const ofSizes = sizes.map((row) => [
    ...[count(row.slots), seconds(row.growMs + row.rootMs), row.bytesPerSlot.toFixed(1), row.updateMs.toFixed(1)],
    ...[`${(row.imageBytes / 1e6).toFixed(0)} MB`, seconds(row.writeImageMs), seconds(row.readImageMs)],
    `${(row.residentBytes / 1e9).toFixed(2)} GB`,
  ]);
  const ofThreads = threads.map(({ operation, threads: own, slots, writes: size, ms }) => {
    return [operation, String(own), count(slots), count(size), ms.toFixed(1)];
  });
  const head = ["slots", "grown", "bytes a slot", `${count(writes)} writes, ms`, "image", "write image", "read image"];
  return [
    table([...head, "resident"], ofSizes),
    table(["operation", "threads", "slots", "writes", "ms, wall clock"], ofThreads),
  ].join("\n\n");
}

process.stdout.write(values.json ? `${JSON.stringify({ sizes, threads })}\n` : `${render()}\n`);
