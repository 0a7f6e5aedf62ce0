import { max, min } from "./marginAmounts.ts";
import { optionPrice, OptionRangeError } from "./optionPricing.ts";

/** What an option's value in a wind-down rests on. */
export interface WindDownOption {
  readonly isCall: boolean;
  /** 1e-18 quote per underlying. */
  readonly strike: bigint;
  /** Seconds. */
  readonly expiry: bigint;
  readonly volatilityPpm: bigint;
}

const MAX_SECONDS = 315_360_000n;
const MAX_VOLATILITY_PPM = 100_000_000n;

/**
 * What a unit of an instrument is worth in a wind-down, as `InstrumentRegistry.settleWindDown`: the spot price for a
 * perpetual (`option` is null), the Black-Scholes value at `time` for an option. 1e-18 quote. Null where the contract
 * reverts.
 *
 * @param spot 1e-18 quote per underlying
 * @param time when the incident began, seconds
 */
export function windDownPrice(option: WindDownOption | null, spot: bigint, time: bigint): bigint | null {
  if (option === null) return spot;
  const { isCall, strike, expiry } = option;
  const secondsToExpiry = min(max(expiry - time, 0n), MAX_SECONDS);
  const volatilityPpm = min(option.volatilityPpm, MAX_VOLATILITY_PPM);
  try {
    return optionPrice({ isCall, spot, strike, secondsToExpiry, volatilityPpm });
  } catch (error: unknown) {
    if (error instanceof OptionRangeError) return null;
    throw error;
  }
}
