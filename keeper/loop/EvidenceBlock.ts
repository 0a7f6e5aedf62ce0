import type { Header } from "../chain/verify/header.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import type { VerifiedLog } from "../domain/VerifiedLog.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import type { ReceiptFrame } from "./receiptFrames.ts";
import type { ProvenBooks } from "./requestBlock.ts";

/** A block with all that proves it, as references: nothing of it is changed later, whatever becomes of the fetched block. */
export interface EvidenceBlock {
  readonly hash: Hash;
  readonly header: Header;
  /** What the hash is of; null for one that was not fetched, as the block of a snapshot. */
  readonly encoding: Hex | null;
  /** `eth_getProof` answers for the book contracts, in the order of the set; null where there are none. */
  readonly accounts: readonly unknown[] | null;
  readonly proven: ProvenBooks | null;
  /** `eth_getProof` answers for the declared tokens, in their order; none where they are not proven. */
  readonly tokens: readonly unknown[];
  /** All logs of the block; none where its bloom shows that no log concerns the books. */
  readonly logs: readonly VerifiedLog[];
  /** Null where the receipts were not needed. */
  readonly frames: readonly ReceiptFrame[] | null;
}

/** What there is of a fetched block now; null while its header or its logs are missing. */
export function toEvidenceBlock(fetched: FetchedBlock): EvidenceBlock | null {
  const { hash, header, encoding, facts, frames, proven, custody, served } = fetched;
  if (header === null || facts === null) return null;
  const accounts = served?.answers.slice(0, BOOK_NAMES.length) ?? null;
  const tokens = custody.size === 0 ? [] : (served?.answers.slice(-custody.size) ?? []);
  return { hash, header, encoding, accounts, proven, tokens, logs: facts.logs, frames };
}
