import type { Vitals } from "./vitals.ts";

/** One thing that was checked. */
export interface Check {
  readonly name: string;
  readonly isMet: boolean;
  readonly detail: string;
}

/**
 * Bytes that a block may leave behind: the core keeps 8,192 blocks to take back and 20,000 headers, so that until then
 * it grows with each. See docs/performance.md for what was measured.
 */
export const BYTES_PER_BLOCK = 16_000;
/** Fewer blocks tell the growth of a block from nothing else. */
const MIN_BLOCKS = 1_000;
/** Connections and timers that may be on their way when one looks. */
const SLACK = 6;

/** Whether the process holds no more than it should, by samples that were taken while all sources were well. */
export function checkVitals(samples: readonly Vitals[]): Check[] {
  return [
    checkMemory(samples),
    checkFlat("file descriptors", samples, ({ descriptors }) => descriptors),
    checkFlat("sockets", samples, ({ sockets }) => sockets),
    checkFlat("timers", samples, ({ timers }) => timers),
  ];
}

/** Bytes a block, by least squares over the second half. */
export function growthPerBlock(samples: readonly Vitals[]): number {
  const half = samples.slice(samples.length >> 1);
  const mean = (of: (sample: Vitals) => number): number => half.reduce((sum, each) => sum + of(each), 0) / half.length;
  const memoryOf = ({ heap, external }: Vitals): number => heap + external;
  const [block, memory] = [mean((sample) => sample.block), mean(memoryOf)];
  const covariance = half.reduce((sum, each) => sum + (each.block - block) * (memoryOf(each) - memory), 0);
  return covariance / half.reduce((sum, each) => sum + (each.block - block) ** 2, 0);
}

function checkMemory(samples: readonly Vitals[]): Check {
  const blocks = (samples.at(-1)?.block ?? 0) - (samples[0]?.block ?? 0);
  if (blocks < MIN_BLOCKS)
    return { name: "memory", isMet: true, detail: `not judged by fewer than ${MIN_BLOCKS} blocks` };
  const growth = growthPerBlock(samples);
  const detail = `${(growth / 1_000).toFixed(1)} KB a block over the second half`;
  const isMet = growth <= BYTES_PER_BLOCK;
  return { name: "memory", isMet, detail: `${detail}, ${BYTES_PER_BLOCK / 1_000} at most` };
}

/**
 * The least of the last third against the least of the first: connections are kept for a while after a burst of questions,
 * but what leaks never falls.
 */
function checkFlat(name: string, samples: readonly Vitals[], of: (sample: Vitals) => number | null): Check {
  const values = samples.map(of).filter((value) => value !== null);
  if (values.length === 0) return { name, isMet: true, detail: "not shown by this system" };
  const third = Math.max(1, Math.floor(values.length / 3));
  const [first, last] = [Math.min(...values.slice(0, third)), Math.min(...values.slice(-third))];
  const detail = `at least ${first} in the first third, ${last} in the last; ${Math.max(...values)} at most`;
  return { name, isMet: last - first <= SLACK, detail };
}
