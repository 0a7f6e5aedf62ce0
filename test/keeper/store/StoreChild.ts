import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("childMain.ts", import.meta.url));
const LIMIT_MS = 30_000;

/** A child process that uses a store, and the lines that it told. */
export class StoreChild {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #text = "";

  constructor(task: string, place: readonly string[], prefix: readonly string[] = []) {
    const [command = "", ...args] = [...prefix, process.execPath, SCRIPT, task, ...place];
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#ended = once(this.#child, "close");
    this.#child.stdout?.on("data", (chunk: Buffer) => (this.#text += chunk.toString()));
    this.#child.stdin?.on("error", () => undefined);
  }

  /** Whole lines so far. */
  get lines(): readonly string[] {
    return this.#text.split("\n").slice(0, -1);
  }

  /** The newest number that was told; 0 for none. */
  get newest(): number {
    return Number(this.lines.findLast((line) => /^\d+$/.test(line)) ?? 0);
  }

  /** Waits until it has told a line. */
  async until(isTold: (lines: readonly string[]) => boolean): Promise<void> {
    const startedAt = performance.now();
    while (!isTold(this.lines)) {
      if (this.#child.exitCode !== null || performance.now() - startedAt > LIMIT_MS) {
        throw new Error(`the child told only ${JSON.stringify(this.lines.slice(-5))}`);
      }
      await Promise.race([once(this.#child.stdout ?? this.#child, "data"), this.#ended]);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Tells it to end. */
  stop(): void {
    this.#child.stdin?.end("stop\n");
  }

  async end(): Promise<void> {
    await this.#ended;
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#ended;
  }
}
