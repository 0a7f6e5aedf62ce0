import { readdirSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What a process holds. */
export interface Vitals {
  /** Newest block of the chain. */
  readonly block: number;
  /** After a collection; bytes. */
  readonly heap: number;
  /** Buffers and WebAssembly memories outside of the heap; bytes. */
  readonly external: number;
  /** Bytes. */
  readonly resident: number;
  /** Open file descriptors; null where the system does not show them. */
  readonly descriptors: number | null;
  readonly timers: number;
  readonly sockets: number;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Collects garbage and looks at this process. */
export async function readVitals(block: number): Promise<Vitals> {
  // Buffers are freed behind the collector's back, by the time it has run once more.
  collectGarbage();
  await setImmediate();
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  return {
    block,
    heap: heapUsed,
    external,
    resident: rss,
    descriptors: countDescriptors(),
    timers: resources.filter((name) => name === "Timeout").length,
    sockets: resources.filter((name) => name.startsWith("TCP")).length,
  };
}

function countDescriptors(): number | null {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return null;
  }
}
