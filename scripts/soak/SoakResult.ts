import type { Check } from "./checkVitals.ts";
import type { Vitals } from "./vitals.ts";

/** What the time goes into: making blocks and trouble, waiting for verdicts, for outages, for sources, and looking. */
export type Stage = "world" | "verdicts" | "outages" | "recoveries" | "samples";

/** What became of it. */
export interface SoakResult {
  readonly seed: number;
  readonly blocks: number;
  readonly seconds: number;
  readonly checks: readonly Check[];
  readonly samples: readonly Vitals[];
  readonly reported: number;
  readonly overtaken: number;
  /** Milliseconds from a block's making to the word that it is in sync, while a majority was well. */
  readonly lagMs: { readonly median: number; readonly p99: number; readonly max: number };
  /** Where the time went, in seconds. */
  readonly spent: Readonly<Record<Stage, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly outages: number;
  readonly reorgs: number;
  readonly marketActions: number;
  /** How often a source was reported down and up again. */
  readonly deaths: number;
  readonly recoveries: number;
  readonly counts: Readonly<Record<string, number>>;
}
