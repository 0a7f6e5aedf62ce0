import { concat, keccak256 } from "ethers";

import { isLiftable } from "./applyGuard.ts";
import {
  bookSetVersionAt,
  CONVICTED,
  findCheckpoint,
  isReplacementDue,
  newestBefore,
  POSTED,
  PROVEN,
  RING,
} from "./checkpointRing.ts";
import { hot } from "./ledgerStorage.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { DEGRADED_FLAGS, isStale, without } from "./flags.ts";
import { bookAt, bookSetAt, bookSetVersion, checkpointAt, cursor, keepers } from "./syncStorage.ts";
import { word32 } from "./words.ts";

/** The registry's window is a constant in its code, at most that of `blockhash`. */
const LONGEST_POST_WINDOW = 256n;

function setBooks(state: Derivation, event: NaiveEvent): void {
  const contracts = event.list("contracts");
  const activeFrom = event.number("activeFrom");
  const previous = state.get(bookSetVersion);
  state.require(contracts.length !== 0, "sets no books");
  state.require(!contracts.some((contract) => BigInt(contract) === 0n), "sets the zero address as a book");
  state.require(new Set(contracts).size === contracts.length, "sets a book twice");
  state.require(activeFrom >= BigInt(state.input.block.number), `sets books from past block ${activeFrom}`);
  const isLater = previous === 0n || activeFrom > state.get(bookSetAt(previous).activeFrom);
  state.require(isLater, "sets books from before the previous ones");

  const version = previous + 1n;
  state.set(bookSetVersion, version);
  state.set(bookSetAt(version).length, BigInt(contracts.length));
  contracts.forEach((contract, index) => state.set(bookAt(version, BigInt(index)), contract));
  state.set(bookSetAt(version).activeFrom, activeFrom);
  state.compare("version", event.number("version"), version);
}

function requirePostable(state: Derivation, event: NaiveEvent): void {
  const blockNumber = event.number("blockNumber");
  const roots = event.list("roots");
  const current = BigInt(state.input.block.number);
  state.require(BigInt(event.hex("blockHash")) !== 0n, "posts the zero hash");
  state.require(blockNumber < current, `posts future block ${blockNumber}`);
  state.require(current - blockNumber <= LONGEST_POST_WINDOW, `posts old block ${blockNumber}`);
  state.require(blockNumber > state.get(cursor.highest), `posts block ${blockNumber}, which is not newer`);
  const version = bookSetVersionAt(state, blockNumber);
  state.require(version !== 0n, "posts a block before the first book set");
  state.require(BigInt(roots.length) === state.get(bookSetAt(version).length), `posts ${roots.length} roots`);
  state.require(!roots.some((root) => BigInt(root) === 0n), "posts a zero root");
}

/** Writes nothing: the post that follows takes the place of the newest one. */
function replace(state: Derivation, event: NaiveEvent): void {
  state.require(isReplacementDue(state), "replaces a checkpoint though the oldest may go");
  const posts = state.get(cursor.posts) - 1n;
  state.compare("blockNumber", event.number("blockNumber"), state.get(checkpointAt(posts % RING).blockNumber));
  state.compare("posts", event.number("posts"), posts);
  state.transaction.replacement = { logIndex: state.logIndex };
}

/** @returns the number of posts that stay */
function makeRoom(state: Derivation): bigint {
  const isDue = isReplacementDue(state);
  state.require(!isDue || state.transaction.replacement !== undefined, "drops the witness of withdrawals");
  state.transaction.replacement = undefined;
  return state.get(cursor.posts) - (isDue ? 1n : 0n);
}

