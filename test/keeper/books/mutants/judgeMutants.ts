import { Worker } from "node:worker_threads";

import type { Judged } from "./Judged.ts";
import type { Mutant } from "./listMutants.ts";
import type { WorkerData } from "./mutantWorker.ts";

const WORKER = new URL("mutantWorker.ts", import.meta.url);
/** Of the types that are stripped from mutants. */
const QUIET = ["--disable-warning=ExperimentalWarning"];
/** Mutants that one worker judges: each leaves its modules behind. */
const PER_WORKER = 150;
/** A mutant that runs for longer in one recording does not end; the reducers themselves take seconds. */
const DEADLINE_MS = 20_000;

/** How mutants are judged. */
export interface JudgeOptions extends WorkerData {
  readonly mutants: readonly (Mutant | null)[];
  readonly onJudged?: (judged: Judged) => void;
  readonly deadlineMs?: number;
  /** Ends it after the mutant that is being judged. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the recordings against each mutant in a worker, one after the other; null for the reducers as they are. A mutant that
 * does not end in time is killed by that. Every worker ends with the reducers as they are, which have to pass again: what a
 * mutant left behind must not kill the next one.
 */
export async function judgeMutants(options: JudgeOptions): Promise<Judged[]> {
  const { mutants, onJudged, deadlineMs = DEADLINE_MS, signal } = options;
  const workerData: WorkerData = { recordings: options.recordings, books: options.books };
  const judged: Judged[] = [];
  let worker: Worker | null = null;
  let used = 0;
  for (const mutant of mutants) {
    if (signal?.aborted === true) break;
    if (used === PER_WORKER) {
      await close(worker, deadlineMs);
      worker = null;
    }
    if (worker === null) [worker, used] = [new Worker(WORKER, { workerData, execArgv: QUIET }), 0];
    used += 1;
    const answer = await ask(worker, mutant, deadlineMs);
    if (answer === null) {
      await worker.terminate();
      worker = null;
    }
    const detail = `no sign of life for ${deadlineMs} ms`;
    const one = answer ?? { name: mutant?.name ?? "", isPart: true, killer: { kind: "does not end", detail } };
    judged.push(one);
    onJudged?.(one);
  }
  await close(worker, deadlineMs);
  return judged;
}

async function close(worker: Worker | null, deadlineMs: number): Promise<void> {
  if (worker === null) return;
  const control = await ask(worker, null, deadlineMs);
  await worker.terminate();
  if (control === null || control.killer !== null) {
    throw new Error(`the reducers themselves, after mutants: ${control?.killer?.detail ?? "no verdict"}`);
  }
}

/** Null when there is neither an answer nor a sign of life in time. */
async function ask(worker: Worker, mutant: Mutant | null, deadlineMs: number): Promise<Judged | null> {
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      finish();
      resolve(null);
    }, deadlineMs);
    const onMessage = (judged: Judged | null): void => {
      if (judged === null) {
        timer.refresh();
        return;
      }
      finish();
      resolve(judged);
    };
    const onError = (error: unknown): void => {
      finish();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const finish = (): void => {
      clearTimeout(timer);
      worker.off("message", onMessage);
      worker.off("error", onError);
    };
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.postMessage(mutant);
  });
}
