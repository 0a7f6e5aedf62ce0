import { attestationDigest } from "../../domain/attestationDigest.ts";
import {
  decodeEvent,
  storage,
  type AttestationConvictedEvent,
  type BookSetChangedEvent,
  type CheckpointPostedEvent,
  type CheckpointRegistryEvent,
  type CheckpointReplacedEvent,
  type KeeperSetAdoptedEvent,
  type RewardPaidEvent,
} from "../generated/CheckpointRegistry.ts";
import { storage as keepers } from "../generated/KeeperRegistry.ts";
import { FLAG, readHot } from "../legality/flags.ts";
import type { Reducer, ReducerContext } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";
import { changeWord } from "./changeWord.ts";
import {
  CHECKPOINT_STATUS,
  indexOf,
  metaAt,
  newestBefore,
  readCursor,
  rewardAt,
  RING,
  type Read,
} from "./checkpoints/ring.ts";
import { readIncident } from "./guardState.ts";

/** Every storage variable of the contract; the two names are short, so OpenZeppelin leaves their words at zero. */
export const MAPPED_VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_nameFallback",
  "_versionFallback",
  "_ring",
  "_cursor",
  "_keeperSet",
  "_reward",
  "_bookSets",
] as const;

function reading(context: ReducerContext): Read {
  return (slot) => context.read(slot);
}

function changeMeta(
  blockNumber: bigint,
  change: { readonly status?: bigint; readonly isPaid?: boolean },
  context: ReducerContext,
): void {
  const index = indexOf(blockNumber, reading(context));
  if (index === undefined) return;
  const { word1 } = storage.ring.at;
  changeWord(word1, word1.slot(index), change, context);
}

function changeCursor(change: Partial<ReturnType<typeof readCursor>>, context: ReducerContext): void {
  changeWord(storage.cursor, storage.cursor.slot, change, context);
}

/** The checkpoint that must not be dropped, as `SyncGuard.onCheckpoint` answers; 0 when no incident stands. */
function witnessNumber(context: ReducerContext): bigint {
  return (readHot(context).flags & FLAG.increaseRisk) === 0n ? 0n : readIncident(context).witnessNumber;
}

/** Posts that stay when the next one comes: the witness of withdrawals never falls out of the ring. */
function postsKept(context: ReducerContext): bigint {
  const read = reading(context);
  const { posts } = readCursor(read);
  const witness = witnessNumber(context);
  return witness === 0n || metaAt(posts % RING, read).blockNumber !== witness ? posts : posts - 1n;
}

/** Writes nothing: the post that follows takes the place of the newest one. */
function expectReplacement(event: CheckpointReplacedEvent, context: ReducerContext): void {
  const read = reading(context);
  const { posts } = readCursor(read);
  context.expect("posts", event.posts, postsKept(context));
  context.expect("blockNumber", event.blockNumber, metaAt((posts - 1n) % RING, read).blockNumber);
}

/** Who takes the place of a checkpoint that was paid, or carried for nothing, is carried for nothing. */
function applyPost(event: CheckpointPostedEvent, context: ReducerContext): void {
  const read = reading(context);
  const { chainId } = context.immutables;
  const posts = postsKept(context);
  const index = posts % RING;
  const { blockNumber, carrier } = event;
  context.expect("postedAt", event.postedAt, context.timestamp);
  if (posts !== readCursor(read).posts) {
    const replaced = metaAt(index, read);
    const isUnpaid = replaced.isPaid || BigInt(replaced.carrier) === 0n;
    context.expect("carrier", BigInt(carrier) === 0n, isUnpaid);
  }
  const { digest, word1 } = storage.ring.at;
  const registry = context.addresses.CheckpointRegistry;
  context.write(digest.slot(index), digest.encode(attestationDigest(event, { chainId, registry })));
  const meta = { blockNumber, postedAt: context.timestamp, carrier, status: CHECKPOINT_STATUS.posted, isPaid: false };
  context.write(word1.slot(index), word1.encode(meta));
  changeCursor({ highest: blockNumber, newest: blockNumber, posts: posts + 1n }, context);
}

/** A posted checkpoint falls if it is the convicted attestation's. */
function applyConviction(event: AttestationConvictedEvent, context: ReducerContext): void {
  const read = reading(context);
  const { blockNumber, digest } = event;
  const index = indexOf(blockNumber, read);
  const slot = storage.ring.at.digest;
  const isVoided =
    index !== undefined &&
    slot.decode(context.read(slot.slot(index))) === digest &&
    metaAt(index, read).status !== CHECKPOINT_STATUS.convicted;
  if (isVoided) {
    changeMeta(blockNumber, { status: CHECKPOINT_STATUS.convicted }, context);
    if (readCursor(read).newest === blockNumber) changeCursor({ newest: newestBefore(blockNumber, read) }, context);
  }
  context.expect("isVoided", event.isVoided, isVoided);
  context.expect("newest", event.newest, readCursor(read).newest);
  context.memory.convicted = digest;
}

function applyBookSet(event: BookSetChangedEvent, context: ReducerContext): void {
  const version = readCursor(reading(context)).bookSetVersion + 1n;
  context.expect("version", event.version, version);
  const bookCount = BigInt(event.contracts.length);
  changeCursor({ bookSetVersion: version, bookSetFrom: event.activeFrom, bookCount }, context);
  const { contracts, activeFrom } = storage.bookSets;
  context.write(contracts.length.slot(version), contracts.length.encode(bookCount));
  event.contracts.forEach((address, index) => {
    context.write(contracts.at.slot(version, BigInt(index)), contracts.at.encode(address));
  });
  changeWord(activeFrom, activeFrom.slot(version), event.activeFrom, context);
}

/** What the keeper registry has at this moment. */
function applyKeeperSet(event: KeeperSetAdoptedEvent, context: ReducerContext): void {
  const { setId } = keepers.state.decode(context.readOf("KeeperRegistry", keepers.state.slot));
  const commitment = keepers.commitment.decode(context.readOf("KeeperRegistry", keepers.commitment.slot));
  context.expect("setId", event.setId, setId);
  context.expect("commitment", event.commitment, commitment);
  changeCursor({ setId }, context);
  context.write(storage.keeperSet.slot, storage.keeperSet.encode(commitment));
}

function applyPayment(event: RewardPaidEvent, context: ReducerContext): void {
  const read = reading(context);
  const index = indexOf(event.blockNumber, read);
  context.expect("amount", event.amount, index === undefined ? 0n : rewardAt(index, read));
  if (index !== undefined) context.expect("carrier", event.carrier, metaAt(index, read).carrier);
  changeMeta(event.blockNumber, { isPaid: true }, context);
}

/** Keeps the ring of checkpoints, its cursor, the keeper set that signs, the book sets and what carriers are paid. */
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
      case "KeeperSetAdopted":
        applyKeeperSet(event, context);
        return;
      case "CheckpointPosted":
        applyPost(event, context);
        return;
      case "CheckpointReplaced":
        expectReplacement(event, context);
        return;
      case "CheckpointProven":
        changeMeta(event.blockNumber, { status: CHECKPOINT_STATUS.proven }, context);
        return;
      case "AttestationConvicted":
        applyConviction(event, context);
        return;
      case "RewardSet": {
        const { perBlock, maxBlocks } = event;
        changeWord(storage.reward, storage.reward.slot, { perBlock, maxBlocks, isUsed: true }, context);
        return;
      }
      case "RewardPaid":
        applyPayment(event, context);
        return;
      case "EIP712DomainChanged":
        return;
    }
  },
};
