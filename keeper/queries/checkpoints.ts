import type { BooksReader } from "../books/legality/LegalityContext.ts";
import { digestAt, metaAt, newestFirst } from "../books/reducers/checkpoints/ring.ts";
import type { Address, Hash } from "../lib/hex.ts";

/** A checkpoint that the registry keeps. */
export interface CheckpointState {
  readonly blockNumber: bigint;
  /** EIP-712 digest of what its quorum signed. */
  readonly digest: Hash;
  readonly status: (typeof CHECKPOINT_STATUSES)[number];
  /** Seconds. */
  readonly postedAt: bigint;
  /** Who is paid for carrying it; null where nobody is. */
  readonly carrier: Address | null;
  readonly isPaid: boolean;
}

/** By the number that the contract gives them. */
export const CHECKPOINT_STATUSES = ["none", "posted", "proven", "convicted"] as const;

/** The checkpoints that the registry keeps, newest first: at most 64. */
export function describeCheckpoints(reader: BooksReader): CheckpointState[] {
  const read = (slot: Hash): bigint => reader.readOf("CheckpointRegistry", slot);
  return newestFirst(read).map((index) => {
    const { blockNumber, postedAt, carrier, status, isPaid } = metaAt(index, read);
    return {
      ...{ blockNumber, digest: digestAt(index, read), postedAt, isPaid },
      status: CHECKPOINT_STATUSES[Number(status)] ?? "none",
      carrier: BigInt(carrier) === 0n ? null : carrier,
    };
  });
}
