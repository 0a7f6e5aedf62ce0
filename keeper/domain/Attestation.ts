import type { Hash } from "../lib/hex.ts";

/** What keepers sign of a block; as `Attestation` in contracts/interfaces/ICheckpointRegistry.sol. */
export interface Attestation {
  readonly setId: bigint;
  readonly bookSetVersion: bigint;
  readonly blockNumber: bigint;
  readonly blockHash: Hash;
  readonly booksRoot: Hash;
}
