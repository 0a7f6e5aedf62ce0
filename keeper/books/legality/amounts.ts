import type { Hex } from "../../lib/hex.ts";

/** One unit of a price or a size. */
export const ONE = 10n ** 18n;
/** One in parts per million. */
export const PPM = 1_000_000n;

/** The number without its sign. */
export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** The smaller one. */
export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The larger one. */
export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** The address that controls an account: its upper 20 bytes. */
export function ownerOf(account: Hex): Hex {
  return account.slice(0, 42) as Hex;
}

/** The asset that an entry's key names. */
export function assetOf(key: bigint): Hex {
  return `0x${key.toString(16).padStart(40, "0")}`;
}
