import { divide, logarithm, multiply, ratio, SCALE, squareRoot } from "./decimal.ts";
import { referenceCdf, referenceDensity } from "./normal.ts";

/** One option: amounts in 1e-18 quote, seconds of a year of 365 days, parts per million per square root of a year. */
export interface ReferenceTerms {
  readonly isCall: boolean;
  readonly spot: bigint;
  readonly strike: bigint;
  readonly secondsToExpiry: bigint;
  readonly volatilityPpm: bigint;
}

/** Price and Greeks as decimals, in the units of `OptionPricing`: a price of SCALE is one wei of quote. */
export interface ReferenceValues {
  readonly price: bigint;
  readonly delta: bigint;
  readonly gamma: bigint;
  readonly vega: bigint;
  readonly theta: bigint;
  /** Plain decimals: σ√T and d₁. */
  readonly deviation: bigint;
  readonly d1: bigint;
}

const YEAR = 31_536_000n;
const WAD = 10n ** 18n;

/** Black and Scholes (1973) at rate zero, each option by its own formula. Time and volatility are not zero. */
export function blackScholes(terms: ReferenceTerms): ReferenceValues {
  const { isCall, spot, strike, secondsToExpiry, volatilityPpm } = terms;
  const root = squareRoot(ratio(secondsToExpiry, YEAR));
  const volatility = ratio(volatilityPpm, 1_000_000n);
  const deviation = multiply(volatility, root);
  const log = logarithm(spot * SCALE) - logarithm(strike * SCALE);
  const d1 = divide(log, deviation) + deviation / 2n;
  const d2 = d1 - deviation;
  const density = referenceDensity(d1);
  return {
    price: isCall
      ? spot * referenceCdf(d1) - strike * referenceCdf(d2)
      : strike * referenceCdf(-d2) - spot * referenceCdf(-d1),
    delta: WAD * (isCall ? referenceCdf(d1) : -referenceCdf(-d1)),
    gamma: (WAD * WAD * divide(density, deviation)) / spot,
    vega: spot * multiply(density, root),
    theta: (-spot * divide(multiply(density, volatility), root)) / 2n,
    deviation,
    d1,
  };
}
