import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { PROJECT_ROOT } from "../local/projectRoot.ts";
import { CONTRACT_TWINS } from "./contractTwins.ts";
import { KEEPER_TWINS } from "./keeperTwins.ts";
import type { Twin } from "./Twin.ts";

const HELP = `npm run mutants -- [--only TEXT] [--keeper | --contracts] [--json]

Breaks the keeper and the contracts by hand in one place after the other, in a copy of the project, and runs the tests that are to
catch it. Ends with 1 when a broken one is not caught, or when the tests fail without one.

  --only TEXT   those whose name or file has the text
  --keeper      keepers only
  --contracts   contracts only: each is compiled anew
  --check       only whether each still fits the file that it breaks
  --json        one line for each
`;

/** What became of one. */
interface Fate {
  readonly twin: Twin;
  /** The test that caught it; null when it lives. */
  readonly caughtBy: string | null;
  readonly seconds: number;
}

const COPIED = ["keeper", "contracts", "deploy", "scripts", "simulator", "test", "testing", "bench"];
const COPIED_FILES = ["package.json", "hardhat.config.ts", "tsconfig.json"];
const COMPILED = ["artifacts", "cache", "types"];
const LONGEST_MS = 10 * 60_000;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    keeper: { type: "boolean", default: false },
    contracts: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

function choose(): Twin[] {
  const { only = "", keeper, contracts } = values;
  const all = [...(contracts ? [] : KEEPER_TWINS), ...(keeper ? [] : CONTRACT_TWINS)];
  const chosen = all.filter(({ name, file }) => name.includes(only) || file.includes(only));
  if (chosen.length === 0) throw new Error(`--only ${only}: there is none of that name`);
  return chosen;
}

/** The file with the fault in it. */
function broken({ name, file, find, replace }: Twin, root: string): string {
  const text = readFileSync(join(root, file), "utf8");
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`${name}: ${file} has ${parts.length - 1} places like that, and not one`);
  return parts.join(replace);
}

function copyProject(): string {
  const root = mkdtempSync(join(tmpdir(), "lockstep-twins-"));
  for (const name of [...COPIED, ...COMPILED, ...COPIED_FILES]) {
    const from = join(PROJECT_ROOT, name);
    const isPlain = (source: string): boolean => !source.endsWith("node_modules");
    if (existsSync(from)) cpSync(from, join(root, name), { recursive: true, filter: isPlain });
  }
  symlinkSync(join(PROJECT_ROOT, "node_modules"), join(root, "node_modules"));
  return root;
}

/** Runs a program in the copy; its output when it failed, null when it ended well. */
async function run(root: string, program: string, args: readonly string[]): Promise<string | null> {
  const scratch = mkdtempSync(join(tmpdir(), "lockstep-twin-"));
  const child = spawn(program, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, TMPDIR: scratch },
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  const end = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  const timer = setTimeout(end, LONGEST_MS);
  const code = await new Promise<number | null>((resolve) => {
    child.on("error", () => resolve(null));
    child.on("close", resolve);
  });
  clearTimeout(timer);
  rmSync(scratch, { recursive: true, force: true });
  return code === 0 ? null : output.join("");
}

/** The title of the first test that failed, as mocha prints it. */
function firstFailure(output: string): string {
  const [, list = ""] = output.split(/^ {2}\d+ failing$/m);
  const title = /^ {2}1\) ([^]*?):\n/m.exec(list)?.[1] ?? "the tests did not run to their end";
  return title
    .split("\n")
    .map((line) => line.trim())
    .join(" ");
}

async function judge(root: string, twin: Twin): Promise<Fate> {
  const path = join(root, twin.file);
  const sound = readFileSync(path, "utf8");
  const startedAt = performance.now();
  let caughtBy: string | null = null;
  try {
    writeFileSync(path, broken(twin, root));
    if (twin.file.endsWith(".sol")) {
      const fault = await run(root, "hardhat", ["build"]);
      if (fault !== null) throw new Error(`${twin.name}: it does not compile:\n${fault.slice(-2_000)}`);
    }
    for (const test of twin.tests) {
      const output = await run(root, "hardhat", ["test", "mocha", "--no-compile", test]);
      if (output === null) continue;
      caughtBy = `${test}: ${firstFailure(output)}`;
      break;
    }
  } finally {
    writeFileSync(path, sound);
  }
  return { twin, caughtBy, seconds: Math.round((performance.now() - startedAt) / 1_000) };
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const twins = choose();
  for (const twin of twins) broken(twin, PROJECT_ROOT);
  if (values.check) return 0;
  const root = copyProject();
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    const tests = [...new Set(twins.flatMap((twin) => twin.tests))];
    say(`the sound one first: ${tests.length} files of tests`);
    const fault = await run(root, "hardhat", ["test", "mocha", "--no-compile", ...tests]);
    if (fault !== null) throw new Error(`tests fail without any fault:\n${fault.slice(-4_000)}`);
    const fates: Fate[] = [];
    for (const twin of twins) {
      const fate = await judge(root, twin);
      fates.push(fate);
      const { caughtBy, seconds } = fate;
      if (values.json)
        process.stdout.write(`${JSON.stringify({ name: twin.name, file: twin.file, caughtBy, seconds })}\n`);
      else
        process.stdout.write(
          `${caughtBy === null ? "LIVES " : "caught"} ${twin.file}: ${twin.name} (${seconds} s)\n       ${caughtBy ?? ""}\n`,
        );
    }
    const alive = fates.filter(({ caughtBy }) => caughtBy === null);
    say(`${fates.length} broken ones, ${fates.length - alive.length} caught, ${alive.length} live`);
    return alive.length === 0 ? 0 : 1;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error: unknown) {
  process.stderr.write(`mutants: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
