import { KIND, readInstrument, readOption, readSettlement } from "../books/legality/instruments.ts";
import type { BooksReader } from "../books/legality/LegalityContext.ts";
import { optionGreeks, OptionRangeError, type Greeks } from "../books/model/optionPricing.ts";

const ONE = 10n ** 18n;
const NONE: Greeks = { delta: 0n, gamma: 0n, vega: 0n, theta: 0n };

/**
 * Greeks of one unit of an instrument at its feed's price, as `MarginEngine` has them; those of a perpetual are its delta of one,
 * those of what has its final price are zero. Null where there is no valid price.
 */
export function greeksOf(instrument: bigint, reader: BooksReader): Greeks | null {
  const { kind, feed } = readInstrument(instrument, reader);
  if (kind === KIND.none) return null;
  const price = reader.priceOf(feed);
  if (kind === KIND.perpetual) return { ...NONE, delta: ONE };
  const { settledAt } = readSettlement(instrument, reader);
  const { strike, expiry, volatilityPpm } = readOption(instrument, reader);
  if (settledAt !== 0n && reader.timestamp >= expiry) return NONE;
  if (!price.isKnown || price.status !== "valid") return null;
  const secondsToExpiry = expiry > reader.timestamp ? expiry - reader.timestamp : 0n;
  try {
    return optionGreeks({ isCall: kind === KIND.call, spot: price.value, strike, secondsToExpiry, volatilityPpm });
  } catch (error: unknown) {
    if (error instanceof OptionRangeError) return null;
    throw error;
  }
}

/**
 * Those of a position: each per unit times the size, truncated towards zero.
 *
 * @param size signed, 1e-18 underlying
 */
export function scaled({ delta, gamma, vega, theta }: Greeks, size: bigint): Greeks {
  const of = (value: bigint): bigint => (value * size) / ONE;
  return { delta: of(delta), gamma: of(gamma), vega: of(vega), theta: of(theta) };
}

/** The sum of both. */
export function plus(one: Greeks, other: Greeks): Greeks {
  return {
    delta: one.delta + other.delta,
    gamma: one.gamma + other.gamma,
    vega: one.vega + other.vega,
    theta: one.theta + other.theta,
  };
}

/** No risk at all. */
export const NO_GREEKS = NONE;
