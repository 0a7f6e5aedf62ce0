import type { Hash } from "../lib/hex.ts";

/** What a quorum signs to halt; as `PauseCertificate` in contracts/interfaces/ISyncGuard.sol. */
export interface PauseCertificate {
  readonly incidentId: Hash;
  readonly setId: bigint;
  readonly pauseNonce: bigint;
  /** A block that diverges, one of the last 256. */
  readonly blockNumber: bigint;
  readonly blockHash: Hash;
}
