import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Trap } from "./KeeperJob.ts";

/** File in the notes' folder with the name of the point at which the process killed itself. */
export const KILLED_AT = "killed-at";

/** The named points that this process comes by, and the one at which it ends, or stands still. */
export class FailPoints {
  readonly #counts = new Map<string, number>();
  readonly #onNew: (name: string) => void;
  #trap: Trap | null = null;
  #notes = "";

  constructor(onNew: (name: string) => void) {
    this.#onNew = onNew;
  }

  /** Sets the trap; points before this call catch nobody. */
  arm(trap: Trap | null, notes: string): void {
    this.#trap = trap;
    this.#notes = notes;
  }

  /** The process is at this point now. Does not return when it is the one. */
  readonly at = (name: string): void => {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    if (count === 1) this.#onNew(name);
    const trap = this.#trap;
    if (trap?.point !== name || trap.nth !== count) return;
    if (trap.stallMs === undefined) this.#die(name);
    else sleepNow(trap.stallMs);
  };

  #die(name: string): never {
    // In the kernel's cache when this returns, so that it outlives the process.
    writeFileSync(join(this.#notes, KILLED_AT), name);
    process.kill(process.pid, "SIGKILL");
    // The signal ends the thread on its way out of that call; if it ever came late, nothing may happen meanwhile.
    for (;;) sleepNow(1_000);
  }
}

/** Nothing else happens in this thread meanwhile: neither sockets nor timers nor promises. */
function sleepNow(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
