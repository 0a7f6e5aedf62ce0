import type { Fault } from "./Fault.ts";

/** A source and whose it is. */
export interface PlannedSource {
  readonly id: string;
  readonly operator: string;
}

/** What a run checks: that nothing wrong happens whatever fails, or that what must happen does once the faults have stopped. */
export type Mode = "safety" | "liveness";

/** What the runs of a sweep check: one of the two, each seed both, or each seed one by turns. */
export type ModeChoice = Mode | "both" | "turns";

/** Whether one of the set lies: {@link EVIL_KEEPER}. */
export function hasEvilKeeper({ faults }: Plan): boolean {
  return faults.some(({ kind }) => kind === "equivocate" || kind === "false-pause");
}

/** Everything about a simulation that chance decides before it begins. The same plan gives the same run. */
export interface Plan {
  readonly seed: number;
  readonly mode: Mode;
  /** Slots with faults. */
  readonly blocks: number;
  /** Slots afterwards, in which nothing goes wrong. */
  readonly quietBlocks: number;
  readonly blockSeconds: number;
  /** Keepers that run; the set of the contracts has four. */
  readonly keepers: number;
  readonly sources: readonly PlannedSource[];
  /** Operations of users in a block, at most. */
  readonly traffic: number;
  readonly checkpointSeconds: number;
  readonly faults: readonly Fault[];
  /** Operators of the configured majority lie: what is in sync is theirs to say, and not checked. */
  readonly isMajorityLying: boolean;
}
