/** What goes on while a keeper follows blocks. */
export type Phase = "quiet" | "requests" | "requests and streams";

/** How long answers took in all rounds of a phase, milliseconds from when each request was due. */
export interface RequestRow {
  /** Null for all kinds together. */
  readonly kind: string | null;
  readonly phase: Exclude<Phase, "quiet">;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** How long verdicts took in a phase: medians over the rounds of each round's figure, milliseconds. */
export interface VerdictRow {
  readonly phase: Phase;
  readonly blocks: number;
  readonly medianMs: number;
  readonly p90Ms: number;
  /** From the head that the node announced, its own time included. */
  readonly detectionP90Ms: number;
  /** What the keeper took of its core, as a part of 1. */
  readonly coreShare: number;
  /** How much of the time other programs of the machine kept the keeper from its core. */
  readonly waitedShare: number;
  /** The keeper's memory at the end of each round, bytes. */
  readonly residentBytes: readonly number[];
}

/** What clients that do not read have cost. */
export interface StallRow {
  readonly connections: number;
  readonly pipelined: number;
  /** The keeper's memory before them, and the most while they were there. */
  readonly beforeBytes: number;
  readonly mostBytes: number;
  /** Answers that the keeper may hold for them. */
  readonly boundBytes: number;
}

/** What is asked of the figures, and how they stand to it. */
export interface ApiTarget {
  readonly name: string;
  readonly target: number;
  readonly unit: "ms" | "times" | "MiB" | "requests" | "streams";
  readonly value: number;
  readonly isMet: boolean;
}

/** Everything that the API benchmark found. */
export interface ApiReport {
  readonly rate: number;
  readonly accounts: number;
  readonly slots: number;
  readonly rounds: number;
  readonly requests: readonly RequestRow[];
  /** Answers by status, and by code for those that had none. */
  readonly statuses: Readonly<Record<string, number>>;
  /** How late requests were sent, for which the keeper is charged; 99th percentile, milliseconds. */
  readonly sentLateP99Ms: number;
  /** What whoever asked took of a core, the most of all rounds, as a part of 1. */
  readonly askerShare: number;
  readonly verdicts: readonly VerdictRow[];
  /** Alive in the keeper's heap after a collection, before the first phase, after the last one, and after the clients that do not read. */
  readonly aliveBytes: readonly number[];
  readonly stalls: readonly StallRow[];
  readonly targets: readonly ApiTarget[];
}
