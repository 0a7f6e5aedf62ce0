import type { Hex } from "../../lib/hex.ts";
import { markOf, type MarginPosition, type Valuation } from "../model/margin.ts";
import { needOf } from "../model/liquidation.ts";
import { KIND, readInstrument, readOption } from "./instruments.ts";
import type { LegalityContext } from "./LegalityContext.ts";
import { marginReading, readPosition, valueAccount } from "./portfolio.ts";

/** A position that may be auctioned, with all that its price depends on. */
export interface Lot {
  /** Signed, 1e-18 underlying. */
  readonly size: bigint;
  /** 1e-18 quote. */
  readonly spot: bigint;
  readonly mark: bigint;
  readonly need: bigint;
  readonly initialPpm: bigint;
}

/**
 * Every condition under which a position may be auctioned that does not depend on the auction, as
 * `LiquidationAuction._readPosition`: it exists, has not expired, the account is below maintenance at prices that satisfy
 * every rule, and the instrument's own is newer than the position's last increase. Null when the prices are not known.
 */
export function checkLot(
  account: Hex,
  instrument: bigint,
  context: LegalityContext,
  illegal: (detail: string) => void,
): Lot | null {
  const { size, increasedAt } = readPosition(account, instrument, context);
  if (size === 0n) illegal("without a position");
  const terms = readInstrument(instrument, context);
  const option = terms.kind === KIND.perpetual ? null : readOption(instrument, context);
  if (option !== null && context.timestamp >= option.expiry) illegal("of an option that has expired");
  const known = context.priceOf(terms.feed);
  const reading = marginReading(known);
  const valued = valueAccount(account, "strict", context);
  if (reading === null || !known.isKnown || valued.kind === "unknown") return null;
  if (valued.kind === "refused") {
    illegal(valued.detail);
    return null;
  }
  if (!valued.value.isValid || known.status !== "valid") {
    illegal("at prices that break a rule");
    return null;
  }
  if (!isBelow(valued.value)) {
    illegal(`of an account with equity ${valued.value.equity}, not below ${valued.value.maintenance}`);
  }
  if (known.updatedAt <= increasedAt) {
    illegal(`at a price of ${known.updatedAt}, the position grew at ${increasedAt}`);
  }
  const kind = terms.kind === KIND.call ? "call" : "put";
  const position: MarginPosition =
    option === null
      ? { kind: "perpetual", size, terms, reading }
      : { kind, size, terms, reading, option: { ...option, settlementPrice: null } };
  const { equity, initial } = valued.value;
  const mark = markOf(position, known.value, context.timestamp);
  return { size, spot: known.value, mark, need: needOf(equity, initial), initialPpm: terms.initialPpm };
}

/** Below its maintenance requirement. */
export function isBelow({ equity, maintenance }: Valuation): boolean {
  return equity < maintenance;
}

/** At its initial requirement, without the lag premium. */
export function isSecured({ equity, initial }: Valuation): boolean {
  return equity >= initial;
}
