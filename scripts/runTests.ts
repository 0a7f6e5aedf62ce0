import { spawn } from "node:child_process";
import { chmodSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

/**
 * `node scripts/runTests.ts [part ...]`: every test once, or those of some parts, in as many processes at a time as there are cores,
 * each over one part of the tree.
 * Ends with the failures and the counts of all parts as mocha prints them, and with 1 when a test failed or a part did not end
 * by itself.
 */

/** Folders that make a part of their own, those that take longest first; what lies in none of them is the last part. */
const PARTS = [
  "test/keeper/loop/",
  "test/keeper/scenarios/sources/",
  "test/contracts/clearing/",
  "test/contracts/",
  "test/keeper/books/",
  "test/contracts/sync/",
  "test/keeper/scenarios/",
  "test/keeper/scenarios/chain/",
  "test/keeper/store/",
  "test/keeper/evidence/",
  "test/keeper/scenarios/crash/",
  "test/keeper/books/naive/",
  "test/keeper/quorum/",
  "test/keeper/commands/",
  "test/keeper/trie/",
  "test/scripts/",
  "test/keeper/api/",
  "test/dashboard/",
  "test/simulator/",
  "test/keeper/chain/",
];

/** Longest that a part may take, in milliseconds: one that hangs is ended, and what it printed shown. */
const LONGEST_PART = 20 * 60_000;

/** How long a part may go on after its summary, in milliseconds: what a test left running keeps its process alive. */
const LONGEST_END = 15_000;

interface Outcome {
  readonly passing: number;
  readonly pending: number;
  readonly failing: number;
  readonly isWhole: boolean;
  /** What mocha printed of the failures, after its count of them. */
  readonly failures: string;
}

/** The files of each part; a file belongs to the longest folder that it is in. */
function partition(): Map<string, string[]> {
  const parts = new Map<string, string[]>([...PARTS, "the rest"].map((name) => [name, []]));
  for (const file of globSync("test/**/*.test.ts").sort()) {
    const [folder = "the rest"] = PARTS.filter((name) => file.startsWith(name)).sort((a, b) => b.length - a.length);
    parts.get(folder)?.push(file);
  }
  return parts;
}

/** Ends a part that is running, for the reason given. */
type EndWith = (reason: string) => void;

const running = new Set<EndWith>();

/** Runs a part and shows what it printed once it has ended, so that parts do not mix. */
async function run(name: string, files: readonly string[]): Promise<Outcome> {
  const startedAt = Date.now();
  // Development keys are locked in the folder for temporary files: parts that run at once each have their own.
  const scratch = mkdtempSync(join(tmpdir(), "lockstep-part-"));
  // A database runs as another user.
  chmodSync(scratch, 0o755);
  const child = spawn("hardhat", ["test", "mocha", "--no-compile", ...files], {
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that what it started ends with it.
    detached: true,
    env: { ...process.env, TMPDIR: scratch },
  });
  const chunks: Buffer[] = [];
  const endWith: EndWith = (reason) => {
    chunks.push(Buffer.from(`\n${name}: ended here, ${reason}\n`));
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  running.add(endWith);
  const longest = setTimeout(() => endWith(`after ${LONGEST_PART / 60_000} minutes`), LONGEST_PART);
  let end: NodeJS.Timeout | undefined;
  child.stdout.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (/^ {2}\d+ .*passing/m.test(stripVTControlCharacters(chunk.toString("utf8")))) {
      end ??= setTimeout(() => endWith("its tests over: one of them left something running"), LONGEST_END);
    }
  });
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((resolve) => {
    child.on("error", () => resolve(null));
    child.on("close", resolve);
  });
  clearTimeout(longest);
  clearTimeout(end);
  running.delete(endWith);
  rmSync(scratch, { recursive: true, force: true });
  const text = Buffer.concat(chunks).toString("utf8");
  const plain = stripVTControlCharacters(text);
  const count = (word: string): number => Number(new RegExp(`^ {2}(\\d+) ${word}`, "m").exec(plain)?.[1] ?? 0);
  const outcome = { passing: count("passing"), pending: count("pending"), failing: count("failing") };
  // A summary of a part must not be taken for that of the whole.
  const shown = plain.replaceAll(/^ {2}(\d+ (?:passing|pending|failing))/gm, "  in this part: $1");
  const seconds = Math.round((Date.now() - startedAt) / 1_000);
  process.stdout.write(`\n--- ${name}: ${files.length} files, ${seconds} s\n${shown}\n`);
  const failures = outcome.failing > 0 ? (plain.split(/^ {2}\d+ failing$/m)[1] ?? "").trim() : "";
  return { ...outcome, failures, isWhole: code === 0 || (code !== null && outcome.failing > 0) };
}

async function main(): Promise<number> {
  const startedAt = Date.now();
  const parts = partition();
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !parts.has(name));
  if (unknown.length > 0) {
    process.stderr.write(`no such part: ${unknown.join(", ")}; there are ${[...parts.keys()].join(", ")}\n`);
    return 2;
  }
  const waiting = [...parts].filter(
    ([name, files]) => files.length > 0 && (wanted.length === 0 || wanted.includes(name)),
  );
  const outcomes: Outcome[] = [];
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      waiting.length = 0;
      for (const endWith of running) endWith(`by ${signal}`);
    });
  }
  const work = async (): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) outcomes.push(await run(...part));
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, work));
  const total = (key: "passing" | "pending" | "failing"): number => outcomes.reduce((sum, part) => sum + part[key], 0);
  // Once more at the end, where they are looked for.
  for (const { failures } of outcomes) if (failures !== "") process.stdout.write(`\n--- failed\n\n  ${failures}\n`);
  const minutes = Math.round((Date.now() - startedAt) / 60_000);
  process.stdout.write(`\n  ${total("passing")} passing (${minutes}m)\n`);
  if (total("pending") > 0) process.stdout.write(`  ${total("pending")} pending\n`);
  if (total("failing") > 0) process.stdout.write(`  ${total("failing")} failing\n`);
  const broken = outcomes.filter(({ isWhole }) => !isWhole).length;
  if (broken > 0) process.stderr.write(`${broken} parts ended without a result: see above\n`);
  return total("failing") > 0 || broken > 0 || total("passing") === 0 ? 1 : 0;
}

process.exitCode = await main();
