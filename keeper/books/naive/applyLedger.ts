import { applyEntry } from "./applyEntry.ts";
import { applyFunding } from "./applyFunding.ts";
import { socialiseLoss } from "./checkShortfall.ts";
import { recordDebt } from "./debts.ts";
import { firstAccountOf, type NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { pushHotWord } from "./hotWord.ts";
import { accountAt, modules, totalDebt } from "./ledgerStorage.ts";

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
