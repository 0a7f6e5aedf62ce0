import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../keeper/main.ts", import.meta.url));
const PATIENCE_MS = 40_000;

/** A `lockstep` process and every character that it has written. */
export class LockstepProcess {
  stdout = "";
  stderr = "";
  /** Its exit status, once it has ended. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #isOver = false;

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#check();
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#check();
    });
    this.ended = once(this.#child, "close").then(([code]: unknown[]) => {
      this.#isOver = true;
      this.#check();
      return code as number | null;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves with the first line of its log with an event, now or later. */
  async until(event: string): Promise<Readonly<Record<string, unknown>>> {
    const mark = `"event":"${event}"`;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const check = (): void => {
      const lines = this.stderr.split("\n").slice(0, -1);
      const line = lines.find((text) => text.includes(mark));
      if (line !== undefined) resolve(line);
      else if (this.#isOver) reject(new Error(`${event}: the process has ended; ${this.#tail()}`));
    };
    const timer = setTimeout(() => {
      reject(new Error(`${event}: not in time; ${this.#tail()}`));
    }, PATIENCE_MS);
    this.#waiting.add(check);
    check();
    try {
      return JSON.parse(await promise) as Readonly<Record<string, unknown>>;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(check);
    }
  }

  /** Asks it to end, and waits for that. */
  async stop(): Promise<number | null> {
    if (!this.#isOver) this.#child.kill("SIGTERM");
    return this.ended;
  }

  #check(): void {
    for (const check of this.#waiting) check();
  }

  #tail(): string {
    return this.stderr.slice(-2_000);
  }
}
