import type { Hex } from "../../lib/hex.ts";
import { needOf } from "../model/liquidation.ts";
import type { Valuation } from "../model/margin.ts";
import { KIND, readInstrument, readOption } from "./instruments.ts";
import type { LegalityContext } from "./LegalityContext.ts";
import { markNow, readAccount, readPosition, valueAccount } from "./portfolio.ts";
import { unexplained } from "./unreachableFeeds.ts";

/** A position that may be auctioned, with what its price depends on. */
export interface Lot {
  /** Signed, 1e-18 underlying. */
  readonly size: bigint;
  readonly feed: bigint;
  /** 1e-18 quote. */
  readonly spot: bigint;
  readonly mark: bigint;
  readonly initialPpm: bigint;
  /** A perpetual with nothing beside it, which hedges nothing. */
  readonly isAlone: boolean;
}

/**
 * Every condition under which a position may be auctioned that depends neither on the auction nor on what the account is
 * worth, as `LiquidationAuction._readPosition`: it exists, has not expired, and its price satisfies every rule and is
 * newer than the position's last increase. Null when the price is not known, or not valid.
 */
export function checkLot(
  account: Hex,
  instrument: bigint,
  context: LegalityContext,
  illegal: (detail: string) => void,
): Lot | null {
  const { size, increasedAt } = readPosition(account, instrument, context);
  if (size === 0n) illegal("without a position");
  const { kind, feed, initialPpm } = readInstrument(instrument, context);
  const isPerpetual = kind === KIND.perpetual;
  if (!isPerpetual && context.timestamp >= readOption(instrument, context).expiry) {
    illegal("of an option that has expired");
  }
  const spot = checkPrice(feed, context, illegal);
  const marked = markNow(instrument, context);
  if (spot === null || !marked.isKnown) return null;
  if (spot.updatedAt <= increasedAt) {
    illegal(`at a price of ${spot.updatedAt}, the position grew at ${increasedAt}`);
  }
  if (marked.mark === null) {
    illegal("of an instrument without a mark");
    return null;
  }
  const { openCount, assets } = readAccount(account, context);
  const isAlone = isPerpetual && openCount === 1n && assets === 0n;
  return { size, feed, spot: spot.value, mark: marked.mark, initialPpm, isAlone };
}

/** Nothing is sold unless the price that it is sold at satisfies every rule. Null when that is not known, or not so. */
export function checkPrice(
  feed: bigint,
  context: LegalityContext,
  illegal: (detail: string) => void,
): { readonly value: bigint; readonly updatedAt: bigint } | null {
  const reading = context.priceOf(feed);
  if (!reading.isKnown) return null;
  if (reading.status === "valid") return reading;
  illegal(`at a price that is ${reading.status}`);
  return null;
}

/**
 * What is wrong with an auction of an account whose prices other than the lot's count at the best that they can be where
 * they break a rule: null when nothing is, or when that is not known.
 *
 * @param feed of the lot, valid
 * @param judge what is wrong with the account at a value, these feeds being out of reach
 */
export function judgeFavourably(
  account: Hex,
  feed: bigint,
  context: LegalityContext,
  judge: (value: Valuation, unusable: ReadonlySet<bigint>) => string | null,
): string | null {
  return unexplained(account, context, feed, (unusable) => {
    const valued = valueAccount(account, "favourable", context, { unusable });
    if (valued.kind === "unknown") return null;
    return valued.kind === "refused" ? valued.detail : judge(valued.value, unusable);
  });
}

/** Why a position of an account of this value may not be auctioned. */
export function whyHealthy(value: Valuation): string | null {
  if (isBelow(value)) return null;
  return `of an account with equity ${value.equity}, not below ${value.maintenance}`;
}

/** Below its maintenance requirement. */
export function isBelow(value: Valuation): boolean {
  return excessOf(value) < 0n;
}

/** What an account has above its maintenance requirement, 1e-18 quote. */
export function excessOf({ equity, maintenance }: Valuation): bigint {
  return equity - maintenance;
}

/** At its initial requirement, without the lag premium. */
export function isSecured({ equity, initial }: Valuation): boolean {
  return needOf(equity, initial) === 0n;
}
