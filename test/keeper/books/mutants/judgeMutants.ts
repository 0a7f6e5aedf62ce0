import { Worker } from "node:worker_threads";

import type { Mutant } from "./listMutants.ts";
import type { Judged, WorkerData } from "./mutantWorker.ts";

const WORKER = new URL("mutantWorker.ts", import.meta.url);
/** Of the types that are stripped from mutants. */
const QUIET = ["--disable-warning=ExperimentalWarning"];
/** Mutants that one worker judges: each leaves its modules behind. */
const PER_WORKER = 150;
/** A mutant that runs for longer does not end. */
const DEADLINE_MS = 60_000;

/** How mutants are judged. */
export interface JudgeOptions extends WorkerData {
  readonly mutants: readonly (Mutant | null)[];
  readonly onJudged?: (judged: Judged) => void;
  readonly deadlineMs?: number;
}

/**
 * Runs the recordings against each mutant in a worker, one after the other; null for the reducers as they are. A mutant that
 * does not end in time is killed by that.
 */
export async function judgeMutants(options: JudgeOptions): Promise<Judged[]> {
  const { mutants, onJudged, deadlineMs = DEADLINE_MS } = options;
  const workerData: WorkerData = { recordings: options.recordings, books: options.books };
  const judged: Judged[] = [];
  let worker: Worker | null = null;
  let used = 0;
  for (const mutant of mutants) {
    if (worker === null || used === PER_WORKER) {
      await worker?.terminate();
      [worker, used] = [new Worker(WORKER, { workerData, execArgv: QUIET }), 0];
    }
    used += 1;
    const answer = await ask(worker, mutant, deadlineMs);
    if (answer === null) {
      await worker.terminate();
      worker = null;
    }
    const one = answer ?? { name: mutant?.name ?? "", killer: "does not end" };
    judged.push(one);
    onJudged?.(one);
  }
  await worker?.terminate();
  return judged;
}

/** Null when there is no answer in time. */
async function ask(worker: Worker, mutant: Mutant | null, deadlineMs: number): Promise<Judged | null> {
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      finish();
      resolve(null);
    }, deadlineMs);
    const onMessage = (judged: Judged): void => {
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
