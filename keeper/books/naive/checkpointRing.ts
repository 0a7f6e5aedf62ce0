import { hot } from "./ledgerStorage.ts";
import type { Derivation } from "./Derivation.ts";
import { has, INCREASE_RISK } from "./flags.ts";
import { bookSetAt, bookSetVersion, checkpointAt, cursor, incident } from "./syncStorage.ts";

/** Checkpoints kept. */
export const RING = 64n;
/** `enum CheckpointStatus { None, Posted, Proven, Convicted }` */
export const POSTED = 1n;
/** Shown to equal the chain. */
export const PROVEN = 2n;
/** Shown to be false. */
export const CONVICTED = 3n;

/** The ring's indices, newest post first. */
function newestFirst(state: Derivation): bigint[] {
  const posts = state.get(cursor.posts);
  const indices: bigint[] = [];
  for (let back = 1n; back <= RING && back <= posts; back += 1n) indices.push((posts - back) % RING);
  return indices;
}

/** Where the checkpoint of a block is; block zero is no checkpoint. */
export function findCheckpoint(state: Derivation, blockNumber: bigint): bigint | undefined {
  if (blockNumber === 0n) return undefined;
  return newestFirst(state).find((index) => state.get(checkpointAt(index).blockNumber) === blockNumber);
}

/** Block of the newest checkpoint below `blockNumber` that is not convicted; zero when the ring has none. */
export function newestBefore(state: Derivation, blockNumber: bigint): bigint {
  for (const index of newestFirst(state)) {
    const checkpoint = checkpointAt(index);
    const number = state.get(checkpoint.blockNumber);
    if (number < blockNumber && state.get(checkpoint.status) !== CONVICTED) return number;
  }
  return 0n;
}

/** Block of the checkpoint that withdrawals must be proved against: `SyncGuard.witnessNumber`. */
export function witnessNumber(state: Derivation): bigint {
  return state.get(has(state.get(hot.flags), INCREASE_RISK) ? incident.witnessNumber : cursor.newest);
}

/** Whether the next post would overwrite the witness of withdrawals, so that the newest one has to make room. */
export function isReplacementDue(state: Derivation): boolean {
  const oldest = state.get(checkpointAt(state.get(cursor.posts) % RING).blockNumber);
  return oldest !== 0n && oldest === witnessNumber(state);
}

/** When the newest valid checkpoint was posted; zero when there is none. */
export function newestPostedAt(state: Derivation): bigint {
  const index = findCheckpoint(state, state.get(cursor.newest));
  return index === undefined ? 0n : state.get(checkpointAt(index).postedAt);
}

/** The version of the book set that is valid at a block; zero before the first. */
export function bookSetVersionAt(state: Derivation, blockNumber: bigint): bigint {
  let version = state.get(bookSetVersion);
  while (version !== 0n && state.get(bookSetAt(version).activeFrom) > blockNumber) version -= 1n;
  return version;
}
