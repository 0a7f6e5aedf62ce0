import type { BookName, Immutables } from "../../domain/bookSet.ts";
import type { Hash } from "../../lib/hex.ts";
import { storage as ledger, type HotWord } from "../generated/PositionLedger.ts";

/** Bits of `Flags` in contracts/types/ActionFamily.sol. */
export const FLAG = { increaseRisk: 1n, withdraw: 2n, liquidate: 4n, halt: 8n, fundShort: 16n, windDown: 32n } as const;
const DEGRADED = FLAG.increaseRisk | FLAG.withdraw;

/** What the flags are read from: a reducer's context, or that of the rules. */
export interface FlagContext {
  readonly timestamp: bigint;
  readonly immutables: Pick<Immutables, "staleLimit">;
  readOf(book: BookName, slot: Hash): bigint;
}

/** The ledger's hot word. */
export function readHot(context: Pick<FlagContext, "readOf">): HotWord {
  return ledger.hot.decode(context.readOf("PositionLedger", ledger.hot.slot));
}

/** The restrictions in force at the context's time, the stale grade included, as `PositionLedger.flags()`. */
export function flagsInForce(context: FlagContext): bigint {
  const hot = readHot(context);
  return isStaleAt(hot.checkpointTime, context) ? hot.flags | DEGRADED : hot.flags;
}

/** Whether the stale grade holds now when the newest checkpoint has this time. */
export function isStaleAt(checkpointTime: bigint, { timestamp, immutables }: Omit<FlagContext, "readOf">): boolean {
  return timestamp > checkpointTime + immutables.staleLimit;
}

/** Whether new risk is refused now: trades must reduce, and no funding accrues. */
export function isRestricted(context: FlagContext): boolean {
  return (flagsInForce(context) & FLAG.increaseRisk) !== 0n;
}

/** Whether the hard grade is in force. */
export function isHalted(context: FlagContext): boolean {
  return (flagsInForce(context) & FLAG.halt) !== 0n;
}
