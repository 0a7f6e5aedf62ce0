import type { Hash } from "../lib/hex.ts";

/** What a quorum signs to resume; as `ResumeCertificate` in contracts/interfaces/ISyncGuard.sol. */
export interface ResumeCertificate {
  readonly incidentId: Hash;
  readonly setId: bigint;
  /** The guard's: any later pause voids the certificate. */
  readonly pauseNonce: bigint;
  /** Block of a checkpoint after the pause and the last repair. */
  readonly checkpointNumber: bigint;
  readonly checkpointDigest: Hash;
}
