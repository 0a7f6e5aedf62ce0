import type { Shares } from "./CpuShares.ts";

/** One figure of the benchmark, or several that belong together. Times are medians where nothing else is said. */
export type Row = ReplayRow | VerdictRow | NodeRow | IndexRow;

/** How fast recorded receipts become roots. */
export interface ReplayRow {
  readonly kind: "replay";
  /** What is counted: from JSON text with receipts verified, or from verified logs. */
  readonly name: "text to root" | "verified logs to root";
  readonly events: number;
  readonly blocks: number;
  readonly accounts: number;
  /** Per second of processor time. */
  readonly eventsPerSecond: number;
  readonly shares: Shares;
  /** The functions that took most, with their share. */
  readonly hottest: readonly string[];
}

/** From the bytes of a block's answers to the verdict. */
export interface VerdictRow {
  readonly kind: "verdict";
  /** Words in the books, and how many of them a block changes. */
  readonly slots: number;
  readonly changedSlots: number;
  readonly events: number;
  readonly answerBytes: number;
  /** Blocks that the books hold to take back, and those that were measured. */
  readonly blocksHeld: number;
  readonly samples: number;
  /** All answers of the block, as if all bytes had come at once. Processor time of the process, then wall clock. */
  readonly medianCpuMs: number;
  readonly p99CpuMs: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  /** The last answer alone (the receipts), and the first one (header and account proofs). Wall clock. */
  readonly lastAnswerMs: number;
  readonly firstAnswerMs: number;
  readonly shares: Shares;
  readonly hottest: readonly string[];
}

/** From a block mined on a local node to the verdict of a whole keeper beside it. Wall clock. */
export interface NodeRow {
  readonly kind: "node";
  readonly stage: "mined to verdict" | "of it the node" | "of it the keeper";
  readonly samples: number;
  readonly medianMs: number;
  readonly p90Ms: number;
}

/** How fast a program takes the chain in from the same local node. Wall clock where nothing else is said. */
export interface IndexRow {
  readonly kind: "index";
  readonly system: string;
  readonly events: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** Processor time of the program, its start included; null where it is not known. */
  readonly cpuSeconds: number | null;
  /** What the system did with the events. */
  readonly job: string;
  /** Sum of all accounts' settlement balances that it ended with, 1e-18 quote; null where it has not been asked. */
  readonly total: string | null;
}

/** What lies in the middle. */
export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

/** Nearest-rank quantile. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
