import type { DrillAttempt } from "../DrillResult.ts";

/** The stages of an incident, from the divergence to the protocol running again, in their order. */
export const FULL_CYCLE_STAGES = [
  "diverged",
  "detected",
  "soft-pause",
  "certificate",
  "hard-pause",
  "evidence",
  "repair",
  "in-sync",
  "checkpoint",
  "resume",
  "grace",
  "trade",
  "liquidation",
  "newcomer",
] as const;
export type FullCycleStageName = (typeof FULL_CYCLE_STAGES)[number];

/** One stage: the block in which it happened, and the milliseconds since the divergent block was announced. */
export interface FullCycleStage {
  readonly name: FullCycleStageName;
  readonly block: number;
  readonly ms: number;
}

/** What a full cycle came to. */
export interface FullCycleResult {
  readonly scenario: "full-cycle";
  /** Every stage was reached, every attempt was harmless, and evidence, newcomer and refusals are as they should be. */
  readonly contained: boolean;
  readonly stages: readonly FullCycleStage[];
  /** Why the resume gate refused, each with who said so. */
  readonly refusals: readonly string[];
  /** Blocks from the divergent one; null for what was not reached. */
  readonly blocks: Readonly<
    Record<"detect" | "softPause" | "hardPause" | "repair" | "inSync" | "resume", number | null>
  >;
  /** What a process without a chain says of the bundle. */
  readonly evidence: string;
  /** The verdict of a keeper that was started from nothing; what is wrong with it otherwise. */
  readonly newcomer: string;
  /** What was tried while it was forbidden, and what else had to hold. */
  readonly attempts: readonly DrillAttempt[];
  /** What ended the drill before its time. */
  readonly trouble: string | null;
}
