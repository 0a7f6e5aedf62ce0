import { hot } from "./ledgerStorage.ts";
import type { Derivation } from "./Derivation.ts";

/** Source: contracts/types/ActionFamily.sol. */
export const INCREASE_RISK = 1n;
/** Withdrawals and claims follow the two-witness rule. */
export const WITHDRAW = 2n;
/** Liquidations are refused. */
export const LIQUIDATE = 4n;
/** Only flat accounts leave. */
export const HALT = 8n;
/** The insurance fund is short. The guard leaves this bit as it is. */
export const FUND_SHORT = 16n;
/** The wind-down has begun. Never cleared. */
export const WIND_DOWN = 32n;
/** What the soft pause and the stale grade restrict. */
export const DEGRADED_FLAGS = 1n | 2n;
/** What the hard pause restricts. */
export const HALTED_FLAGS = 1n | 2n | 4n | 8n;

/** Whether the newest checkpoint is older than the stale limit. */
export function isStale(state: Derivation): boolean {
  return state.timestamp > state.get(hot.checkpointTime) + state.input.immutables.staleLimit;
}

/** The restrictions in force: those stored, and those of the stale grade, which nobody has to store. */
export function flagsInForce(state: Derivation): bigint {
  const stored = state.get(hot.flags);
  return isStale(state) ? stored | DEGRADED_FLAGS : stored;
}

/** Whether every family of `wanted` is restricted in `flags`. */
export function has(flags: bigint, wanted: bigint): boolean {
  return (flags & wanted) === wanted;
}

/** `flags` with no family of `removed` restricted. */
export function without(flags: bigint, removed: bigint): bigint {
  return flags & ~removed;
}
