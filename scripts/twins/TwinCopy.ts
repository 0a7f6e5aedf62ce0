import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PROJECT_ROOT } from "../local/projectRoot.ts";
import type { Twin } from "./Twin.ts";

const COPIED = ["keeper", "client", "contracts", "deploy", "scripts", "simulator", "test", "testing", "bench", "docs"];
const COPIED_FILES = ["package.json", "hardhat.config.ts", "tsconfig.json", "README.md"];
const COMPILED = ["artifacts", "cache", "types"];
const LONGEST_MS = 10 * 60_000;

/** What became of a broken one. */
export interface Fate {
  readonly twin: Twin;
  /** The test that caught it; null when it lives. */
  readonly caughtBy: string | null;
  readonly seconds: number;
}

/** A copy of the project in which things are broken, one at a time. */
export class TwinCopy {
  readonly #root: string;
  readonly #signal: AbortSignal;

  private constructor(root: string, signal: AbortSignal) {
    this.#root = root;
    this.#signal = signal;
  }

  static make(signal: AbortSignal): TwinCopy {
    const root = mkdtempSync(join(tmpdir(), "lockstep-twins-"));
    for (const name of [...COPIED, ...COMPILED, ...COPIED_FILES]) {
      const from = join(PROJECT_ROOT, name);
      const isPlain = (source: string): boolean => !source.endsWith("node_modules");
      if (existsSync(from)) cpSync(from, join(root, name), { recursive: true, filter: isPlain });
    }
    // What was compiled is told by its whole path: what is compiled already is not compiled again.
    const compiled = join(root, "cache", "compile-cache.json");
    writeFileSync(compiled, readFileSync(compiled, "utf8").replaceAll(PROJECT_ROOT, `${root}/`));
    symlinkSync(join(PROJECT_ROOT, "node_modules"), join(root, "node_modules"));
    return new TwinCopy(root, signal);
  }

  /** Runs the tests of one file: null when all pass, otherwise what was printed. */
  test(file: string): Promise<string | null> {
    return this.#run("hardhat", ["test", "mocha", "--bail", "--no-compile", file]);
  }

  /** Breaks the file, looks which of its tests notices, and mends it. */
  async judge(twin: Twin): Promise<Fate> {
    const path = join(this.#root, twin.file);
    const sound = readFileSync(path, "utf8");
    const startedAt = performance.now();
    let caughtBy: string | null = null;
    try {
      writeFileSync(path, broken(twin, this.#root));
      if (twin.file.endsWith(".sol")) {
        const fault = await this.#run("hardhat", ["build"]);
        if (fault !== null) throw new Error(`${twin.name}: it does not compile:\n${fault.slice(-2_000)}`);
      }
      for (const file of twin.tests) {
        const output = await this.test(file);
        if (output !== null) caughtBy = `${file}: ${firstFailure(output)}`;
        if (caughtBy !== null || this.#signal.aborted) break;
      }
    } finally {
      writeFileSync(path, sound);
    }
    return { twin, caughtBy, seconds: Math.round((performance.now() - startedAt) / 1_000) };
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** Its output when it failed, null when it ended well. */
  async #run(program: string, args: readonly string[]): Promise<string | null> {
    const scratch = mkdtempSync(join(tmpdir(), "lockstep-twin-"));
    const child = spawn(program, args, {
      cwd: this.#root,
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that what it started ends with it.
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
    this.#signal.addEventListener("abort", end, { once: true });
    const code = await new Promise<number | null>((resolve) => {
      child.on("error", () => resolve(null));
      child.on("close", resolve);
    });
    clearTimeout(timer);
    this.#signal.removeEventListener("abort", end);
    rmSync(scratch, { recursive: true, force: true });
    return code === 0 ? null : output.join("");
  }
}

/**
 * The file with the fault in it.
 *
 * @throws Error when the place is not there, or there twice: the file has changed since
 */
export function broken({ name, file, find, replace }: Twin, root = PROJECT_ROOT): string {
  const text = readFileSync(join(root, file), "utf8");
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`${name}: ${file} has ${parts.length - 1} places like that, and not one`);
  return parts.join(replace);
}

/** The title of the first test that failed, as mocha prints it. */
export function firstFailure(output: string): string {
  const [, list = ""] = output.split(/^ {2}\d+ failing$/m);
  const title = /^ {2}1\) ([^]*?):\n/m.exec(list)?.[1] ?? "the tests did not run to their end";
  return title
    .split("\n")
    .map((line) => line.trim())
    .join(" ");
}
