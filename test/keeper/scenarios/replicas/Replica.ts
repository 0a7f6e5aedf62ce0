import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../../../keeper/main.ts", import.meta.url));
const PATIENCE_MS = 60_000;

/** A line of a keeper's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly event: string };

/** One `lockstep run` process, and what it logs. */
export class Replica {
  readonly lines: LogLine[] = [];
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #rest = "";
  #isOver = false;

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [MAIN, "run", "--json"], {
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#read(text);
    });
    this.ended = once(this.#child, "close").then(([code]: unknown[]) => {
      this.#isOver = true;
      return code as number | null;
    });
  }

  /** Resolves with the first line, now or later, that a condition holds of. */
  async line(what: string, holds: (line: LogLine) => boolean): Promise<LogLine> {
    const found = (): LogLine | undefined => this.lines.find(holds);
    const { promise, resolve, reject } = Promise.withResolvers<LogLine>();
    const check = (): void => {
      const line = found();
      if (line !== undefined) resolve(line);
      else if (this.#isOver) reject(new Error(`${what}: the process has ended; ${this.#tail()}`));
    };
    this.#waiting.add(check);
    void this.ended.then(check);
    const timer = setTimeout(() => {
      reject(new Error(`${what}: not in time; ${this.#tail()}`));
    }, PATIENCE_MS);
    check();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(check);
    }
  }

  /** Waits for a line with the event. */
  async until(event: string): Promise<LogLine> {
    return this.line(event, (line) => line.event === event);
  }

  /** What its API says of itself. */
  async status(): Promise<{
    readonly isLeading: boolean;
    readonly state: string;
    readonly block: { readonly number: number } | null;
  }> {
    const { api } = (await this.until("ready")) as unknown as { readonly api: string };
    return (await (await fetch(`${api}/status`)).json()) as Awaited<ReturnType<Replica["status"]>>;
  }

  /** Waits until it has judged a block of a height, or a later one. */
  async untilBlock(number: number): Promise<void> {
    for (const end = Date.now() + PATIENCE_MS; ((await this.status()).block?.number ?? -1) < number;) {
      if (Date.now() > end) throw new Error(`block ${number}: not in time; ${this.#tail()}`);
      await sleep(50);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it, whatever state it is in. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      try {
        this.lines.push(JSON.parse(line) as LogLine);
      } catch {
        this.lines.push({ event: "text", text: line });
      }
    }
    for (const check of this.#waiting) check();
  }

  #tail(): string {
    return JSON.stringify(this.lines.slice(-6)).slice(0, 2_000);
  }
}
