import { applyEntry } from "./applyEntry.ts";
import { applyFunding } from "./applyFunding.ts";
import { fundAccount, socialiseLoss } from "./checkShortfall.ts";
import { recordDebt } from "./debts.ts";
import { firstAccountOf, type NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { FUND_SHORT, has, without } from "./flags.ts";
import { accountAt, hot, modules, totalDebt } from "./ledgerStorage.ts";
import type { ExpectedPush } from "./NaiveTransaction.ts";
import { fundTarget } from "./tradingStorage.ts";

/**
 * The word that ledger and fund push: the flag that the fund is short follows what it holds, and stands after a loss that
 * it could not pay, whatever its target; nothing else changes.
 */
function fundPush(state: Derivation): Omit<ExpectedPush, "logIndex"> | undefined {
  const flags = state.get(hot.flags);
  const quote = state.get(accountAt(fundAccount(state)).quote);
  const isShort = state.transaction.isExpected || quote < state.get(fundTarget.amount);
  if (isShort === has(flags, FUND_SHORT)) return undefined;
  return {
    flags: isShort ? flags | FUND_SHORT : without(flags, FUND_SHORT),
    checkpointTime: state.get(hot.checkpointTime),
    graceUntil: state.get(hot.graceUntil),
    isLiftDue: false,
  };
}

/** What the word must be: the constructor's, or what guard and registry push after their events, or the fund's. */
function expectedWord(state: Derivation): Omit<ExpectedPush, "logIndex"> | undefined {
  const isConstructor = !state.isSet(modules.guard) && !state.isSet(hot.checkpointTime);
  if (isConstructor) return { flags: 0n, checkpointTime: state.timestamp, graceUntil: 0n, isLiftDue: false };
  const { expectedPush } = state.transaction;
  state.transaction.expectedPush = undefined;
  if (expectedPush === undefined) return fundPush(state);
  // That the fund is short is not the guard's to say.
  const kept = state.get(hot.flags) & FUND_SHORT;
  return { ...expectedPush, flags: without(expectedPush.flags, FUND_SHORT) | kept };
}

/** A push without a cause is illegal, and what was pushed is then all there is to store. */
function pushHotWord(state: Derivation, event: NaiveEvent): void {
  const pushed = {
    flags: event.number("flags"),
    checkpointTime: event.number("checkpointTime"),
    graceUntil: event.number("graceUntil"),
  };
  const expected = expectedWord(state);
  if (expected === undefined) state.report("illegal", "pushes a hot word without a cause");
  state.require(expected?.isLiftDue !== true, "pushes a hot word before the soft pause is lifted");

  const { flags, checkpointTime, graceUntil } = expected ?? pushed;
  state.set(hot.flags, flags);
  state.set(hot.checkpointTime, checkpointTime);
  state.set(hot.graceUntil, graceUntil);
  state.compare("flags", pushed.flags, flags);
  state.compare("checkpointTime", pushed.checkpointTime, checkpointTime);
  state.compare("graceUntil", pushed.graceUntil, graceUntil);
}

/** The fund's account is marked, so that paying a shortfall never reads an empty word. */
function bindModules(state: Derivation, event: NaiveEvent): void {
  state.require(!state.isSet(modules.vault), "binds the modules again");
  for (const name of ["vault", "settlement", "guard", "auction", "fund"] as const) {
    const module = event.hex(name);
    state.require(BigInt(module) !== 0n, `binds the zero address as ${name}`);
    state.set(modules[name], module);
  }
  state.set(accountAt(firstAccountOf(event.hex("fund"))).isUsed, true);
  state.set(totalDebt.isUsed, true);
}

function advanceEpoch(state: Derivation, event: NaiveEvent): void {
  const { epoch, isUsed } = accountAt(event.hex("account"));
  state.add(epoch, 1n);
  state.set(isUsed, true);
  state.compare("epoch", event.number("epoch"), state.get(epoch));
}

/** Applies an event of PositionLedger. */
export function applyLedger(state: Derivation, event: NaiveEvent): void {
  if (event.name === "EntryPosted") applyEntry(state, event);
  if (event.name === "FundingUpdated") applyFunding(state, event);
  if (event.name === "LossSocialised") socialiseLoss(state, event);
  if (event.name === "DebtRecorded") recordDebt(state, event);
  if (event.name === "EpochAdvanced") advanceEpoch(state, event);
  if (event.name === "HotWordPushed") pushHotWord(state, event);
  if (event.name === "ModulesBound") bindModules(state, event);
}
