import { lnWad, sqrt, WAD } from "./fixedPoint.ts";
import { cdfX96, densityX96, toWad, upperTailX96 } from "./normalDistribution.ts";

/** One option at one moment, as the arguments of `OptionPricing.price`. */
export interface OptionTerms {
  readonly isCall: boolean;
  /** 1e-18 quote, 1 to 2^128 - 1. */
  readonly spot: bigint;
  /** 1e-18 quote, 1 to 2^128 - 1. */
  readonly strike: bigint;
  /** At most ten years. */
  readonly secondsToExpiry: bigint;
  /** Parts per million per square root of a year of 365 days, at most 100,000,000. */
  readonly volatilityPpm: bigint;
}

/** As `OptionPricing.Greeks`. */
export interface Greeks {
  /** Change of the price per change of the spot, 1e18. */
  readonly delta: bigint;
  /** Change of the delta, 1e18, per 1 quote of spot. */
  readonly gamma: bigint;
  /** Change of the price, 1e-18 quote, per 1.0 of volatility. */
  readonly vega: bigint;
  /** Change of the price, 1e-18 quote, per year that passes. */
  readonly theta: bigint;
}

/** Which argument is out of range: the name of the error that the library reverts with, without its prefix. */
export type OptionRangeCode = "SpotOutOfRange" | "StrikeOutOfRange" | "ExpiryTooFar" | "VolatilityTooHigh";

/** An argument for which the library reverts with `OptionPricing<code>(value, max)`: on the chain there is no price. */
export class OptionRangeError extends Error {
  override readonly name = "OptionRangeError";
  readonly code: OptionRangeCode;
  readonly value: bigint;
  readonly max: bigint;

  constructor(code: OptionRangeCode, value: bigint, max: bigint) {
    super(`${code}: ${value} is not within ${max}`);
    this.code = code;
    this.value = value;
    this.max = max;
  }
}

const SECONDS_PER_YEAR = 31_536_000n;
const MAX_AMOUNT = (1n << 128n) - 1n;
const MAX_SECONDS = 10n * SECONDS_PER_YEAR;
const MAX_VOLATILITY_PPM = 100_000_000n;

/**
 * Price of one option, 1e-18 quote, as `OptionPricing.price` bit for bit.
 *
 * @throws OptionRangeError where the library reverts.
 */
export function optionPrice({ isCall, spot, strike, secondsToExpiry, volatilityPpm }: OptionTerms): bigint {
  const log = logMoneyness(spot, strike);
  return optionPriceAt(isCall, spot, strike, log, deviation(volatilityPpm, sqrtYears(secondsToExpiry)));
}

/**
 * Greeks of one option, as `OptionPricing.greeks` bit for bit; the payoff's at zero time or zero volatility.
 *
 * @throws OptionRangeError where the library reverts.
 */
export function optionGreeks({ isCall, spot, strike, secondsToExpiry, volatilityPpm }: OptionTerms): Greeks {
  const log = logMoneyness(spot, strike);
  const root = sqrtYears(secondsToExpiry);
  const s = deviation(volatilityPpm, root);
  if (s === 0n) return { delta: payoffDelta(isCall, spot, strike), gamma: 0n, vega: 0n, theta: 0n };
  const m = distance(log < 0n ? -log : log, s);
  const d = (s >> 1n) + (log < 0n ? -m : m);
  const g = densityX96(d < 0n ? -d : d);
  return {
    delta: toWad(cdfX96(d)) - (isCall ? 0n : WAD),
    gamma: (g * 10n ** 36n) / (s * spot),
    vega: (spot * ((g * root) >> 66n)) >> 126n,
    theta: -((spot * g * volatilityPpm) / (2_000_000n * root)),
  };
}

/**
 * Price from what several prices share, as `OptionPricing.priceAt`: the logarithm is `logMoneyness(spot, strike)`, the
 * deviation of `deviation`. Checks nothing.
 */
export function optionPriceAt(
  isCall: boolean,
  spot: bigint,
  strike: bigint,
  logWad: bigint,
  deviationX96: bigint,
): bigint {
  if (spot < strike) {
    const call = outOfTheMoney(spot, strike, -logWad, deviationX96);
    return isCall ? call : call + (strike - spot);
  }
  const put = outOfTheMoney(strike, spot, logWad, deviationX96);
  return isCall ? put + (spot - strike) : put;
}

/** ln(spot / strike) in wad, as `OptionPricing.logMoneyness`. Throws OptionRangeError where the library reverts. */
export function logMoneyness(spot: bigint, strike: bigint): bigint {
  if (spot === 0n || spot > MAX_AMOUNT) throw new OptionRangeError("SpotOutOfRange", spot, MAX_AMOUNT);
  if (strike === 0n || strike > MAX_AMOUNT) throw new OptionRangeError("StrikeOutOfRange", strike, MAX_AMOUNT);
  return spot < strike ? -lnWad((strike * WAD) / spot) : lnWad((spot * WAD) / strike);
}

/** √T in years, X96, as `OptionPricing.sqrtYears`. Throws OptionRangeError where the library reverts. */
export function sqrtYears(secondsToExpiry: bigint): bigint {
  if (secondsToExpiry > MAX_SECONDS) throw new OptionRangeError("ExpiryTooFar", secondsToExpiry, MAX_SECONDS);
  return sqrt((secondsToExpiry << 192n) / SECONDS_PER_YEAR);
}

/** σ√T, X96, as `OptionPricing.deviation`. Throws OptionRangeError where the library reverts. */
export function deviation(volatilityPpm: bigint, sqrtYearsX96: bigint): bigint {
  if (volatilityPpm > MAX_VOLATILITY_PPM) {
    throw new OptionRangeError("VolatilityTooHigh", volatilityPpm, MAX_VOLATILITY_PPM);
  }
  return (volatilityPpm * sqrtYearsX96) / 1_000_000n;
}

/** `low · N(s/2 - m) - high · N(-s/2 - m)`, with m = ln(high / low) / s: the call below the strike, the put above it. */
function outOfTheMoney(low: bigint, high: bigint, logWad: bigint, s: bigint): bigint {
  if (s === 0n) return 0n;
  const m = distance(logWad, s);
  const half = s >> 1n;
  const gain = low * cdfX96(half - m);
  const cost = high * upperTailX96(half + m);
  return gain > cost ? (gain - cost) >> 96n : 0n;
}

/** ln / s, X96. */
function distance(logWad: bigint, s: bigint): bigint {
  return (((logWad << 96n) / WAD) << 96n) / s;
}

function payoffDelta(isCall: boolean, spot: bigint, strike: bigint): bigint {
  const call = spot > strike ? WAD : spot === strike ? WAD / 2n : 0n;
  return isCall ? call : call - WAD;
}
