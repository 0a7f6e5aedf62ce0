import { BOOK_NAMES } from "../../domain/bookSet.ts";
import { bigintToHex32 } from "../../lib/hex.ts";
import {
  decodeEvent,
  storage,
  type BooksAcceptedEvent,
  type HaltWord,
  type HardPausedEvent,
  type IncidentWord,
  type OutageCreditedEvent,
  type ResumedEvent,
  type SoftLiftedEvent,
  type SoftPausedEvent,
  type SyncGuardEvent,
  type WindDownStartedEvent,
} from "../generated/SyncGuard.ts";
import { readHot } from "../legality/flags.ts";
import type { Reducer, ReducerContext } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";
import { changeWord } from "./changeWord.ts";
import { newestBefore, readCursor, type Read } from "./checkpoints/ring.ts";
import { isHard, isWoundDown, readHalt, readIncident, stands } from "./guardState.ts";
import { CAUSE_CLASS, readBudget } from "./keepers/pauseBudget.ts";

/** Every storage variable of the contract; the two names are short, so OpenZeppelin leaves their words at zero. */
export const MAPPED_VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_nameFallback",
  "_versionFallback",
  "_registry",
  "_creditedAt",
  "_incident",
  "_halt",
  "_cause",
] as const;

function registryOf(context: ReducerContext): Read {
  return (slot) => context.readOf("CheckpointRegistry", slot);
}

function writeIncident(incident: IncidentWord, context: ReducerContext): void {
  changeWord(storage.incident, storage.incident.slot, incident, context);
}

function changeHalt(change: Partial<HaltWord>, context: ReducerContext): void {
  changeWord(storage.halt, storage.halt.slot, change, context);
}

/** With it every field is written, as it was read: a flag of any other value than one becomes one. */
function rewriteHalt(change: Partial<HaltWord>, context: ReducerContext): void {
  changeHalt({ ...readHalt(context), ...change }, context);
}

/** Compares what an event says of the incident with what its reducer computed. */
function expectFields(
  event: Readonly<Record<string, unknown>>,
  implied: Readonly<Record<string, bigint>>,
  context: ReducerContext,
): void {
  for (const [field, value] of Object.entries(implied)) context.expect(field, event[field] as bigint, value);
}

/** The pause key's own word says until when: it was written right before. */
function applySoftPause(event: SoftPausedEvent, context: ReducerContext): void {
  const before = readIncident(context);
  const { key } = readBudget(event.attester, context);
  const until = event.class === CAUSE_CLASS.view ? key.viewUntil : key.booksUntil;
  const isFirst = !stands(context);
  const incident = {
    ...before,
    softUntil: isFirst || until > before.softUntil ? until : before.softUntil,
    softBlock: event.blockNumber,
    witnessNumber: isFirst ? newestBefore(event.blockNumber, registryOf(context)) : before.witnessNumber,
    startedAt: isFirst ? context.timestamp : before.startedAt,
    nonce: before.nonce + 1n,
  };
  const { softUntil, softBlock, witnessNumber, generation, nonce, startedAt } = incident;
  expectFields({ ...event }, { softUntil, softBlock, witnessNumber, generation, nonce, startedAt }, context);
  writeIncident(incident, context);
}

/** The incident is over, and the pause certificates of before are void. */
function endIncident(event: SoftLiftedEvent | ResumedEvent, time: bigint, context: ReducerContext): void {
  const before = readIncident(context);
  const generation = before.generation + 1n;
  context.expect("generation", event.generation, generation);
  context.expect("time", time, context.timestamp);
  const nonce = before.nonce + 1n;
  writeIncident({ ...before, generation, nonce, liftedAt: context.timestamp }, context);
  changeHalt({ clearedNonce: nonce }, context);
}

/**
 * The witness that a hard pause leaves. That of an incident that stands is kept; a conviction may have voided it, and then
 * it is the newest valid one before it. One that begins with a pause certificate depends on the block that this names, which
 * no log carries: what the event says is taken, and judged by the rules.
 */
