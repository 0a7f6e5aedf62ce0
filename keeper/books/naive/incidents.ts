import type { Derivation } from "./Derivation.ts";
import { halt, incident } from "./syncStorage.ts";

/*
 * What stands the guard knows from its own words. The ledger's flags say the same in an honest protocol, and nothing more: a
 * contract that asks the guard's words is judged by them, one that asks the flags by those.
 */

/** Whether an incident stands: every pause counts up the nonce, and every end clears what was counted. */
export function stands(state: Derivation): boolean {
  return state.get(incident.nonce) !== state.get(halt.clearedNonce);
}

/** Whether the incident that stands had a hard pause. */
export function isHard(state: Derivation): boolean {
  return stands(state) && state.get(halt.pausedAt) >= state.get(incident.startedAt);
}

/** Whether the wind-down has begun. */
export function isWoundDown(state: Derivation): boolean {
  return state.isSet(halt.windDownAt);
}
