import type { SeededRandom } from "../SeededRandom.ts";
import type { ReferenceTerms } from "./blackScholes.ts";

/** Bounds of `OptionPricing`. */
export const MAX_AMOUNT = (1n << 128n) - 1n;
export const MAX_SECONDS = 315_360_000n;
export const MAX_VOLATILITY_PPM = 100_000_000n;

/** Uniform in the logarithm from 1 to `max`, its ends included, which come more often than by chance. */
export function drawLogUniform(random: SeededRandom, max: bigint): bigint {
  const bits = 1 + random.below(max.toString(2).length);
  return clamp(random.uint(bits), 1n, max);
}

/**
 * Any option that the library prices: a third anywhere in the domain (dust against 2^128 - 1 included), a third around
 * the money, a third at it or a few wei off; time or volatility zero now and then unless `isAlive`.
 */
export function drawOption(random: SeededRandom, isAlive = false): ReferenceTerms {
  const spot = drawLogUniform(random, MAX_AMOUNT);
  const strikes = [
    () => drawLogUniform(random, MAX_AMOUNT),
    () => (spot * BigInt(300 + random.below(3_000))) / 1_000n,
    () => spot + BigInt(random.below(7) - 3),
  ];
  const strike = clamp(strikes[random.below(3)]!(), 1n, MAX_AMOUNT);
  const secondsToExpiry = !isAlive && random.below(20) === 0 ? 0n : drawLogUniform(random, MAX_SECONDS);
  const volatilityPpm = !isAlive && random.below(20) === 0 ? 0n : drawLogUniform(random, MAX_VOLATILITY_PPM);
  return { isCall: random.bool(), spot, strike, secondsToExpiry, volatilityPpm };
}

/** What a market lists: 0.01 to 1,000,000 quote, strike within a factor of three, a minute to two years, 5 to 500 %. */
export function drawListedOption(random: SeededRandom): ReferenceTerms {
  const spot = clamp(random.uint(54 + random.below(27)), 10n ** 16n, 10n ** 24n);
  const strike = (spot * BigInt(333 + random.below(2_667))) / 1_000n;
  const secondsToExpiry = clamp(random.uint(6 + random.below(20)), 60n, 63_072_000n);
  const volatilityPpm = BigInt(50_000 + random.below(4_950_000));
  return { isCall: random.bool(), spot, strike, secondsToExpiry, volatilityPpm };
}

function clamp(value: bigint, least: bigint, most: bigint): bigint {
  return value < least ? least : value > most ? most : value;
}
