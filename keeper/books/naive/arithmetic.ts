/** 1.0 of every amount, price and size. */
export const ONE = 10n ** 18n;
/** Parts per million. */
export const PPM = 1_000_000n;
/** `type(uint128).max` */
export const UINT128_MAX = (1n << 128n) - 1n;

/** The value without its sign. */
export function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** The lesser of two. */
export function min(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

/** The greater of two. */
export function max(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}

/** `value`, or the bound beyond which it lies. */
export function clamp(value: bigint, bound: bigint): bigint {
  return max(-bound, min(bound, value));
}

/** Quotient rounded up, of what is not negative. */
export function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

/** Quotient rounded towards minus infinity; the divisor is positive. */
export function divideDown(dividend: bigint, divisor: bigint): bigint {
  return dividend < 0n ? -divideUp(-dividend, divisor) : dividend / divisor;
}

/** What a size is worth at a price, all in 1e-18: assets are rounded down, debts up. */
export function worth(size: bigint, price: bigint): bigint {
  return divideDown(size * price, ONE);
}

/** Square root rounded down, found bit by bit. */
export function squareRoot(value: bigint): bigint {
  let root = 0n;
  for (let bit = 1n << BigInt(value.toString(2).length); bit > 0n; bit >>= 1n) {
    if ((root + bit) * (root + bit) <= value) root += bit;
  }
  return root;
}

/** Square root rounded up. */
export function squareRootUp(value: bigint): bigint {
  const root = squareRoot(value);
  return root * root < value ? root + 1n : root;
}
