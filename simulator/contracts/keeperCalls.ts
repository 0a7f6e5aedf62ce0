import { selectorOf } from "../../keeper/actions/plan/abi.ts";
import { bookSetVersionAt, isReplacementDue, newestBefore, RING } from "../../keeper/books/naive/checkpointRing.ts";
import type { Derivation } from "../../keeper/books/naive/Derivation.ts";
import {
  DEGRADED_FLAGS,
  HALT,
  HALTED_FLAGS,
  has,
  INCREASE_RISK,
  isStale,
  without,
} from "../../keeper/books/naive/flags.ts";
import { isLiftable } from "../../keeper/books/naive/guardEnds.ts";
import { isHard, isWoundDown, stands } from "../../keeper/books/naive/incidents.ts";
import { hot } from "../../keeper/books/naive/ledgerStorage.ts";
import { checkpointAt, cursor, guard, halt, incident, keepers, keyAt } from "../../keeper/books/naive/syncStorage.ts";
import { booksRoot } from "../../keeper/domain/booksRoot.ts";
import { keeperSetHash } from "../../keeper/domain/keeperSet.ts";
import { statementDigest } from "../../keeper/domain/statementDigest.ts";
import type { Statement } from "../../keeper/domain/Statement.ts";
import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";
import type { ChainEffect } from "../chain/Block.ts";
import { CallData } from "./callData.ts";
import { require, resultOf, type CallResult } from "./callResult.ts";
import { Emitter } from "./Emitter.ts";
import type { Execution } from "./Execution.ts";
import { quorumError } from "./idealSignature.ts";

const CERTIFICATE = "((bytes32,uint32,uint32,uint64,bytes32),(uint32,uint16,address[]),bytes)";
const SOFT_PAUSE = selectorOf("softPause(bytes32,uint8,uint64,bytes32,bytes32)");
const POST = selectorOf("post((uint32,uint32,uint64,bytes32,bytes32),bytes32[],(uint32,uint16,address[]),bytes)");
const HARD_PAUSE = selectorOf(`hardPause${CERTIFICATE}`);
const POST_WINDOW = 64;
const VIEW = 1n;
const ZERO_ADDRESS: Address = `0x${"00".repeat(20)}`;

interface Call {
  readonly execution: Execution;
  readonly sender: Address;
  readonly data: CallData;
  /** The words before the call. */
  readonly state: Derivation;
  readonly out: Emitter;
}

/**
 * The entry conditions and the events of what keepers call, from the Solidity contracts: `SyncGuard.softPause`, `hardPause` and
 * `CheckpointRegistry.post`. Everything else that is sent to them reverts without a reason.
 */
export function callContract(execution: Execution, sender: Address, data: Hex): CallResult {
  const out = new Emitter(execution);
  const call = { execution, sender, data: new CallData(data), state: execution.view(), out };
  const entry = ENTRIES.get(data.slice(0, 10));
  return entry === undefined ? { ok: false, data: "0x" } : resultOf(out.logs, () => entry(call));
}

type Entry = (call: Call) => Omit<ChainEffect, "keeper"> | null;

const ENTRIES: ReadonlyMap<string, Entry> = new Map([
  [SOFT_PAUSE, softPause],
  [HARD_PAUSE, hardPause],
  [POST, post],
]);

function push({ out }: Call, flags: bigint, checkpointTime: bigint, graceUntil: bigint): void {
  out.emit("PositionLedger", "HotWordPushed", { flags, checkpointTime, graceUntil });
}

function requireCanonical({ execution }: Call, number: bigint, hash: Hash): void {
  require(BigInt(hash) !== 0n, "GuardZeroHash()");
  require(number < BigInt(execution.number), "GuardFutureBlock(uint64,uint256)");
  require(BigInt(execution.number) - number <= 256n, "GuardOldBlock(uint64,uint256)");
  require(execution.hashOf(Number(number)) === hash, "GuardWrongBlock(uint64,bytes32,bytes32)");
}

