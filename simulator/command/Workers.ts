import { fork, type ChildProcess } from "node:child_process";

import type { ModeChoice } from "../plan/Plan.ts";
import { sweep, type TallyPart } from "../run/sweep.ts";

/** Seeds that a process runs before it reports. */
export interface Chunk {
  readonly first: number;
  readonly seeds: number;
  readonly mode: ModeChoice;
  readonly isPauseForbidden: boolean;
}

/** What a chunk came to, and the processor time that it took. */
export interface ChunkResult {
  readonly chunk: Chunk;
  readonly part: TallyPart;
  readonly cpuSeconds: number;
}

/** Runs a chunk in this process. */
export function runChunk(chunk: Chunk): ChunkResult {
  const before = process.cpuUsage();
  const part = sweep(chunk).toPart();
  const { user, system } = process.cpuUsage(before);
  return { chunk, part, cpuSeconds: (user + system) / 1e6 };
}

/**
 * Runs chunks in so many processes, each with the next one as soon as it has done its last, and tells of each as it is done.
 *
 * @param script what a process runs: it is to call {@link serveChunks}
 */
export async function runInWorkers(
  chunks: readonly Chunk[],
  options: { readonly jobs: number; readonly script: URL; readonly signal: AbortSignal },
  onDone: (result: ChunkResult) => void,
): Promise<void> {
  const open = [...chunks];
  const isEnded = (): boolean => options.signal.aborted;
  const work = async (): Promise<void> => {
    const worker = fork(options.script, ["--worker"], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const stop = (): void => void worker.kill("SIGKILL");
    options.signal.addEventListener("abort", stop, { once: true });
    try {
      for (let chunk = open.shift(); chunk !== undefined && !isEnded(); chunk = open.shift()) {
        const result = await ask(worker, chunk);
        if (result !== null) onDone(result);
        else if (!isEnded()) throw new Error(`a process ended while it ran seeds from ${chunk.first} on`);
      }
    } finally {
      options.signal.removeEventListener("abort", stop);
      worker.kill();
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, chunks.length) }, work));
}

/** In a process of {@link runInWorkers}: runs what it is sent until it is ended. */
export function serveChunks(): void {
  process.on("message", (chunk: Chunk) => process.send?.(runChunk(chunk)));
  // Its parent decides when it ends; an interrupt of the terminal reaches both.
  process.on("SIGINT", () => undefined);
}

/** Null when the process ended instead. */
async function ask(worker: ChildProcess, chunk: Chunk): Promise<ChunkResult | null> {
  const { promise, resolve } = Promise.withResolvers<ChunkResult | null>();
  const onMessage = (result: unknown): void => resolve(result as ChunkResult);
  const onExit = (): void => resolve(null);
  worker.once("message", onMessage).once("exit", onExit);
  if (worker.exitCode !== null || worker.signalCode !== null) resolve(null);
  else worker.send(chunk);
  try {
    return await promise;
  } finally {
    worker.off("message", onMessage).off("exit", onExit);
  }
}
