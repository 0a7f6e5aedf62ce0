import { digestInPlace } from "../../keeper/lib/keccak/kernel.ts";
import type { BlockCounts } from "./countBlocks.ts";

/** Processor time used so far, in milliseconds: what others take of the machine is not in it. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** The median; the lower one of two. */
export function medianMs(times: readonly number[]): number {
  return times.toSorted((left, right) => left - right)[(times.length - 1) >> 1] ?? Number.NaN;
}

/** Messages that take 1 to 4 permutations. */
const MESSAGES = [1, 2, 3, 4].map((blocks) => new Uint8Array(136 * blocks - 1).fill(7));
/** Repeated until it has taken this long, so that the clock's grain does not matter. */
const LEAST_MS = 20;

/** How long the kernel takes to hash so many messages of each number of blocks, one after the other. */
export function timeFloor(counts: BlockCounts): number {
  const start = processorMs();
  for (let runs = 1; ; runs += 1) {
    MESSAGES.forEach((message, index) => {
      for (let count = counts[index] ?? 0; count > 0; count -= 1) digestInPlace(message);
    });
    const ms = processorMs() - start;
    if (ms >= LEAST_MS) return ms / runs;
  }
}
