import { max, min, PPM, squareRoot, UINT128_MAX } from "./arithmetic.ts";
import { cumulative, lnWad, upperTail } from "./normalDistribution.ts";

/*
 * contracts/libraries/OptionPricing.sol: Black-Scholes at rate zero. X96 is a number times 2^96.
 */

const SECONDS_PER_YEAR = 31_536_000n;
const MAX_SECONDS = 10n * SECONDS_PER_YEAR;
const MAX_VOLATILITY_PPM = 100_000_000n;
const WAD = 10n ** 18n;

/** An option and the time at which it is valued. */
export interface Option {
  readonly isCall: boolean;
  /** 1e-18 quote. */
  readonly strike: bigint;
  /** Until expiry; nothing less than zero. */
  readonly secondsLeft: bigint;
  readonly volatilityPpm: bigint;
}

/** What it pays per unit of underlying at `spot`, 1e-18 quote. */
export function intrinsicOf({ isCall, strike }: Pick<Option, "isCall" | "strike">, spot: bigint): bigint {
  return max(0n, isCall ? spot - strike : strike - spot);
}

/** Within what the pricing takes: margin asks at moved prices and at shocked volatilities. */
export function boundedSpot(spot: bigint): bigint {
  return max(1n, min(spot, UINT128_MAX));
}

/** volatility * sqrt(T), X96. */
function deviationOf({ secondsLeft, volatilityPpm }: Option): bigint {
  const seconds = min(max(secondsLeft, 0n), MAX_SECONDS);
  const volatility = min(max(volatilityPpm, 0n), MAX_VOLATILITY_PPM);
  return (volatility * squareRoot((seconds << 192n) / SECONDS_PER_YEAR)) / PPM;
}

/** The option that is out of the money, of a call and a put with one strike: `low * N(s/2 - m) - high * N(-s/2 - m)`. */
function outOfTheMoney(low: bigint, high: bigint, deviation: bigint): bigint {
  if (deviation === 0n) return 0n;
  const log = lnWad((high * WAD) / low);
  const distance = (((log << 96n) / WAD) << 96n) / deviation;
  const half = deviation >> 1n;
  return max(0n, (low * cumulative(half - distance) - high * upperTail(half + distance)) >> 96n);
}

/** Price of the option on one unit of underlying, 1e-18 quote. */
export function optionPrice(option: Option, spot: bigint): bigint {
  const { strike } = option;
  const [low, high] = spot < strike ? [spot, strike] : [strike, spot];
  return outOfTheMoney(low, high, deviationOf(option)) + intrinsicOf(option, spot);
}
