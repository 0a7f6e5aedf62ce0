import { newestPostedAt } from "./checkpointRing.ts";
import { fundAccount } from "./checkShortfall.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { DEGRADED_FLAGS, FUND_SHORT, HALTED_FLAGS, has, isStale, WIND_DOWN, without } from "./flags.ts";
import { accountAt, hot, modules } from "./ledgerStorage.ts";
import type { Purpose, Push } from "./NaiveTransaction.ts";
import { fundTarget } from "./tradingStorage.ts";

/** What a push leaves of the hot word's restrictions and times. */
interface Restrictions {
  readonly flags: bigint;
  readonly checkpointTime: bigint;
  readonly graceUntil: bigint;
}

/** What a push is for, where the next event is not another push. */
const PURPOSES: Readonly<Record<string, Purpose>> = {
  CheckpointPosted: "checkpoint",
  CheckpointReplaced: "checkpoint",
  SoftLifted: "lift",
  SoftPaused: "soft pause",
  HardPaused: "hard pause",
  Resumed: "resume",
  WindDownStarted: "wind-down",
};

/**
 * What the push at hand is for. The guard pushes first, and says then what for: only an outage is told before. A checkpoint
 * that lifts a soft pause pushes twice: its own time, and what the end of the pause leaves.
 */
function purposeOf(state: Derivation): Purpose {
  const { later } = state.transaction;
  const names = later.map(({ event }) => event?.name ?? "");
  const isLiftingPost = names[1] === "SoftLifted" && PURPOSES[names[2] ?? ""] === "checkpoint";
  if (names[0] === "HotWordPushed" && isLiftingPost) return "checkpoint";
  if (state.transaction.credited !== undefined) return "outage";
  return PURPOSES[names[0] ?? ""] ?? "fund";
}

/**
 * The flag that the fund is short follows what it holds, and stands after a loss that it could not pay, whatever its target;
 * nothing else changes.
 */
function fundFlags(state: Derivation): bigint | undefined {
  const flags = state.get(hot.flags);
  const quote = state.get(accountAt(fundAccount(state)).quote);
  const isShort = state.transaction.isExpected || quote < state.get(fundTarget.amount);
  if (isShort === has(flags, FUND_SHORT)) return undefined;
  return isShort ? flags | FUND_SHORT : without(flags, FUND_SHORT);
}

/** What is pushed for a purpose; undefined when nothing is. */
function pushedFor(state: Derivation, purpose: Purpose): Restrictions | undefined {
  const flags = state.get(hot.flags);
  const now = { flags, checkpointTime: state.get(hot.checkpointTime), graceUntil: state.get(hot.graceUntil) };
  const inGrace = { ...now, graceUntil: state.timestamp + state.input.immutables.grace };
  const { conviction, credited } = state.transaction;
  if (purpose === "checkpoint") return { ...(isStale(state) ? inGrace : now), checkpointTime: state.timestamp };
  if (purpose === "lift" || purpose === "resume") return { ...inGrace, flags: without(flags, HALTED_FLAGS) };
  if (purpose === "soft pause") return { ...now, flags: flags | DEGRADED_FLAGS };
  if (purpose === "wind-down") return { ...now, flags: flags | HALTED_FLAGS | WIND_DOWN };
  if (purpose === "outage") return { ...now, ...credited };
  if (purpose === "fund") {
    const changed = fundFlags(state);
    return changed === undefined ? undefined : { ...now, flags: changed };
  }
  const halted = { ...now, flags: flags | HALTED_FLAGS };
  return conviction === undefined ? halted : { ...halted, checkpointTime: newestPostedAt(state) };
}

/** A push without a cause is illegal, and what was pushed is then all there is to store. */
export function pushHotWord(state: Derivation, event: NaiveEvent): void {
  const pushed: Restrictions = {
    flags: event.number("flags"),
    checkpointTime: event.number("checkpointTime"),
    graceUntil: event.number("graceUntil"),
  };
  const isConstructor = !state.isSet(modules.guard) && !state.isSet(hot.checkpointTime);
  const first: Restrictions = { flags: 0n, checkpointTime: state.timestamp, graceUntil: 0n };
  const purpose = isConstructor ? "fund" : purposeOf(state);
  const computed = isConstructor ? first : pushedFor(state, purpose);
  if (computed === undefined) state.report("illegal", "pushes a hot word without a cause");
  if (purpose === "outage") state.transaction.credited = undefined;
  else if (purpose !== "fund") {
    const before = { flagsBefore: state.get(hot.flags), checkpointTimeBefore: state.get(hot.checkpointTime) };
    state.transaction.pushes.set(purpose, { logIndex: state.logIndex, ...before });
  }

  const { flags, checkpointTime, graceUntil } = computed ?? pushed;
  state.set(hot.flags, flags);
  state.set(hot.checkpointTime, checkpointTime);
  state.set(hot.graceUntil, graceUntil);
  state.compare("flags", pushed.flags, flags);
  state.compare("checkpointTime", pushed.checkpointTime, checkpointTime);
  state.compare("graceUntil", pushed.graceUntil, graceUntil);
}

/** The push that came before the event at hand and was for it. */
export function takePush(state: Derivation, purpose: Purpose): Omit<Push, "logIndex"> {
  const push = state.transaction.pushes.get(purpose);
  state.transaction.pushes.delete(purpose);
  if (push !== undefined) return push;
  state.report("illegal", `nothing is pushed for the ${purpose}`);
  return { flagsBefore: state.get(hot.flags), checkpointTimeBefore: state.get(hot.checkpointTime) };
}
