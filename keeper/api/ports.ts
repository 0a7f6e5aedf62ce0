import type { BooksAt } from "../queries/BooksAt.ts";
import type { Hash } from "../lib/hex.ts";

/** Why the books cannot be relied upon now. */
export interface Unproven {
  readonly kind: "unproven";
  /** Stable name. */
  readonly code: "Starting" | "NotYetProven" | "Unknown" | "Diverged" | "OwnFault";
  /** What happened, what it means and what to do. */
  readonly detail: string;
  /** Seconds after which asking again may help. */
  readonly retryAfterSeconds: number;
}

/** The books at a block that was found in sync, and how long ago that was. */
export interface ProvenBooks {
  readonly kind: "proven";
  readonly at: BooksAt;
  readonly ageSeconds: number;
}

/** The bundle that proves an incident. */
export interface EvidenceFile {
  readonly path: string;
  readonly bytes: number;
}

/** A rehearsal that can be begun on a local chain. */
export interface Rehearsal {
  /** As `DrillState` has it. */
  state(): unknown;
  /** Begins one; false while one is running. */
  start(): boolean;
  /** Told whenever it is further. */
  onChange: (() => void) | null;
}

/** What the API shows; every call answers from memory, but for the evidence. */
export interface ApiHandlers {
  /** Whether the keeper may be relied upon now, and if not, why. */
  isReady(): { readonly ready: boolean; readonly reason: string };
  /** As `StatusDocument` has it; bigints become decimal strings. */
  status(): unknown;
  /** The exposition of the metrics. */
  metrics(): string;
  /**
   * A JSON document of what this keeper knows to be signed, its own and others', for other keepers; null while it has not begun to
   * exchange.
   */
  statements(): string | null;
  books(): ProvenBooks | Unproven;
  /** As `EventData.heartbeat` has it. */
  heartbeat(): unknown;
  /** As `LatencySample` has them, oldest first. */
  latency(): readonly unknown[];
  /** As `Incident` has them, newest first. */
  incidents(): readonly { readonly id: Hash }[];
  /** Where `lockstep up` offers one; the only thing here that acts, on the chain that it has made itself. */
  readonly rehearsal?: Rehearsal;
  /** Null where there is none, or none yet. */
  evidence(incident: Hash): Promise<EvidenceFile | null>;
}
