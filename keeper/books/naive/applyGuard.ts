import { newestBefore, newestPostedAt } from "./checkpointRing.ts";
import { hot } from "./ledgerStorage.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { DEGRADED_FLAGS, HALT, HALTED_FLAGS, has, INCREASE_RISK, without } from "./flags.ts";
import { cursor, guard, incident, keeperAt, pausedBlockAt, useAt } from "./syncStorage.ts";

/** Blocks that `blockhash` knows. */
const BLOCKHASH_WINDOW = 256n;

function bind(state: Derivation, event: NaiveEvent): void {
  const registry = event.hex("registry");
  state.require(!state.isSet(guard.registry), "binds the registry again");
  state.require(BigInt(registry) !== 0n, "binds the zero address");
  state.set(guard.registry, registry);
}

/** Whether a soft pause stands that has expired and that the checkpoint of block `newest` lifts. */
export function isLiftable(state: Derivation, newest: bigint): boolean {
  const flags = state.get(hot.flags);
  return (
    has(flags, INCREASE_RISK) &&
    !has(flags, HALT) &&
    state.timestamp >= state.get(incident.softUntil) &&
    newest > state.get(incident.softBlock)
  );
}

/** One use of a keeper's soft pause until its incident is lifted and the cool-down has passed. */
function requireRearmed(state: Derivation, event: NaiveEvent): void {
  const use = useAt(event.hex("attester"));
  if (!state.isSet(use.isUsed)) return;
  const used = state.get(use.generation);
  const generation = state.get(incident.generation);
  state.require(used !== generation, "pauses twice in one generation");
  const rearmedAt = state.get(guard.liftedAt) + state.input.immutables.coolDown;
  state.require(used + 1n !== generation || state.timestamp >= rearmedAt, "pauses before its cool-down has passed");
}

function requirePausable(state: Derivation, event: NaiveEvent): void {
  const incidentId = event.hex("incidentId");
  const blockNumber = event.number("blockNumber");
  const current = BigInt(state.input.block.number);
  state.require(state.isSet(keeperAt(event.hex("attester")).isActive), "pauses for a keeper that is not active");
  state.require(BigInt(incidentId) !== 0n, "pauses for incident zero");
  state.require(!state.isSet(pausedBlockAt(incidentId)), "pauses for an incident again");
  // Not checked: that the hash is the block's; the block is not at hand.
  state.require(BigInt(event.hex("blockHash")) !== 0n, "judges the zero hash");
  state.require(blockNumber < current, `judges future block ${blockNumber}`);
  state.require(current - blockNumber <= BLOCKHASH_WINDOW, `judges old block ${blockNumber}`);
  requireRearmed(state, event);
}

function softPause(state: Derivation, event: NaiveEvent): void {
  requirePausable(state, event);
  const blockNumber = event.number("blockNumber");
  const flags = state.get(hot.flags);
  const generation = state.get(incident.generation);
  const isFirst = !has(flags, INCREASE_RISK);

  const softUntil = state.timestamp + state.input.immutables.softTime;
  const softBlockBefore = state.get(incident.softBlock);
  const softBlock = blockNumber > softBlockBefore ? blockNumber : softBlockBefore;
  const witnessNumber = isFirst ? newestBefore(state, blockNumber) : state.get(incident.witnessNumber);
  state.set(incident.softUntil, softUntil);
  state.set(incident.softBlock, softBlock);
  state.set(incident.witnessNumber, witnessNumber);
  state.set(pausedBlockAt(event.hex("incidentId")), blockNumber);
  state.set(useAt(event.hex("attester")).isUsed, 1n);
  state.set(useAt(event.hex("attester")).generation, generation);
  state.compare("softUntil", event.number("softUntil"), softUntil);
  state.compare("softBlock", event.number("softBlock"), softBlock);
  state.compare("witnessNumber", event.number("witnessNumber"), witnessNumber);
  state.compare("generation", event.number("generation"), generation);

  state.transaction.expectedPush = {
    logIndex: state.logIndex,
    flags: flags | DEGRADED_FLAGS,
    checkpointTime: state.get(hot.checkpointTime),
    graceUntil: state.get(hot.graceUntil),
    isLiftDue: false,
  };
}

/** By a checkpoint, which is then already expecting it, or by anyone through `liftSoft`. */
function softLift(state: Derivation, event: NaiveEvent): void {
  const { expectedPush } = state.transaction;
  if (expectedPush !== undefined) {
    state.require(expectedPush.isLiftDue, "lifts a soft pause that must stand");
    state.transaction.expectedPush = { ...expectedPush, isLiftDue: false };
  } else {
    state.require(isLiftable(state, state.get(cursor.newest)), "lifts a soft pause that must stand");
    state.transaction.expectedPush = {
      logIndex: state.logIndex,
      flags: without(state.get(hot.flags), DEGRADED_FLAGS),
      checkpointTime: state.get(hot.checkpointTime),
      graceUntil: state.timestamp + state.input.immutables.grace,
      isLiftDue: false,
    };
  }

  const generation = state.get(incident.generation) + 1n;
  state.set(guard.liftedAt, state.timestamp);
  state.set(incident.generation, generation);
  state.compare("generation", event.number("generation"), generation);
  state.compare("liftedAt", event.number("liftedAt"), state.timestamp);
}

/** The witness of an incident that already stands is kept; if the conviction voided it, the valid one before it. */
function hardPause(state: Derivation, event: NaiveEvent): void {
  state.require(state.transaction.conviction !== undefined, "pauses hard without a conviction");
  state.transaction.conviction = undefined;
  const flags = state.get(hot.flags);
  const witnessNumber = has(flags, INCREASE_RISK)
    ? newestBefore(state, state.get(incident.witnessNumber) + 1n)
    : state.get(cursor.newest);
  state.set(incident.witnessNumber, witnessNumber);
  state.compare("witnessNumber", event.number("witnessNumber"), witnessNumber);

  state.transaction.expectedPush = {
    logIndex: state.logIndex,
    flags: flags | HALTED_FLAGS,
    checkpointTime: newestPostedAt(state),
    graceUntil: state.get(hot.graceUntil),
    isLiftDue: false,
  };
}

/** Applies an event of SyncGuard. */
export function applyGuard(state: Derivation, event: NaiveEvent): void {
  if (event.name === "GuardBound") bind(state, event);
  if (event.name === "SoftPaused") softPause(state, event);
  if (event.name === "SoftLifted") softLift(state, event);
  if (event.name === "HardPaused") hardPause(state, event);
}
