import type { Hash } from "../../../lib/hex.ts";
import { storage, type CursorWord, type RingAtWord1 } from "../../generated/CheckpointRegistry.ts";

/** `CheckpointStatus` of the contract. */
export const CHECKPOINT_STATUS = { none: 0n, posted: 1n, proven: 2n, convicted: 3n } as const;

/** Checkpoints kept. */
export const RING = 64n;

/** Reads a word of the checkpoint registry. */
export type Read = (slot: Hash) => bigint;

/** The word that every post reads and writes. */
export function readCursor(read: Read): CursorWord {
  return storage.cursor.decode(read(storage.cursor.slot));
}

/** What the ring keeps at an index beside the digest. */
export function metaAt(index: bigint, read: Read): RingAtWord1 {
  const { word1 } = storage.ring.at;
  return word1.decode(read(word1.slot(index)));
}

/** EIP-712 digest of the checkpoint at a ring index. */
export function digestAt(index: bigint, read: Read): Hash {
  const { digest } = storage.ring.at;
  return digest.decode(read(digest.slot(index)));
}

/** Ring indices, newest first. */
export function newestFirst(read: Read): bigint[] {
  const { posts } = readCursor(read);
  const count = posts < RING ? posts : RING;
  return Array.from({ length: Number(count) }, (_, back) => (posts - 1n - BigInt(back)) % RING);
}

/** Ring index of the checkpoint of a block; undefined when it is not kept. */
export function indexOf(blockNumber: bigint, read: Read): bigint | undefined {
  return newestFirst(read).find((index) => metaAt(index, read).blockNumber === blockNumber);
}

/** Whether a checkpoint of the block is kept and not convicted. */
export function isValid(blockNumber: bigint, read: Read): boolean {
  const index = indexOf(blockNumber, read);
  return index !== undefined && metaAt(index, read).status !== CHECKPOINT_STATUS.convicted;
}

/** Block number of the newest checkpoint below `blockNumber` that is not convicted; 0 when the ring has none. */
export function newestBefore(blockNumber: bigint, read: Read): bigint {
  for (const index of newestFirst(read)) {
    const meta = metaAt(index, read);
    if (meta.blockNumber < blockNumber && meta.status !== CHECKPOINT_STATUS.convicted) return meta.blockNumber;
  }
  return 0n;
}

/** Time of the newest checkpoint that is not convicted, seconds; 0 when there is none. */
export function newestPostedAt(read: Read): bigint {
  const { newest } = readCursor(read);
  const index = newest === 0n ? undefined : indexOf(newest, read);
  return index === undefined ? 0n : metaAt(index, read).postedAt;
}

/**
 * What the carrier of the checkpoint at a ring index is paid, 1e-18 quote: for the blocks by which it is newer than the one
 * before it, as long as that is kept; the first of all advanced one block.
 */
export function rewardAt(index: bigint, read: Read): bigint {
  const { posts } = readCursor(read);
  const { perBlock, maxBlocks } = storage.reward.decode(read(storage.reward.slot));
  const isFirst = index === 0n && posts <= RING;
  const isOldest = posts >= RING && index === posts % RING;
  if (isOldest && !isFirst) return 0n;
  const before = isFirst ? null : metaAt((index + RING - 1n) % RING, read).blockNumber;
  const advanced = before === null ? 1n : metaAt(index, read).blockNumber - before;
  return (advanced < maxBlocks ? advanced : maxBlocks) * perBlock;
}
