import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { fundTarget } from "./tradingStorage.ts";

/** Applies an event of InsuranceFund. */
export function applyFund(state: Derivation, event: NaiveEvent): void {
  if (event.name !== "TargetSet") return;
  state.set(fundTarget.amount, event.number("target"));
  state.set(fundTarget.isUsed, true);
}
