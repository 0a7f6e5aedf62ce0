/** One stage of one system: median and 90th percentile, milliseconds. */
export interface LatencyRow {
  readonly system: string;
  readonly stage: string;
  readonly runs: number;
  readonly medianMs: number;
  readonly p90Ms: number;
}

/** Blocks from the incident's to the one that holds the pause. */
export interface BlockCount {
  readonly runs: number;
  readonly median: number;
  readonly worst: number;
}

/** What is asked of the figures, and how they stand to it. */
export interface LatencyTarget {
  readonly name: string;
  /** At most, or at least, this. */
  readonly bound: "most" | "least";
  readonly target: number;
  readonly unit: "ms" | "times" | "blocks";
  /** Null where it was not measured. */
  readonly value: number | null;
  readonly isMet: boolean | null;
}

/** Everything that the latency benchmark found. */
export interface LatencyReport {
  readonly seed: number;
  /** Words in the books of the keeper beside the peers, and of the one whose own share is asked about; null: it did not run. */
  readonly slots: { readonly beside: number | null; readonly full: number | null };
  readonly rows: readonly LatencyRow[];
  readonly blocks: { readonly ordinary: BlockCount | null; readonly baseFeeTimes1000: BlockCount | null };
  readonly targets: readonly LatencyTarget[];
}
