import { ceilDiv, sqrtUp } from "./fixedPoint.ts";

const SECONDS_PER_YEAR = 31_536_000n;
const MAX_UINT128 = (1n << 128n) - 1n;

/**
 * Lag premium, as `SyncLag.premiumPpm` bit for bit: `min(capPpm, volatility · √(lag in years))`, every step rounded up.
 * Total: what is beyond 128 bits pays the cap.
 */
export function premiumPpm(volatilityPpm: bigint, lagSeconds: bigint, capPpm: bigint): bigint {
  if (volatilityPpm === 0n || lagSeconds === 0n) return 0n;
  if (volatilityPpm > MAX_UINT128 || lagSeconds > MAX_UINT128) return capPpm;
  const lag = ceilDiv(lagSeconds * 10n ** 18n, SECONDS_PER_YEAR);
  const premium = ceilDiv(volatilityPpm * sqrtUp(lag), 10n ** 9n);
  return premium < capPpm ? premium : capPpm;
}
