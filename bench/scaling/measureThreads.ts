import { once } from "node:events";
import { Worker } from "node:worker_threads";

import { randomWords, type Write } from "../trie/randomWords.ts";
import { medianMs } from "../trie/timing.ts";
import { threadOf, type Done, type Order, type Part } from "./partWorker.ts";

/** Wall-clock milliseconds of one operation by so many threads. */
export interface ThreadsRow {
  readonly kind: "threads";
  readonly operation: "build" | "update";
  readonly threads: number;
  readonly slots: number;
  readonly writes: number;
  readonly ms: number;
}

/**
 * A trie in parts by the first nibble, one thread each: until all have their roots. A build begins with the words where they are
 * needed, as each thread would read its own part of an image; a block's writes are sent to the threads. The branch over
 * the parts, one hash, is left out.
 */
export async function measureThreads(
  slots: number,
  writes: number,
  threads: number,
  { seed, rounds }: { readonly seed: number; readonly rounds: number },
): Promise<ThreadsRow[]> {
  const workers = Array.from({ length: threads }, (_, index) => {
    const workerData: Part = { seed, slots, threads, index };
    return new Worker(new URL("partWorker.ts", import.meta.url), { workerData });
  });
  const orderAll = async (orderOf: (index: number) => Order): Promise<number> => {
    const done = workers.map((worker) => once(worker, "message") as Promise<[Done]>);
    const startedMs = performance.now();
    for (const [index, worker] of workers.entries()) worker.postMessage(orderOf(index));
    await Promise.all(done);
    return performance.now() - startedMs;
  };
  try {
    await Promise.all(workers.map((worker) => once(worker, "message")));
    const builds: number[] = [];
    // The first round warms up.
    for (let round = 0; round <= rounds; round += 1) builds.push(await orderAll(() => ({ type: "build" })));
    const updates: number[] = [];
    for (let round = 0; round <= 4 * rounds; round += 1) {
      const block = randomWords(seed + 1 + round, writes);
      const parts = Array.from({ length: threads }, (_, index): Write[] => {
        return block.filter(([slot]) => threadOf(slot, threads) === index);
      });
      updates.push(await orderAll((index) => ({ type: "update", writes: parts[index] ?? [] })));
    }
    const row = { kind: "threads", threads, slots } as const;
    return [
      { ...row, operation: "build", writes: slots, ms: medianMs(builds.slice(1)) },
      { ...row, operation: "update", writes, ms: medianMs(updates.slice(1)) },
    ];
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
