import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { KILLED_AT } from "./FailPoints.ts";
import type { KeeperJob, KeeperNote } from "./KeeperJob.ts";

const PROGRAM = fileURLToPath(new URL("runKeeper.ts", import.meta.url));
/** Compiled code of the keeper, kept between processes: half of what a start takes. */
const CODE_CACHE = join(tmpdir(), "lockstep-crashes-code");
const LOAD_MS = 60_000;
const ERROR_TEXT = 4_000;

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The point at which it killed itself; null when it was ended otherwise. */
  readonly killedAt: string | null;
}

/** A keeper in a process of its own, as its parent sees it. */
export class KeeperProcess {
  /** Resolves when it has ended, however. */
  readonly ended: Promise<Ending>;
  readonly alerts: Extract<KeeperNote, { type: "alert" }>[] = [];
  readonly points: string[] = [];
  /** The newest block that it judged, and how. */
  block: { readonly number: number; readonly verdict: string } | null = null;
  /** The newest word of its incident. */
  incident: Extract<KeeperNote, { type: "incident" }> | null = null;
  ending: Ending | null = null;
  /** Why it failed by its own account. */
  failure: string | null = null;
  /** When the first pause went out, by this process's clock; monotonic milliseconds. */
  sentAtMs: number | null = null;
  readonly #child: ChildProcess;
  readonly #loaded = Promise.withResolvers<void>();
  #stderr = "";
  #notes: string | null = null;

  /**
   * @param scratch folder for what belongs to this machine's keepers, the locks of keys: those of other chains here are not its
   * @param nodeArgs options of Node itself, such as a limit of its heap
   */
  constructor(scratch: string, nodeArgs: readonly string[] = []) {
    const env = { ...process.env, NODE_COMPILE_CACHE: CODE_CACHE, TMPDIR: scratch };
    this.#child = spawn(process.execPath, [...nodeArgs, PROGRAM], { stdio: ["ignore", "ignore", "pipe", "ipc"], env });
    this.#child.on("message", (note: KeeperNote) => this.#hear(note));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-ERROR_TEXT);
    });
    this.ended = once(this.#child, "close").then(async ([code, signal]: unknown[]) => {
      const killedAt =
        this.#notes === null ? null : await readFile(join(this.#notes, KILLED_AT), "utf8").catch(() => null);
      this.ending = { code: code as number | null, signal: signal as NodeJS.Signals | null, killedAt };
      this.#loaded.reject(new Error(`the keeper's process ended while it loaded: ${this.#stderr}`));
      return this.ending;
    });
    this.#loaded.promise.catch(() => undefined);
  }

  /** Of the process. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The last that it wrote to its log. */
  get log(): string {
    return this.#stderr;
  }

  /** Gives it its job, once. */
  async start(job: KeeperJob): Promise<void> {
    const timer = setTimeout(() => this.#loaded.reject(new Error("the keeper's process did not load")), LOAD_MS);
    await this.#loaded.promise.finally(() => clearTimeout(timer));
    this.#notes = job.notes;
    this.#child.send(job);
  }

  /** kill -9. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Asks it to stop in order, and waits until it is gone. */
  async stop(): Promise<Ending> {
    if (this.ending === null && this.#child.connected) this.#child.send("stop");
    return this.ended;
  }

  #hear(note: KeeperNote): void {
    if (note.type === "loaded") this.#loaded.resolve();
    if (note.type === "block") this.block = note;
    if (note.type === "incident") this.incident = note;
    if (note.type === "alert") this.alerts.push(note);
    if (note.type === "point") this.points.push(note.name);
    if (note.type === "sending") this.sentAtMs ??= performance.now();
    if (note.type === "failed") this.failure = note.error;
  }
}
