const PPM = 1_000_000n;

/** A shared limit as stored: what may leave, as of when. Asset units and seconds. */
interface Level {
  readonly level: bigint;
  readonly levelAt: bigint;
}

/** Capacity of the shared outflow limit, asset units. */
export function capacityOf({ cap, outflowPpm }: { readonly cap: bigint; readonly outflowPpm: bigint }): bigint {
  return (cap * outflowPpm) / PPM;
}

/**
 * The shared limit as of now: towards its capacity, from below and from above, by a whole capacity in a period.
 * As `CollateralVault._relax`.
 */
export function relax(
  { level, levelAt }: Level,
  limits: { readonly cap: bigint; readonly outflowPpm: bigint; readonly period: bigint },
  now: bigint,
): Level {
  if (limits.period === 0n) return { level, levelAt: now };
  const capacity = capacityOf(limits);
  const step = (capacity * (now - levelAt)) / limits.period;
  if (level < capacity) return { level: level + step < capacity ? level + step : capacity, levelAt: now };
  return { level: level > capacity + step ? level - step : capacity, levelAt: now };
}

/** What an account has used of its allowance by now, as `used` of OpenZeppelin 5.7 `RateLimiter.RefillingBucket`. */
export function bucketUsed(
  { capacity, window }: { readonly capacity: bigint; readonly window: bigint },
  { lastUsed, lastTimepoint }: { readonly lastUsed: bigint; readonly lastTimepoint: bigint },
  now: bigint,
): bigint {
  const refilled = ((now - lastTimepoint) * capacity) / (window === 0n ? 1n : window);
  return lastUsed > refilled ? lastUsed - refilled : 0n;
}