function softPause(call: Call): Omit<ChainEffect, "keeper"> | null {
  const { data, state, out, execution } = call;
  const [incidentId, blockHash, evidenceHash] = [data.hash(0), data.hash(3), data.hash(4)];
  const [causeClass, blockNumber] = [data.number(1), data.number(2)];
  require(BigInt(incidentId) !== 0n, "GuardZeroIncident()");
  if (state.isSet(incident.nonce) && blockNumber <= state.get(incident.softBlock)) return null;
  requireCanonical(call, blockNumber, blockHash);
  if (isWoundDown(state)) return null;
  const { attester, softUntil, generation } = usePause(call, causeClass);
  push(call, state.get(hot.flags) | DEGRADED_FLAGS, state.get(hot.checkpointTime), state.get(hot.graceUntil));
  const isAgain = stands(state);
  const until = isAgain && state.get(incident.softUntil) > softUntil ? state.get(incident.softUntil) : softUntil;
  out.emit("SyncGuard", "SoftPaused", {
    ...{ incidentId, attester, class: causeClass, blockNumber, blockHash, evidenceHash, softUntil: until },
    ...{ softBlock: blockNumber, generation, nonce: state.get(incident.nonce) + 1n },
    witnessNumber: isAgain ? state.get(incident.witnessNumber) : newestBefore(state, blockNumber),
    startedAt: isAgain ? state.get(incident.startedAt) : BigInt(execution.timestamp),
  });
  return { kind: "soft-pause", blockHash, blockNumber: Number(blockNumber), incidentId };
}

function usePause(
  { state, sender, out, execution }: Call,
  causeClass: bigint,
): { readonly attester: Address; readonly softUntil: bigint; readonly generation: bigint } {
  const { softTime, viewTime, coolDown } = execution.contracts.immutables;
  const key = keyAt(sender);
  require(state.isSet(key.isPausing), "KeeperRegistryNotPauser(address)");
  const generation = state.get(incident.generation);
  const [booksUntil, viewUntil, used] = [key.booksUntil, key.viewUntil, key.generation].map((place) =>
    state.get(place),
  );
  const armedAt = (until = 0n): bigint | null => {
    if (until === 0n) return 0n;
    if (used === generation) return null;
    const lifted = used === generation - 1n ? state.get(incident.liftedAt) : 0n;
    return (lifted > until ? lifted : until) + coolDown;
  };
  const now = BigInt(execution.timestamp);
  const isArmed = (at: bigint | null): boolean => at !== null && now >= at;
  const isBooksArmed = (viewUntil ?? 0n) - viewTime >= (booksUntil ?? 0n) + coolDown || isArmed(armedAt(booksUntil));
  const isViewArmed = isArmed(armedAt(viewUntil));
  require(isBooksArmed && (causeClass !== VIEW || isViewArmed), "KeeperRegistryNotRearmed(address,uint256)");
  const time = causeClass === VIEW ? viewTime : isViewArmed ? softTime : softTime - viewTime;
  const [attester, softUntil] = [state.getAddress(key.attester), now + time];
  out.emit("KeeperRegistry", "PauseUsed", { attester, class: causeClass, generation, softUntil });
  return { attester, softUntil, generation };
}

/** The keeper set in calldata, which must be the current one, and a quorum's signatures. */
function requireQuorum({ data, state }: Call, place: number, signatures: Hex, digest: Hash): void {
  const set = {
    id: data.number(place),
    quorum: data.number(place + 1),
    members: data.list(place + data.placeOf(place + 2)).map((word): Address => `0x${word.slice(26)}`),
  };
  require(BigInt(keeperSetHash(set)) === state.get(keepers.commitment), "QuorumWrongSet(bytes32,bytes32)");
  const error = quorumError(signatures, digest, set);
  require(error === null, error ?? "");
}

function digestOf({ execution }: Call, statement: Statement): Hash {
  const { addresses, immutables } = execution.contracts;
  const { CheckpointRegistry: registry, SyncGuard } = addresses;
  return statementDigest(statement, { chainId: immutables.chainId, registry, guard: SyncGuard });
}

