import { min } from "./arithmetic.ts";
import {
  bookSetVersionAt,
  CONVICTED,
  findCheckpoint,
  findPost,
  isReplacementDue,
  newestBefore,
  POSTED,
  PROVEN,
  RING,
} from "./checkpointRing.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { isLiftable } from "./guardEnds.ts";
import { takePush } from "./hotWord.ts";
import { adoptSet, isFunctional } from "./keeperSet.ts";
import { hot } from "./ledgerStorage.ts";
import { hashAttestation, hashRoots } from "./signedHashes.ts";
import { bookAt, bookSetAt, checkpointAt, cursor, reward } from "./syncStorage.ts";
import { word32 } from "./words.ts";

/** The registry's window is a constant in its code, at most that of `blockhash`. */
const LONGEST_POST_WINDOW = 256n;
const MAX_BOOKS = 32;

function setBooks(state: Derivation, event: NaiveEvent): void {
  const contracts = event.list("contracts");
  const activeFrom = event.number("activeFrom");
  const previous = state.get(cursor.bookSetVersion);
  state.require(contracts.length !== 0 && contracts.length <= MAX_BOOKS, `sets ${contracts.length} books`);
  state.require(!contracts.some((contract) => BigInt(contract) === 0n), "sets the zero address as a book");
  state.require(new Set(contracts).size === contracts.length, "sets a book twice");
  state.require(activeFrom >= state.blockNumber, `sets books from past block ${activeFrom}`);
  const isLater = previous === 0n || activeFrom > state.get(cursor.bookSetFrom);
  state.require(isLater, "sets books from before the previous ones");

  const version = previous + 1n;
  state.set(cursor.bookSetVersion, version);
  state.set(cursor.bookSetFrom, activeFrom);
  state.set(cursor.bookCount, BigInt(contracts.length));
  state.set(bookSetAt(version).length, BigInt(contracts.length));
  contracts.forEach((contract, index) => {
    state.set(bookAt(version, BigInt(index)), contract);
  });
  state.set(bookSetAt(version).activeFrom, activeFrom);
  state.compare("version", event.number("version"), version);
}

function requirePostable(state: Derivation, event: NaiveEvent): void {
  const blockNumber = event.number("blockNumber");
  const roots = event.list("roots");
  const current = state.blockNumber;
  state.require(BigInt(event.hex("blockHash")) !== 0n, "posts the zero hash");
  state.require(blockNumber < current, `posts future block ${blockNumber}`);
  state.require(current - blockNumber <= LONGEST_POST_WINDOW, `posts old block ${blockNumber}`);
  state.require(blockNumber > state.get(cursor.highest), `posts block ${blockNumber}, which is not newer`);
  state.require(isFunctional(state), "posts without a quorum of keepers");
  const version = bookSetVersionAt(state, blockNumber);
  state.require(version !== 0n, "posts a block before the first book set");
  state.require(BigInt(roots.length) === state.get(bookSetAt(version).length), `posts ${roots.length} roots`);
  state.require(!roots.some((root) => BigInt(root) === 0n), "posts a zero root");
}

/**
 * Writes nothing: the post that follows takes the place of the newest one. It also takes over what that one advanced, and is
 * carried for nothing if that was paid, or carried for nothing itself.
 */
function replace(state: Derivation, event: NaiveEvent): void {
  state.require(isReplacementDue(state), "replaces a checkpoint though the oldest may go");
  const posts = state.get(cursor.posts) - 1n;
  const newest = checkpointAt(posts % RING);
  const isUnpaid = state.isSet(newest.isPaid) || !state.isSet(newest.carrier);
  state.compare("blockNumber", event.number("blockNumber"), state.get(newest.blockNumber));
  state.compare("posts", event.number("posts"), posts);
  state.transaction.replacement = { logIndex: state.logIndex, isUnpaid };
}

/** @returns the number of posts that stay, and whether the next one is carried for nothing */
function makeRoom(state: Derivation): { readonly posts: bigint; readonly isUnpaid: boolean } {
  const { replacement } = state.transaction;
  const isDue = isReplacementDue(state);
  state.require(!isDue || replacement !== undefined, "drops the witness of withdrawals");
  state.transaction.replacement = undefined;
  return { posts: state.get(cursor.posts) - (isDue ? 1n : 0n), isUnpaid: replacement?.isUnpaid === true };
}

