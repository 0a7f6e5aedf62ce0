import { max } from "./arithmetic.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { expectEvent } from "./expectations.ts";
import { HALT, has } from "./flags.ts";
import { takePush } from "./hotWord.ts";
import { isHard, isWoundDown, stands } from "./incidents.ts";
import { hot } from "./ledgerStorage.ts";
import { cursor, guard, halt, incident } from "./syncStorage.ts";

/**
 * The age of the newest checkpoint does not count an outage of the sequencer, of which no second is credited twice. Not
 * checked: that the sequencer was down, which only the rounds of its feed say.
 */
export function creditOutage(state: Derivation, event: NaiveEvent): void {
  const { sequencerFeed, staleLimit, grace } = state.input.immutables;
  const [from, to] = [event.number("from"), event.number("to")];
  const before = state.get(hot.checkpointTime);
  const counted = max(before, state.get(guard.creditedAt));
  state.require(BigInt(sequencerFeed) !== 0n, "credits an outage of a sequencer that there is not");
  state.require(!has(state.get(hot.flags), HALT), "credits an outage while halted");
  state.require(from >= counted, `credits from ${from} on, where ${counted} is counted already`);
  state.require(from < to && to <= state.timestamp, `credits from ${from} to ${to}`);

  const checkpointTime = before + to - from;
  const isStaleAt = (time: bigint): boolean => state.timestamp > time + staleLimit;
  const endsStale = isStaleAt(before) && !isStaleAt(checkpointTime);
  state.set(guard.creditedAt, to);
  state.compare("checkpointTime", event.number("checkpointTime"), checkpointTime);
  state.transaction.credited = {
    checkpointTime,
    graceUntil: endsStale ? state.timestamp + grace : state.get(hot.graceUntil),
  };
  expectEvent(state, "PositionLedger", "HotWordPushed");
}

/** Since when everything has stood still: since the halt, or since the newest checkpoint if that is longer ago. */
function standstill(state: Derivation, checkpointTime: bigint): bigint {
  const haltedAt = state.get(halt.haltedAt);
  // Without any checkpoint its time is no age.
  return isHard(state) && (checkpointTime === 0n || haltedAt < checkpointTime) ? haltedAt : checkpointTime;
}

/** There is no way back. Without an incident, what was agreed upon last is the newest checkpoint. */
export function startWindDown(state: Derivation, event: NaiveEvent): void {
  const { checkpointTimeBefore } = takePush(state, "wind-down");
  const possibleFrom = standstill(state, checkpointTimeBefore) + state.input.immutables.windDownTime;
  state.require(!isWoundDown(state), "winds down again");
  state.require(state.timestamp >= possibleFrom, `winds down before ${possibleFrom}`);
  if (!stands(state)) {
    state.set(incident.witnessNumber, state.get(cursor.newest));
    state.set(incident.startedAt, checkpointTimeBefore);
  }
  state.set(halt.windDownAt, state.timestamp);
  state.add(incident.nonce, 1n);
  state.compare("windDownAt", event.number("windDownAt"), state.timestamp);
  state.compare("witnessNumber", event.number("witnessNumber"), state.get(incident.witnessNumber));
  state.compare("startedAt", event.number("startedAt"), state.get(incident.startedAt));
}
