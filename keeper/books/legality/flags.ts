import { storage as ledger } from "../generated/PositionLedger.ts";
import type { LegalityContext } from "./LegalityContext.ts";

/** Bits of `Flags` in contracts/types/ActionFamily.sol. */
export const FLAG = { increaseRisk: 1n, withdraw: 2n, liquidate: 4n, halt: 8n } as const;
const DEGRADED = FLAG.increaseRisk | FLAG.withdraw;

/** The restrictions in force at the context's time, the stale grade included, as `PositionLedger.flags()`. */
export function flagsInForce(context: LegalityContext): bigint {
  const hot = ledger.hot.decode(context.readOf("PositionLedger", ledger.hot.slot));
  const isStale = context.timestamp > hot.checkpointTime + context.immutables.staleLimit;
  return isStale ? hot.flags | DEGRADED : hot.flags;
}