function hardPause(call: Call): Omit<ChainEffect, "keeper"> | null {
  const { data, state, out, execution } = call;
  const certificate = {
    ...{ incidentId: data.hash(0), setId: data.number(1), pauseNonce: data.number(2) },
    ...{ blockNumber: data.number(3), blockHash: data.hash(4) },
  };
  const { incidentId, blockNumber, blockHash, pauseNonce } = certificate;
  require(BigInt(incidentId) !== 0n, "GuardZeroIncident()");
  requireCanonical(call, blockNumber, blockHash);
  const flags = state.get(hot.flags);
  if (isWoundDown(state) || (state.get(guard.cause) === BigInt(incidentId) && has(flags, HALT))) return null;
  require(certificate.setId === data.number(data.placeOf(5)), "GuardWrongKeeperSet(uint32,uint32)");
  const isCurrent = state.get(halt.clearedNonce) <= pauseNonce && pauseNonce <= state.get(incident.nonce);
  require(isCurrent, "GuardWrongNonce(uint32,uint32)");
  const signatures = data.bytes(data.placeOf(6));
  requireQuorum(call, data.placeOf(5), signatures, digestOf(call, { kind: "pause", certificate }));
  push(call, flags | HALTED_FLAGS, state.get(hot.checkpointTime), state.get(hot.graceUntil));
  const isAgain = stands(state);
  const now = BigInt(execution.timestamp);
  out.emit("SyncGuard", "HardPaused", {
    cause: incidentId,
    witnessNumber: isAgain ? state.get(incident.witnessNumber) : newestBefore(state, blockNumber),
    nonce: state.get(incident.nonce) + 1n,
    startedAt: isAgain ? state.get(incident.startedAt) : now,
    haltedAt: isHard(state) ? state.get(halt.haltedAt) : now,
  });
  return { kind: "hard-pause", blockHash, blockNumber: Number(blockNumber), incidentId };
}

function post(call: Call): Omit<ChainEffect, "keeper"> {
  const { data, state, out, execution, sender } = call;
  const roots = data.list(data.placeOf(5));
  const attestation = {
    ...{ setId: data.number(0), bookSetVersion: data.number(1), blockNumber: data.number(2) },
    ...{ blockHash: data.hash(3), booksRoot: data.hash(4) },
  };
  const { blockNumber, blockHash } = attestation;
  require(BigInt(blockHash) !== 0n, "RegistryZeroHash()");
  require(blockNumber < BigInt(execution.number), "RegistryFutureBlock(uint64,uint256)");
  require(BigInt(execution.number) - blockNumber <= POST_WINDOW, "RegistryOldBlock(uint64,uint256)");
  require(blockNumber > state.get(cursor.highest), "RegistryNotNewer(uint64,uint64)");
  require(execution.hashOf(Number(blockNumber)) === blockHash, "RegistryWrongBlock(uint64,bytes32,bytes32)");
  require(attestation.setId === state.get(cursor.setId), "RegistryWrongKeeperSet(uint32,uint32)");
  const version = bookSetVersionAt(state, blockNumber);
  require(attestation.bookSetVersion === version && version !== 0n, "RegistryWrongBookSet(uint32,uint32)");
  require(BigInt(roots.length) === state.get(cursor.bookCount), "RegistryRootCount(uint256,uint256)");
  require(!roots.some((root) => BigInt(root) === 0n), "RegistryZeroRoot(uint256)");
  require(booksRoot(roots) === attestation.booksRoot, "RegistryRootsMismatch(bytes32,bytes32)");
  const digest = digestOf(call, { kind: "attestation", attestation, roots });
  requireQuorum(call, data.placeOf(6), data.bytes(data.placeOf(7)), digest);

  const now = BigInt(execution.timestamp);
  const grace = now + execution.contracts.immutables.grace;
  const flags = state.get(hot.flags);
  push(call, flags, now, isStale(state) ? grace : state.get(hot.graceUntil));
  const isLifting = isLiftable(state, flags, blockNumber);
  if (isLifting) {
    push(call, without(flags, HALTED_FLAGS), now, grace);
    out.emit("SyncGuard", "SoftLifted", { generation: state.get(incident.generation) + 1n, liftedAt: now });
  }
  out.emit("CheckpointRegistry", "CheckpointPosted", {
    ...{ blockNumber, blockHash, setId: attestation.setId, bookSetVersion: version, postedAt: now, roots },
    carrier: isLifting ? sender : makeRoom(call),
  });
  return { kind: "checkpoint", blockHash, blockNumber: Number(blockNumber), incidentId: null };
}

/** Says so where the newest post gives way to this one; returns who is paid for it. */
function makeRoom({ state, out, sender }: Call): Address {
  if (!has(state.get(hot.flags), INCREASE_RISK) || !isReplacementDue(state)) return sender;
  const posts = state.get(cursor.posts) - 1n;
  const newest = checkpointAt(posts % RING);
  out.emit("CheckpointRegistry", "CheckpointReplaced", { blockNumber: state.get(newest.blockNumber), posts });
  return state.isSet(newest.isPaid) || !state.isSet(newest.carrier) ? ZERO_ADDRESS : sender;
}
