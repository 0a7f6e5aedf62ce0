import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";

/** What a program is started with. */
export interface ProgramOptions {
  /** For messages. */
  readonly name: string;
  /** Arguments of this process's own Node. */
  readonly parameters: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** A line that a program says to the benchmark: a JSON object whose first key is `said`. */
export interface Said extends Readonly<Record<string, unknown>> {
  readonly said: string;
}

const PRELOAD = fileURLToPath(new URL("endWithParent.ts", import.meta.url));
const LINES_KEPT = 20;
const PREFIX = '{"said":';

/** A program beside this one that tells what it does in lines, and ends at the latest with this process. */
export class Program {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #heard: Said[] = [];
  readonly #ended: Promise<void>;
  readonly #waiting = new Set<() => void>();
  readonly #deadline: AbortSignal;
  readonly #onExit = (): void => this.#kill();
  #hasEnded = false;

  constructor({ name, parameters, cwd, env, deadlineMs, signal }: ProgramOptions) {
    signal.throwIfAborted();
    this.name = name;
    this.#child = spawn(process.execPath, ["--import", PRELOAD, ...parameters], {
      ...{ cwd, detached: true, stdio: ["ignore", "pipe", "pipe", "ipc"], env: { ...process.env, ...env } },
    });
    this.#deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
    this.#deadline.addEventListener("abort", this.#onExit, { once: true });
    process.once("exit", this.#onExit);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    const onEnd = (): void => {
      this.#hasEnded = true;
      this.#deadline.removeEventListener("abort", this.#onExit);
      process.off("exit", this.#onExit);
      this.#wake();
      resolve();
    };
    this.#child.once("close", onEnd).once("error", onEnd);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", this.#hear.bind(this));
    }
  }

  /**
   * What the program says first that is meant, whether it has said it already or will.
   *
   * @throws KeeperError `BenchProgram` with its last lines when it ends, or has not said it within the time
   */
  async until(what: string, isIt: (said: Said) => boolean, patienceMs: number): Promise<Said> {
    const patience = AbortSignal.timeout(patienceMs);
    for (;;) {
      const found = this.#heard.find(isIt);
      if (found !== undefined) return found;
      if (this.#hasEnded) throw this.#fault(`ended before it said ${what}`);
      if (patience.aborted) throw this.#fault(`has not said ${what} within ${patienceMs / 1_000} s`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          patience.removeEventListener("abort", wake);
          resolve();
        };
        this.#waiting.add(wake);
        patience.addEventListener("abort", wake, { once: true });
      });
    }
  }

  /** Whether it has said it. */
  hasSaid(isIt: (said: Said) => boolean): boolean {
    return this.#heard.some(isIt);
  }

  /** Ends it and what it started, and waits until it is gone. Any number of times. */
  async stop(): Promise<void> {
    this.#kill();
    await this.#ended;
  }

  #hear(line: string): void {
    if (line.startsWith(PREFIX)) this.#heard.push(JSON.parse(line) as Said);
    else {
      this.#lines.push(line);
      if (this.#lines.length > LINES_KEPT) this.#lines.shift();
      this.#heard.push({ said: "line", line });
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #fault(problem: string): KeeperError {
    return new KeeperError("BenchProgram", `${this.name} ${problem}:\n${this.#lines.join("\n")}`);
  }

  /** Its own group: what it started ends with it. */
  #kill(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#hasEnded) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch (error: unknown) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
