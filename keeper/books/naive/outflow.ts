import type { Address, Hash } from "../../lib/hex.ts";
import { max, min, PPM } from "./arithmetic.ts";
import type { Derivation } from "./Derivation.ts";
import { flagsInForce, FUND_SHORT, has } from "./flags.ts";
import { assetAt, bucketAt, bucketItemAt, limitsAt } from "./vaultStorage.ts";

/** What a withdrawal weighs in the shared limit while the insurance fund is short. */
const SHORT_WEIGHT = 4n;

const UINT96_MAX = (1n << 96n) - 1n;
const MAX_PERIOD = 30n * 86_400n;

/** What the shared limit of an asset holds when it is full. */
export function capacityOf(state: Derivation, asset: Address): bigint {
  const { cap, outflowPpm } = limitsAt(asset);
  return (state.get(cap) * state.get(outflowPpm)) / PPM;
}

/** What an account may withdraw beside the shared limit in one period. */
export function allowanceOf(state: Derivation, asset: Address): bigint {
  const { cap, allowancePpm } = limitsAt(asset);
  return (state.get(cap) * state.get(allowancePpm)) / PPM;
}

/** Reports limits that close the exit: they fill up in time, by a unit a second at least, and no allowance is zero. */
export function requireLimits(state: Derivation, asset: Address): void {
  const [capacity, allowance] = [capacityOf(state, asset), allowanceOf(state, asset)];
  const period = state.get(limitsAt(asset).period);
  const isRefilling = period !== 0n && period <= MAX_PERIOD && capacity >= period;
  const isPossible = isRefilling && capacity <= UINT96_MAX && allowance !== 0n;
  state.require(isPossible, `limits of ${capacity} and ${allowance} in ${period} seconds`);
}

/** Moves the shared limit towards its capacity, from below or from above, by what has become due since the last time. */
export function relax(state: Derivation, asset: Address): void {
  const { level, levelAt } = assetAt(asset);
  const capacity = capacityOf(state, asset);
  const period = state.get(limitsAt(asset).period);
  // A listed asset has a period.
  const step = period === 0n ? 0n : (capacity * (state.timestamp - state.get(levelAt))) / period;
  const now = state.get(level);
  state.set(level, now < capacity ? min(now + step, capacity) : max(now - step, capacity));
  state.set(levelAt, state.timestamp);
}

/**
 * OpenZeppelin's RateLimiter.RefillingBucket, `tryConsume`: what was used becomes free again with time, and the rest of
 * the capacity may be used.
 *
 * @returns what is used of the account's own allowance then
 */
function consume(state: Derivation, account: Hash, asset: Address, amount: bigint): bigint {
  const { capacity, window } = bucketAt(asset);
  const { lastUsed, lastTimepoint } = bucketItemAt(asset, account);
  const elapsed = state.timestamp - state.get(lastTimepoint);
  const refilled = (elapsed * state.get(capacity)) / max(1n, state.get(window));
  const used = max(0n, state.get(lastUsed) - refilled);
  const available = max(0n, state.get(capacity) - used);
  state.require(amount <= available, `withdraws ${amount} beyond the limits, which leave ${available}`);
  state.set(lastUsed, used + amount);
  state.set(lastTimepoint, state.timestamp);
  return used + amount;
}

/**
 * A withdrawal uses the shared limit, or, when that does not let it out whole, the account's own allowance.
 *
 * @returns what is used of the allowance; zero when the shared limit pays
 */
export function spend(state: Derivation, account: Hash, asset: Address, amount: bigint): bigint {
  const { level } = assetAt(asset);
  const weight = has(flagsInForce(state), FUND_SHORT) ? SHORT_WEIGHT : 1n;
  if (amount > state.get(level) / weight) return consume(state, account, asset, amount);
  state.add(level, -amount * weight);
  return 0n;
}
