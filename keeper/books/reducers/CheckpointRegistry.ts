import type { Hash } from "../../lib/hex.ts";
import {
  decodeEvent,
  storage,
  type AttestationConvictedEvent,
  type BookSetChangedEvent,
  type CheckpointPostedEvent,
  type CheckpointRegistryEvent,
  type CheckpointReplacedEvent,
} from "../generated/CheckpointRegistry.ts";
import { storage as ledger } from "../generated/PositionLedger.ts";
import { storage as guard } from "../generated/SyncGuard.ts";
import type { Reducer, ReducerContext } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";

/** Every storage variable of the contract; the two names are short, so OpenZeppelin leaves their words at zero. */
export const MAPPED_VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_nameFallback",
  "_versionFallback",
  "_ring",
  "_cursor",
  "_bookSetVersion",
  "_bookSets",
] as const;

/** `CheckpointStatus` of the contract. */
export const CHECKPOINT_STATUS = { none: 0n, posted: 1n, proven: 2n, convicted: 3n } as const;

const RING = 64n;
/** Bit of the ledger's flags that refuses new risk: while it is set, an incident stands. */
const INCREASE_RISK = 1n;

type Read = (slot: Hash) => bigint;

function readCursor(read: Read) {
  return storage.cursor.decode(read(storage.cursor.slot));
}

/** Ring indices, newest first. */
function newestFirst(read: Read): bigint[] {
  const { posts } = readCursor(read);
  const count = posts < RING ? posts : RING;
  return Array.from({ length: Number(count) }, (_, back) => (posts - 1n - BigInt(back)) % RING);
}

function metaAt(index: bigint, read: Read) {
  return storage.ring.at.word2.decode(read(storage.ring.at.word2.slot(index)));
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
  const index = newestFirst(read).find((candidate) => metaAt(candidate, read).blockNumber === newest);
  return newest === 0n || index === undefined ? 0n : metaAt(index, read).postedAt;
}

function setStatus(blockNumber: bigint, status: bigint, context: ReducerContext): void {
  const read: Read = (slot) => context.read(slot);
  const index = newestFirst(read).find((candidate) => metaAt(candidate, read).blockNumber === blockNumber);
  if (index === undefined) return;
  const { word2 } = storage.ring.at;
  context.write(word2.slot(index), word2.encode({ ...metaAt(index, read), status }));
}

/** As `SyncGuard.witnessNumber()`: the incident's while one stands, otherwise the newest checkpoint. */
function witnessNumber(context: ReducerContext): bigint {
  const { flags } = ledger.hot.decode(context.readOf("PositionLedger", ledger.hot.slot));
  if ((flags & INCREASE_RISK) === 0n) return readCursor((slot) => context.read(slot)).newest;
  return guard.incident.decode(context.readOf("SyncGuard", guard.incident.slot)).witnessNumber;
}

/** Posts that stay when the next one comes: the witness of withdrawals never falls out of the ring. */
function postsKept(context: ReducerContext): bigint {
  const read: Read = (slot) => context.read(slot);
  const { posts } = readCursor(read);
  const oldest = metaAt(posts % RING, read).blockNumber;
  return oldest === 0n || oldest !== witnessNumber(context) ? posts : posts - 1n;
}

/** Writes nothing: the post that follows takes the place of the newest one. */
function expectReplacement(event: CheckpointReplacedEvent, context: ReducerContext): void {
  const { posts } = readCursor((slot) => context.read(slot));
  const replaced = metaAt((posts - 1n) % RING, (slot) => context.read(slot)).blockNumber;
  context.expect("posts", event.posts, postsKept(context));
  context.expect("blockNumber", event.blockNumber, replaced);
}

function applyPost(event: CheckpointPostedEvent, context: ReducerContext): void {
  const posts = postsKept(context);
  const index = posts % RING;
  const { blockNumber, setId, bookSetVersion } = event;
  context.expect("postedAt", event.postedAt, context.timestamp);
  const { blockHash, booksRoot, word2 } = storage.ring.at;
  context.write(blockHash.slot(index), blockHash.encode(event.blockHash));
  context.write(booksRoot.slot(index), booksRoot.encode(event.booksRoot));
  context.write(
    word2.slot(index),
    word2.encode({
      blockNumber,
      postedAt: context.timestamp,
      setId,
      bookSetVersion,
      status: CHECKPOINT_STATUS.posted,
    }),
  );
  context.write(
    storage.cursor.slot,
    storage.cursor.encode({ highest: blockNumber, newest: blockNumber, posts: posts + 1n }),
  );
}

function applyConviction(event: AttestationConvictedEvent, context: ReducerContext): void {
  const read: Read = (slot) => context.read(slot);
  const cursor = readCursor(read);
  let newest = cursor.newest;
  if (event.isVoided) {
    setStatus(event.blockNumber, CHECKPOINT_STATUS.convicted, context);
    if (newest === event.blockNumber) newest = newestBefore(event.blockNumber, read);
  }
  context.expect("newest", event.newest, newest);
  context.write(storage.cursor.slot, storage.cursor.encode({ ...cursor, newest }));
}

function applyBookSet(event: BookSetChangedEvent, context: ReducerContext): void {
  const version = storage.bookSetVersion.decode(context.read(storage.bookSetVersion.slot)) + 1n;
  context.expect("version", event.version, version);
  context.write(storage.bookSetVersion.slot, storage.bookSetVersion.encode(version));
  const { contracts, activeFrom } = storage.bookSets;
  context.write(contracts.length.slot(version), contracts.length.encode(BigInt(event.contracts.length)));
  event.contracts.forEach((address, index) => {
    context.write(contracts.at.slot(version, BigInt(index)), contracts.at.encode(address));
  });
  context.write(activeFrom.slot(version), activeFrom.encode(event.activeFrom));
}

/** Keeps the ring of checkpoints, its cursor and the book sets; a post never evicts the witness of withdrawals. */
export const checkpointRegistry: Reducer<CheckpointRegistryEvent> = {
  book: "CheckpointRegistry",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "AuthorityUpdated":
        applyAuthority(event, storage.word0, context);
        return;
      case "BookSetChanged":
        applyBookSet(event, context);
        return;
      case "CheckpointPosted":
        applyPost(event, context);
        return;
      case "CheckpointReplaced":
        expectReplacement(event, context);
        return;
      case "CheckpointProven":
        setStatus(event.blockNumber, CHECKPOINT_STATUS.proven, context);
        return;
      case "AttestationConvicted":
        applyConviction(event, context);
        return;
      case "EIP712DomainChanged":
        return;
    }
  },
};