function hardWitness(event: HardPausedEvent, context: ReducerContext): bigint {
  const { witnessNumber } = readIncident(context);
  const { convicted, brokenSet } = context.memory;
  const isConviction = convicted === event.cause;
  if (stands(context)) {
    return isConviction ? newestBefore(witnessNumber + 1n, registryOf(context)) : witnessNumber;
  }
  const isQuorumLost = brokenSet !== null && bigintToHex32(brokenSet) === event.cause;
  return isConviction || isQuorumLost ? readCursor(registryOf(context)).newest : event.witnessNumber;
}

function applyHardPause(event: HardPausedEvent, context: ReducerContext): void {
  const { timestamp, blockNumber } = context;
  const before = readIncident(context);
  const witnessNumber = hardWitness(event, context);
  const nonce = before.nonce + 1n;
  const startedAt = stands(context) ? before.startedAt : timestamp;
  // In a wind-down it means nothing any more, and stays.
  const haltedAt = isHard(context) || isWoundDown(context) ? readHalt(context).haltedAt : timestamp;
  expectFields({ ...event }, { witnessNumber, nonce, startedAt, haltedAt }, context);
  writeIncident({ ...before, witnessNumber, nonce, startedAt }, context);
  rewriteHalt({ haltedAt, pausedAt: timestamp, haltBlock: blockNumber }, context);
  context.write(storage.cause.slot, storage.cause.encode(event.cause));
}

function applyWindDown(event: WindDownStartedEvent, context: ReducerContext): void {
  const before = readIncident(context);
  const isKept = stands(context);
  const witnessNumber = isKept ? before.witnessNumber : readCursor(registryOf(context)).newest;
  // The push before it has left the time of the newest checkpoint as it was.
  const startedAt = isKept ? before.startedAt : readHot(context).checkpointTime;
  expectFields({ ...event }, { windDownAt: context.timestamp, witnessNumber, startedAt }, context);
  writeIncident({ ...before, witnessNumber, startedAt, nonce: before.nonce + 1n }, context);
  rewriteHalt({ windDownAt: context.timestamp }, context);
}

/** The books of every contract that is named take over what the chain is declared to hold. */
function applyAcceptance({ corrections }: BooksAcceptedEvent, context: ReducerContext): void {
  for (const { book, slot, value } of corrections) {
    const name = BOOK_NAMES.find((candidate) => context.addresses[candidate] === book);
    if (name !== undefined) context.writeOf(name, slot, BigInt(value));
  }
  changeHalt({ repairBlock: context.blockNumber }, context);
}

function applyCredit(event: OutageCreditedEvent, context: ReducerContext): void {
  const { checkpointTime } = readHot(context);
  context.expect("checkpointTime", event.checkpointTime, checkpointTime + event.to - event.from);
  changeWord(storage.word3, storage.word3.slot, { creditedAt: event.to }, context);
}

/** Keeps the standing incident and halt, what they are about, and which outages were credited. */
export const syncGuard: Reducer<SyncGuardEvent> = {
  book: "SyncGuard",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "AuthorityUpdated":
        applyAuthority(event, storage.word0, context);
        return;
      case "GuardBound":
        changeWord(storage.word3, storage.word3.slot, { registry: event.registry }, context);
        changeHalt({ isUsed: true }, context);
        return;
      case "SoftPaused":
        applySoftPause(event, context);
        return;
      case "SoftLifted":
        endIncident(event, event.liftedAt, context);
        return;
      case "Resumed":
        endIncident(event, event.resumedAt, context);
        return;
      case "HardPaused":
        applyHardPause(event, context);
        return;
      case "RepairMade":
        context.expect("repairBlock", event.repairBlock, context.blockNumber);
        changeHalt({ repairBlock: context.blockNumber }, context);
        return;
      case "BooksAccepted":
        applyAcceptance(event, context);
        return;
      case "OutageCredited":
        applyCredit(event, context);
        return;
      case "WindDownStarted":
        applyWindDown(event, context);
        return;
      case "EIP712DomainChanged":
        return;
    }
  },
};
