import type { Hex } from "../../lib/hex.ts";
import { LayoutRangeError } from "./LayoutRangeError.ts";

const IS_HEX = /^0x[0-9a-fA-F]*$/;

/** The bits of an unsigned field. Throws {@link LayoutRangeError} when `value` does not fit `bits`. */
export function uintBits(field: string, value: bigint, bits: number): bigint {
  if (BigInt.asUintN(bits, value) !== value) throw new LayoutRangeError(field, value, `a uint${bits}`);
  return value;
}

/** The two's complement bits of a signed field, within its width. Throws {@link LayoutRangeError}. */
export function intBits(field: string, value: bigint, bits: number): bigint {
  if (BigInt.asIntN(bits, value) !== value) throw new LayoutRangeError(field, value, `an int${bits}`);
  return BigInt.asUintN(bits, value);
}

/** The bits of a `bool`. */
export function boolBits(value: boolean): bigint {
  return value ? 1n : 0n;
}

/** The bits of an address or a `bytesN`: storage right-aligns both. Throws {@link LayoutRangeError}. */
export function hexBits(field: string, value: Hex, bytes: number): bigint {
  if (value.length !== 2 + 2 * bytes || !IS_HEX.test(value)) throw new LayoutRangeError(field, value, `${bytes} bytes`);
  return BigInt(value);
}

/** `bytes` bytes of hex; `value` must fit them. */
export function hexOf(value: bigint, bytes: number): Hex {
  return `0x${value.toString(16).padStart(2 * bytes, "0")}`;
}

/** `word` with the `bits` bits from bit `shift` on replaced by `field`, which must fit them. */
export function replaceBits(word: bigint, shift: bigint, bits: bigint, field: bigint): bigint {
  const mask = ((1n << bits) - 1n) << shift;
  return (word & ~mask) | (field << shift);
}

/** `index`, after a check against a fixed array's length. Throws {@link LayoutRangeError}. */
export function indexWithin(field: string, index: bigint, length: bigint): bigint {
  if (index < 0n || index >= length) throw new LayoutRangeError(field, index, `an index below ${length}`);
  return index;
}
