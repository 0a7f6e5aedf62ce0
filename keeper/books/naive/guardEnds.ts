import { max } from "./arithmetic.ts";
import { isValidCheckpoint } from "./checkpointRing.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { HALT, has, INCREASE_RISK } from "./flags.ts";
import { takePush } from "./hotWord.ts";
import { isHard, isWoundDown, stands } from "./incidents.ts";
import { isFunctional } from "./keeperSet.ts";
import { cursor, guard, halt, incident } from "./syncStorage.ts";

/** Whether a soft pause stands that has expired and that the checkpoint of block `newest` lifts. */
export function isLiftable(state: Derivation, flags: bigint, newest: bigint): boolean {
  return (
    has(flags, INCREASE_RISK) &&
    !has(flags, HALT) &&
    state.timestamp >= state.get(incident.softUntil) &&
    newest > state.get(incident.softBlock)
  );
}

/** The incident has ended: certificates to pause of before are void. */
function end(state: Derivation, event: NaiveEvent, endedAt: "liftedAt" | "resumedAt"): void {
  state.add(incident.generation, 1n);
  state.set(incident.liftedAt, state.timestamp);
  state.add(incident.nonce, 1n);
  state.set(halt.clearedNonce, state.get(incident.nonce));
  state.compare("generation", event.number("generation"), state.get(incident.generation));
  state.compare(endedAt, event.number(endedAt), state.timestamp);
}

/** By a checkpoint, whose own event follows, or by anyone through `liftSoft`. */
export function softLift(state: Derivation, event: NaiveEvent): void {
  const { flagsBefore } = takePush(state, "lift");
  const isOfCheckpoint = state.transaction.pushes.has("checkpoint");
  const post = state.transaction.later.find((later) => later.event?.name === "CheckpointPosted");
  const newest = isOfCheckpoint ? post?.event?.number("blockNumber") : state.get(cursor.newest);
  state.require(isLiftable(state, flagsBefore, newest ?? 0n), "lifts a soft pause that must stand");
  end(state, event, "liftedAt");
}

/**
 * A quorum ends a pause with a checkpoint of a block after all that was paused for and repaired. Not checked: its
 * certificate, which is in calldata, and that custody covers what the vault owes, which no log tells.
 */
export function resume(state: Derivation, event: NaiveEvent): void {
  takePush(state, "resume");
  const checkpointNumber = event.number("checkpointNumber");
  state.require(stands(state), "resumes what is not paused");
  state.require(!isWoundDown(state), "resumes in a wind-down");
  state.require(isFunctional(state), "resumes without a quorum of keepers");
  let judged = state.get(incident.softBlock);
  if (isHard(state)) {
    const possibleFrom = state.get(halt.pausedAt) + state.input.immutables.coolDown;
    state.require(BigInt(event.hex("incidentId")) === state.get(guard.cause), "resumes another incident");
    state.require(state.timestamp >= possibleFrom, `resumes before the cool-down is over at ${possibleFrom}`);
    judged = max(judged, max(state.get(halt.haltBlock), state.get(halt.repairBlock)));
  }
  state.require(
    checkpointNumber > judged,
    `resumes with the checkpoint of block ${checkpointNumber}, not after ${judged}`,
  );
  // In a full ring it may have given way to a later one.
  const isValid = isValidCheckpoint(state, checkpointNumber) || state.get(cursor.newest) > checkpointNumber;
  state.require(isValid, `resumes with block ${checkpointNumber}, which has no valid checkpoint`);
  end(state, event, "resumedAt");
}
