import { applyAcceptance, applyRepairMade } from "./applyRepair.ts";
import { newestBefore } from "./checkpointRing.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { HALT, has } from "./flags.ts";
import { resume, softLift } from "./guardEnds.ts";
import { creditOutage, startWindDown } from "./guardTimes.ts";
import { takePush } from "./hotWord.ts";
import { isHard, isWoundDown, stands } from "./incidents.ts";
import { isFunctional } from "./keeperSet.ts";
import { BLOCKHASH_WINDOW, requireRecent } from "./recentBlock.ts";
import { cursor, guard, halt, incident, keepers } from "./syncStorage.ts";

/** The halt's word is marked from then on. */
function bind(state: Derivation, event: NaiveEvent): void {
  const registry = event.hex("registry");
  state.require(!state.isSet(guard.registry), "binds the registry again");
  state.require(BigInt(registry) !== 0n, "binds the zero address");
  state.set(guard.registry, registry);
  state.set(halt.isUsed, true);
}

/** One more pause, which voids every certificate to resume. */
function countPause(state: Derivation, event: NaiveEvent): void {
  state.add(incident.nonce, 1n);
  state.compare("nonce", event.number("nonce"), state.get(incident.nonce));
}

/** The end of the pause that the keeper's key has just used up; undefined when none has. */
function takeUse(state: Derivation, event: NaiveEvent): bigint {
  const { pauseUsed } = state.transaction;
  state.transaction.pauseUsed = undefined;
  const isMeant = pauseUsed?.attester === event.hex("attester");
  state.require(isMeant, "pauses without using up the pause of its keeper");
  return pauseUsed?.softUntil ?? event.number("softUntil");
}

/** The first pause of an incident fixes its witness; later ones only prolong it. */
function softPause(state: Derivation, event: NaiveEvent): void {
  takePush(state, "soft pause");
  const used = takeUse(state, event);
  const blockNumber = event.number("blockNumber");
  const isJudged = state.isSet(incident.nonce) && blockNumber <= state.get(incident.softBlock);
  state.require(BigInt(event.hex("incidentId")) !== 0n, "pauses for incident zero");
  state.require(!isJudged, `judges block ${blockNumber} again`);
  state.require(!isWoundDown(state), "pauses in a wind-down");
  requireRecent(state, event);

  if (!stands(state)) {
    state.set(incident.softUntil, used);
    state.set(incident.witnessNumber, newestBefore(state, blockNumber));
    state.set(incident.startedAt, state.timestamp);
  } else if (used > state.get(incident.softUntil)) {
    state.set(incident.softUntil, used);
  }
  state.set(incident.softBlock, blockNumber);
  countPause(state, event);
  for (const field of ["softUntil", "softBlock", "witnessNumber", "generation", "startedAt"] as const) {
    state.compare(field, event.number(field), state.get(incident[field]));
  }
}

/**
 * The witness of a halt by certificate: the newest valid checkpoint before the block that the certificate names. That block
 * is in calldata: any that `blockhash` knows is possible.
 */
function certifiedWitness(state: Derivation, event: NaiveEvent): bigint {
  const claimed = event.number("witnessNumber");
  const oldest = state.blockNumber > BLOCKHASH_WINDOW ? state.blockNumber - BLOCKHASH_WINDOW : 0n;
  let isPossible = false;
  for (let judged = oldest; judged < state.blockNumber && !isPossible; judged += 1n) {
    isPossible = newestBefore(state, judged) === claimed;
  }
  state.require(isPossible, `takes block ${claimed} for the witness, which no recent block has`);
  return claimed;
}

/** By a conviction, by the loss of the quorum, or by the certificate of a quorum, which is in calldata. */
function causeOfHalt(state: Derivation, event: NaiveEvent): "conviction" | "loss" | "certificate" {
  const { conviction, quorumLoss } = state.transaction;
  const cause = event.hex("cause");
  state.transaction.conviction = undefined;
  if (conviction !== undefined) {
    state.require(cause === conviction.digest, "halts for another attestation than the convicted one");
    return "conviction";
  }
  if (quorumLoss !== undefined && BigInt(cause) === state.get(keepers.setId)) {
    state.transaction.quorumLoss = undefined;
    return "loss";
  }
  state.require(BigInt(cause) !== 0n, "halts for incident zero");
  state.require(isFunctional(state), "halts without a quorum of keepers");
  return "certificate";
}

/** The witness of an incident that already stands is kept; if a conviction voided it, the valid one before it. */
function hardPause(state: Derivation, event: NaiveEvent): void {
  const { flagsBefore } = takePush(state, "hard pause");
  const by = causeOfHalt(state, event);
  const cause = BigInt(event.hex("cause"));
  // In a wind-down the time of the halt means nothing any more, and stays.
  const isKept = isHard(state) || isWoundDown(state);
  if (by === "certificate") {
    const isAgain = has(flagsBefore, HALT) && state.get(guard.cause) === cause;
    state.require(!isWoundDown(state), "halts in a wind-down");
    state.require(!isAgain, "halts for an incident again");
  }

  if (!stands(state)) {
    const witness = by === "certificate" ? certifiedWitness(state, event) : state.get(cursor.newest);
    state.set(incident.witnessNumber, witness);
    state.set(incident.startedAt, state.timestamp);
  } else if (by === "conviction") {
    state.set(incident.witnessNumber, newestBefore(state, state.get(incident.witnessNumber) + 1n));
  }
  if (!isKept) state.set(halt.haltedAt, state.timestamp);
  state.set(halt.pausedAt, state.timestamp);
  state.set(halt.haltBlock, state.blockNumber);
  state.set(guard.cause, cause);
  countPause(state, event);
  state.compare("witnessNumber", event.number("witnessNumber"), state.get(incident.witnessNumber));
  state.compare("startedAt", event.number("startedAt"), state.get(incident.startedAt));
  state.compare("haltedAt", event.number("haltedAt"), state.get(halt.haltedAt));
}

/** Applies an event of SyncGuard. */
export function applyGuard(state: Derivation, event: NaiveEvent): void {
  if (event.name === "GuardBound") bind(state, event);
  if (event.name === "SoftPaused") softPause(state, event);
  if (event.name === "SoftLifted") softLift(state, event);
  if (event.name === "HardPaused") hardPause(state, event);
  if (event.name === "Resumed") resume(state, event);
  if (event.name === "RepairMade") applyRepairMade(state, event);
  if (event.name === "BooksAccepted") applyAcceptance(state, event);
  if (event.name === "OutageCredited") creditOutage(state, event);
  if (event.name === "WindDownStarted") startWindDown(state, event);
}