/** Not checked: the signatures, which are in calldata, and the hash of a block that is not at hand. */
function post(state: Derivation, event: NaiveEvent): void {
  takePush(state, "checkpoint");
  requirePostable(state, event);
  const blockNumber = event.number("blockNumber");
  const setId = state.get(cursor.setId);
  const bookSetVersion = bookSetVersionAt(state, blockNumber);
  const booksRoot = hashRoots(event.list("roots"));
  const attestation = { setId, bookSetVersion, blockNumber, blockHash: event.hex("blockHash"), booksRoot };
  state.require(!isLiftable(state, state.get(hot.flags), blockNumber), "leaves a soft pause that it lifts");

  const { posts, isUnpaid } = makeRoom(state);
  const carrier = isUnpaid ? word32(0n).slice(0, 42) : event.hex("carrier");
  const checkpoint = checkpointAt(posts % RING);
  state.require(isUnpaid || BigInt(carrier) !== 0n, "is carried by nobody");
  state.set(checkpoint.digest, hashAttestation(state, attestation));
  state.set(checkpoint.blockNumber, blockNumber);
  state.set(checkpoint.postedAt, state.timestamp);
  state.set(checkpoint.carrier, BigInt(carrier));
  state.set(checkpoint.status, POSTED);
  state.set(checkpoint.isPaid, false);
  state.set(cursor.highest, blockNumber);
  state.set(cursor.newest, blockNumber);
  state.set(cursor.posts, posts + 1n);
  state.compare("carrier", event.hex("carrier"), carrier);
  state.compare("setId", event.number("setId"), setId);
  state.compare("bookSetVersion", event.number("bookSetVersion"), bookSetVersion);
  state.compare("postedAt", event.number("postedAt"), state.timestamp);
}

/** Not checked: the header and the proofs, which are in calldata. The block's hash is in what the digest commits to. */
function prove(state: Derivation, event: NaiveEvent): void {
  const index = findCheckpoint(state, event.number("blockNumber"));
  if (index === undefined) return state.report("illegal", "proves a checkpoint that is not known");
  const { status } = checkpointAt(index);
  state.require(state.get(status) === POSTED, "proves a checkpoint that is not posted");
  state.set(status, PROVEN);
}

/** The posted checkpoint of a convicted attestation falls, and the newest other one takes its place. */
function voidCheckpoint(state: Derivation, event: NaiveEvent): boolean {
  const blockNumber = event.number("blockNumber");
  const index = findCheckpoint(state, blockNumber);
  if (index === undefined) return false;
  const { digest, status } = checkpointAt(index);
  if (state.get(digest) !== BigInt(event.hex("digest")) || state.get(status) === CONVICTED) return false;
  state.set(status, CONVICTED);
  if (state.get(cursor.newest) === blockNumber) state.set(cursor.newest, newestBefore(state, blockNumber));
  return true;
}

function convict(state: Derivation, event: NaiveEvent): void {
  const challenger = event.hex("challenger");
  const { slashed } = state.transaction;
  state.require(
    slashed.every((keeper) => keeper.challenger === challenger),
    "convicts for another challenger than the one that the keepers were slashed for",
  );
  state.transaction.slashed = [];
  const isVoided = voidCheckpoint(state, event);
  state.require(isVoided || slashed.length > 0, "convicts nobody of nothing");
  state.compare("isVoided", event.flag("isVoided"), isVoided);
  state.compare("newest", event.number("newest"), state.get(cursor.newest));
  state.transaction.conviction = { logIndex: state.logIndex, digest: event.hex("digest") };
}

function setReward(state: Derivation, event: NaiveEvent): void {
  state.set(reward.perBlock, event.number("perBlock"));
  state.set(reward.maxBlocks, event.number("maxBlocks"));
  state.set(reward.isUsed, true);
}

/** The blocks by which a post is newer than the one before it, which must be kept; the very first one counts for itself. */
function advancedBy(state: Derivation, post: bigint): bigint {
  if (post === 0n) return 1n;
  const number = state.get(checkpointAt(post % RING).blockNumber);
  const before = state.get(checkpointAt((post - 1n) % RING).blockNumber);
  state.require(post > state.get(cursor.posts) - RING, `pays for block ${number}, whose predecessor is gone`);
  return number - before;
}

/** From the fund, to the carrier, once. */
function payReward(state: Derivation, event: NaiveEvent): void {
  state.require(state.transaction.isExpected, "pays a reward that the fund has not released");
  const blockNumber = event.number("blockNumber");
  const number = findPost(state, blockNumber);
  if (number === undefined) return state.report("illegal", `pays for block ${blockNumber}, which is not kept`);
  const { carrier, status, isPaid } = checkpointAt(number % RING);
  state.require(state.get(status) !== CONVICTED, "pays for a checkpoint that is convicted");
  state.require(state.getAddress(carrier) === event.hex("carrier"), "pays another than the carrier");
  state.require(!state.isSet(isPaid), "pays for a checkpoint again");
  const advanced = min(advancedBy(state, number), state.get(reward.maxBlocks));
  const amount = advanced * state.get(reward.perBlock);
  state.require(amount !== 0n, "pays a reward of nothing");
  state.set(isPaid, true);
  state.compare("amount", event.number("amount"), amount);
}

/** Applies an event of CheckpointRegistry. */
export function applyRegistry(state: Derivation, event: NaiveEvent): void {
  if (event.name === "BookSetChanged") setBooks(state, event);
  if (event.name === "KeeperSetAdopted") adoptSet(state, event);
  if (event.name === "CheckpointPosted") post(state, event);
  if (event.name === "CheckpointReplaced") replace(state, event);
  if (event.name === "CheckpointProven") prove(state, event);
  if (event.name === "AttestationConvicted") convict(state, event);
  if (event.name === "RewardSet") setReward(state, event);
  if (event.name === "RewardPaid") payReward(state, event);
}
