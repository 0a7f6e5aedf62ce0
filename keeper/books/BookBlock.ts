import type { VerifiedLog } from "../domain/VerifiedLog.ts";
import type { Hash } from "../lib/hex.ts";

/** A log as the receipts root proves it. */
export type BookLog = VerifiedLog;

/** A verified block as the books take it in. */
export interface BookBlock {
  readonly number: number;
  readonly hash: Hash;
  readonly parentHash: Hash;
  /** Seconds. */
  readonly timestamp: number;
  readonly logs: readonly BookLog[];
}
