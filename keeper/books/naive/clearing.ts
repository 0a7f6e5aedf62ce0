import { abs, max, min } from "./arithmetic.ts";
import type { Derivation } from "./Derivation.ts";
import { clearingSizeAt, marketAt } from "./ledgerStorage.ts";

/** Whether anyone is in a market: longs, or shorts of a settled option whose longs the clearing account has taken over. */
export function isInUse(state: Derivation, instrument: bigint): boolean {
  const open = state.get(marketAt(instrument).openInterest) + abs(state.get(clearingSizeAt(instrument).size));
  return open !== 0n;
}

/**
 * What the fund has paid into a clearing account, of which the balance has it already. Nothing is left for it to cover
 * beyond what is missing in a market that nobody is in.
 */
export function levelUncovered(state: Derivation, instrument: bigint, paid: bigint): void {
  const { uncovered, isUsed } = clearingSizeAt(instrument);
  const missing = max(0n, -state.get(marketAt(instrument).clearing));
  const left = isInUse(state, instrument) ? state.get(uncovered) - paid : min(state.get(uncovered), missing);
  state.set(uncovered, left);
  state.set(isUsed, true);
}
