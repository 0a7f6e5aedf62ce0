import { ceilDiv, WAD } from "./fixedPoint.ts";

/** All of something, in parts per million. */
export const PPM = 1_000_000n;

/** The most that the contracts' prices and collateral values hold. */
export const MAX_UINT128 = (1n << 128n) - 1n;

/** What `size` of something is worth at a price per unit: assets down, debts up. 1e-18 quote. */
export function valueOf(size: bigint, price: bigint): bigint {
  return size > 0n ? (size * price) / WAD : -ceilDiv(-size * price, WAD);
}

/** Notional of a size of either sign, rounded up. 1e-18 quote. */
export function notionalUp(size: bigint, price: bigint): bigint {
  return ceilDiv((size < 0n ? -size : size) * price, WAD);
}

/** Part per million of a notional, rounded up. 1e-18 quote. */
export function shareUp(notional: bigint, ppm: bigint): bigint {
  return ceilDiv(notional * ppm, PPM);
}

/** What an option pays per unit at `spot`, 1e-18 quote. */
export function intrinsic(isCall: boolean, spot: bigint, strike: bigint): bigint {
  return isCall ? max(spot - strike, 0n) : max(strike - spot, 0n);
}

/** The larger one. */
export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** The smaller one. */
export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
