import type { Address, Hash, Hex } from "../lib/hex.ts";

/** A log that the block's receipts root commits to. */
export interface VerifiedLog {
  readonly address: Address;
  readonly topics: readonly Hash[];
  readonly data: Hex;
  /** As the source claims it: the receipts root does not commit to transaction hashes. For people, not for decisions. */
  readonly transactionHash: Hash;
  /** Position of the transaction in the block, from the receipt's position. */
  readonly transactionIndex: number;
  /** Position of the log in the block, counted, not claimed. */
  readonly logIndex: number;
  /** Position of the log in its transaction. */
  readonly logPositionInTransaction: number;
}
