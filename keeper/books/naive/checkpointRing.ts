import type { Derivation } from "./Derivation.ts";
import { has, INCREASE_RISK } from "./flags.ts";
import { hot } from "./ledgerStorage.ts";
import { bookSetAt, checkpointAt, cursor, incident } from "./syncStorage.ts";

/** Checkpoints kept. */
export const RING = 64n;
/** `enum CheckpointStatus { None, Posted, Proven, Convicted }` */
export const POSTED = 1n;
/** Shown to equal the chain. */
export const PROVEN = 2n;
/** Shown to be false. */
export const CONVICTED = 3n;

/** The numbers of the posts that are kept, newest first; post n is stored at index n % RING. */
function keptPosts(state: Derivation): bigint[] {
  const posts = state.get(cursor.posts);
  const kept: bigint[] = [];
  for (let back = 1n; back <= RING && back <= posts; back += 1n) kept.push(posts - back);
  return kept;
}

/** The number of the post of a block; undefined when it is not kept. */
export function findPost(state: Derivation, blockNumber: bigint): bigint | undefined {
  return keptPosts(state).find((post) => state.get(checkpointAt(post % RING).blockNumber) === blockNumber);
}

/** Where the checkpoint of a block is. */
export function findCheckpoint(state: Derivation, blockNumber: bigint): bigint | undefined {
  const post = findPost(state, blockNumber);
  return post === undefined ? undefined : post % RING;
}

/** Whether a block has a checkpoint that is kept and that nobody convicted. */
export function isValidCheckpoint(state: Derivation, blockNumber: bigint): boolean {
  const index = findCheckpoint(state, blockNumber);
  return index !== undefined && state.get(checkpointAt(index).status) !== CONVICTED;
}

/** Block of the newest checkpoint below `blockNumber` that is not convicted; zero when the ring has none. */
export function newestBefore(state: Derivation, blockNumber: bigint): bigint {
  for (const post of keptPosts(state)) {
    const checkpoint = checkpointAt(post % RING);
    const number = state.get(checkpoint.blockNumber);
    if (number < blockNumber && state.get(checkpoint.status) !== CONVICTED) return number;
  }
  return 0n;
}

/** Whether the next post would overwrite the witness of an incident that stands, so that the newest one has to make room. */
export function isReplacementDue(state: Derivation): boolean {
  if (!has(state.get(hot.flags), INCREASE_RISK)) return false;
  const oldest = state.get(checkpointAt(state.get(cursor.posts) % RING).blockNumber);
  return oldest !== 0n && oldest === state.get(incident.witnessNumber);
}

/** When the newest valid checkpoint was posted; zero when there is none. */
export function newestPostedAt(state: Derivation): bigint {
  const index = findCheckpoint(state, state.get(cursor.newest));
  return index === undefined ? 0n : state.get(checkpointAt(index).postedAt);
}

/** The version of the book set that is valid at a block; zero before the first. */
export function bookSetVersionAt(state: Derivation, blockNumber: bigint): bigint {
  let version = state.get(cursor.bookSetVersion);
  while (version !== 0n && state.get(bookSetAt(version).activeFrom) > blockNumber) version -= 1n;
  return version;
}