/** Not checked: the signatures, which are in calldata, and the hash of a block that is not at hand. */
function post(state: Derivation, event: NaiveEvent): void {
  requirePostable(state, event);
  const blockNumber = event.number("blockNumber");
  const booksRoot = keccak256(concat(event.list("roots")));
  const setId = state.get(keepers.setId);
  const version = bookSetVersionAt(state, blockNumber);

  const posts = makeRoom(state);
  const checkpoint = checkpointAt(posts % RING);
  state.set(checkpoint.blockHash, BigInt(event.hex("blockHash")));
  state.set(checkpoint.booksRoot, BigInt(booksRoot));
  state.set(checkpoint.blockNumber, blockNumber);
  state.set(checkpoint.postedAt, state.timestamp);
  state.set(checkpoint.setId, setId);
  state.set(checkpoint.bookSetVersion, version);
  state.set(checkpoint.status, POSTED);
  state.set(cursor.highest, blockNumber);
  state.set(cursor.newest, blockNumber);
  state.set(cursor.posts, posts + 1n);
  state.compare("booksRoot", event.hex("booksRoot"), booksRoot);
  state.compare("setId", event.number("setId"), setId);
  state.compare("bookSetVersion", event.number("bookSetVersion"), version);
  state.compare("postedAt", event.number("postedAt"), state.timestamp);
  expectCheckpointPush(state, blockNumber);
}

/** `SyncGuard.onCheckpoint`: whatever ends here, stale or soft, starts the grace. */
function expectCheckpointPush(state: Derivation, blockNumber: bigint): void {
  const flags = state.get(hot.flags);
  const isLiftDue = isLiftable(state, blockNumber);
  const endsRestriction = isStale(state) || isLiftDue;
  state.transaction.expectedPush = {
    logIndex: state.logIndex,
    flags: isLiftDue ? without(flags, DEGRADED_FLAGS) : flags,
    checkpointTime: state.timestamp,
    graceUntil: endsRestriction ? state.timestamp + state.input.immutables.grace : state.get(hot.graceUntil),
    isLiftDue,
  };
}

function prove(state: Derivation, event: NaiveEvent): void {
  const index = findCheckpoint(state, event.number("blockNumber"));
  if (index === undefined) return state.report("illegal", "proves a checkpoint that is not known");
  const checkpoint = checkpointAt(index);
  state.require(state.get(checkpoint.status) === POSTED, "proves a checkpoint that is not posted");
  state.set(checkpoint.status, PROVEN);
  state.compare("blockHash", event.hex("blockHash"), word32(state.get(checkpoint.blockHash)));
}

/** The posted checkpoint of a convicted attestation falls, and the newest other one takes its place. */
function voidCheckpoint(state: Derivation, event: NaiveEvent): boolean {
  const blockNumber = event.number("blockNumber");
  const index = findCheckpoint(state, blockNumber);
  if (index === undefined) return false;
  const checkpoint = checkpointAt(index);
  const isSame =
    state.get(checkpoint.blockHash) === BigInt(event.hex("blockHash")) &&
    state.get(checkpoint.booksRoot) === BigInt(event.hex("booksRoot"));
  if (!isSame || state.get(checkpoint.status) === CONVICTED) return false;
  state.set(checkpoint.status, CONVICTED);
  if (state.get(cursor.newest) === blockNumber) state.set(cursor.newest, newestBefore(state, blockNumber));
  return true;
}

function convict(state: Derivation, event: NaiveEvent): void {
  const challenger = event.hex("challenger");
  const { jailed } = state.transaction;
  state.require(
    jailed.every((keeper) => keeper.challenger === challenger),
    "convicts for another challenger than the one that the keepers were jailed for",
  );
  state.transaction.jailed = [];
  const isVoided = voidCheckpoint(state, event);
  state.require(isVoided || jailed.length > 0, "convicts nobody of nothing");
  state.compare("isVoided", event.flag("isVoided"), isVoided);
  state.compare("newest", event.number("newest"), state.get(cursor.newest));
  state.transaction.conviction = { logIndex: state.logIndex };
}

/** Applies an event of CheckpointRegistry. */
export function applyRegistry(state: Derivation, event: NaiveEvent): void {
  if (event.name === "BookSetChanged") setBooks(state, event);
  if (event.name === "CheckpointPosted") post(state, event);
  if (event.name === "CheckpointReplaced") replace(state, event);
  if (event.name === "CheckpointProven") prove(state, event);
  if (event.name === "AttestationConvicted") convict(state, event);
}
