import { spawn } from "node:child_process";
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

import type { ScenarioFacts } from "../../test/helpers/scenarioFacts.ts";
import { idsIn } from "./catalogue.ts";

/** Titles that hold an id. */
const TITLES = /\b(?:it|describe)(?:\.\w+)?\(|\bname:|=>\s*`|`,$/;
/** So many files share a process, which takes some seconds to begin. */
const FILES_AT_ONCE = 5;
/** Where processes are killed and files are damaged again and again: begun first, so that nobody waits for them at the end. */
const LONG = /^test\/keeper\/(scenarios\/crash|store)\//;
const HOOKS = "test/helpers/scenarioFacts.ts";

/** Files with a test that has one of these ids in its title. */
export function filesOf(ids: readonly string[]): string[] {
  return globSync("test/**/*.test.ts")
    .sort()
    .filter((file) => {
      const lines = readFileSync(file, "utf8").split("\n");
      return lines.some((line) => TITLES.test(line) && idsIn(line).some((id) => ids.includes(id)));
    });
}

/** What a run is told about as it goes on. */
export interface RunHandlers {
  onTest(facts: ScenarioFacts): void;
  /** A process did not end by itself, with what it printed last. */
  onBroken(files: readonly string[], output: string): void;
}

/** Runs the tests of some scenarios, in `jobs` processes at a time. */
export async function runScenarios(ids: readonly string[], jobs: number, handlers: RunHandlers): Promise<void> {
  const files = filesOf(ids);
  const parts: string[][] = [];
  // Neighbours take alike: each part takes of the whole list.
  const count = Math.ceil(files.length / FILES_AT_ONCE);
  for (const [index, file] of files.entries()) (parts[index % count] ??= []).push(file);
  const weight = (part: readonly string[]): number => part.filter((file) => LONG.test(file)).length;
  parts.sort((one, other) => weight(other) - weight(one));
  const worker = async (): Promise<void> => {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) await runPart(part, ids, handlers);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

async function runPart(files: readonly string[], ids: readonly string[], handlers: RunHandlers): Promise<void> {
  // Development keys are locked in the folder for temporary files: processes that run at once each have their own.
  const scratch = mkdtempSync(join(tmpdir(), "lockstep-scenarios-"));
  chmodSync(scratch, 0o755);
  const path = join(scratch, "facts.ndjson");
  writeFileSync(path, "");
  const grep = `(^|[^A-Za-z0-9-])(${ids.join("|")})(?![A-Za-z0-9-])`;
  const child = spawn("hardhat", ["test", "mocha", "--no-compile", "--grep", grep, HOOKS, ...files], {
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that what it started ends with it.
    detached: true,
    env: { ...process.env, TMPDIR: scratch, LOCKSTEP_SCENARIO_FACTS: path },
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  let told = 0;
  const tell = (): void => {
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
    for (const line of lines.slice(told)) {
      const facts = JSON.parse(line) as ScenarioFacts;
      handlers.onTest({ ...facts, file: relative(process.cwd(), facts.file) });
    }
    told = lines.length;
  };
  const timer = setInterval(tell, 500);
  const code = await new Promise<number | null>((resolve) => {
    child.on("error", () => resolve(null));
    child.on("close", resolve);
  });
  clearInterval(timer);
  tell();
  if (code !== 0) handlers.onBroken(files, output.join("").slice(-4_000));
  rmSync(scratch, { recursive: true, force: true });
}
