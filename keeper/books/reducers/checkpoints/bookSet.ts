import type { Address } from "../../../lib/hex.ts";
import { storage } from "../../generated/CheckpointRegistry.ts";
import { readCursor, type Read } from "./ring.ts";

/** The list of book contracts that is valid at a block. */
export interface BookSet {
  /** Zero before the first one. */
  readonly version: bigint;
  readonly contracts: readonly Address[];
}

/** The book set at a block, as `CheckpointRegistry.bookSetVersionAt` and `booksOf`. */
export function bookSetAt(blockNumber: bigint, read: Read): BookSet {
  const { contracts, activeFrom } = storage.bookSets;
  let version = readCursor(read).bookSetVersion;
  while (version > 0n && activeFrom.decode(read(activeFrom.slot(version))) > blockNumber) version -= 1n;
  const count = Number(version === 0n ? 0n : contracts.length.decode(read(contracts.length.slot(version))));
  const addressAt = (index: number): Address => contracts.at.decode(read(contracts.at.slot(version, BigInt(index))));
  return { version, contracts: Array.from({ length: Math.min(count, 255) }, (_, index) => addressAt(index)) };
}
