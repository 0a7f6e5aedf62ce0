import type { EndReason } from "./entries.ts";
import type { SourceShare } from "./SourceShares.ts";

/** How a recorder is made. */
export interface RecorderOptions {
  /** Each recording gets a directory of its own in it. */
  readonly directory: string;
  /**
   * Bound of everything in `directory`, recordings of earlier starts included. Default 1 GiB. Long texts of a source that has
   * half of it are cut.
   */
  readonly maxBytes?: number;
  /** Size from which a new file is begun. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** What may wait to be written; beyond it long texts are cut, then the recording ends. Default 128 MiB. */
  readonly maxWaitingBytes?: number;
  /** Packs files that are complete. */
  readonly gzip?: boolean;
  /** Time between an entry and its writing. Default 20 ms, so that encoding keeps out of the way of a verdict. */
  readonly flushMs?: number;
  /** Monotonic milliseconds, the clock of the inputs and exchanges. */
  readonly now: () => number;
  /** Wall-clock milliseconds. */
  readonly wallNow: () => number;
  /** The recording ended before the keeper did; told once. */
  readonly onStop?: (stop: RecorderStop) => void;
}

/** Why a recording ended early. */
export interface RecorderStop {
  readonly reason: Exclude<EndReason, "closed">;
  readonly directory: string;
  readonly bytes: number;
  /** Which source took most of what was used up, for `full` and `overrun`. */
  readonly filledBy?: SourceShare;
  readonly error?: unknown;
}
