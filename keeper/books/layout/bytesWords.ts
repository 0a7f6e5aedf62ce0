import type { Hex } from "../../lib/hex.ts";
import { LayoutRangeError } from "./LayoutRangeError.ts";

const IS_BYTES = /^0x(?:[0-9a-f]{2})*$/;

/**
 * The words of a `bytes` or `string` variable: first its own slot's, then those of its data area (none up to 31 bytes).
 *
 * Up to 31 bytes: contents left-aligned, twice the length in the low byte. From 32 on: twice the length plus one, the
 * contents in ceil(length / 32) words from keccak256(slot) on.
 * https://docs.soliditylang.org/en/v0.8.37/internals/layout_in_storage.html#bytes-and-string
 */
export function encodeBytesWords(field: string, value: Hex): bigint[] {
  if (!IS_BYTES.test(value)) throw new LayoutRangeError(field, value, "lower-case whole bytes");
  const digits = value.slice(2);
  const length = digits.length / 2;
  if (length < 32) return [BigInt(`0x${digits.padEnd(64, "0")}`) | BigInt(2 * length)];
  const words = [BigInt(2 * length + 1)];
  for (let at = 0; at < digits.length; at += 64) words.push(BigInt(`0x${digits.slice(at, at + 64).padEnd(64, "0")}`));
  return words;
}

/** The inverse of {@link encodeBytesWords}; throws {@link LayoutRangeError} unless `words` are exactly what it makes. */
export function decodeBytesWords(field: string, words: readonly bigint[]): Hex {
  const main = words[0] ?? 0n;
  const length = bytesLength(main);
  const source = main & 1n ? words.slice(1) : [main];
  const digits = source.map((word) => word.toString(16).padStart(64, "0")).join("");
  const value: Hex = `0x${digits.slice(0, 2 * length)}`;
  const again = encodeBytesWords(field, value);
  if (again.length !== words.length || again.some((word, i) => word !== words[i])) {
    throw new LayoutRangeError(field, words.join(), "the words of a bytes variable");
  }
  return value;
}

/** Length in bytes that the own slot of a `bytes` or `string` states; 0 when it is beyond what a log could carry. */
export function bytesLength(main: bigint): number {
  const length = main & 1n ? main >> 1n : (main & 0xffn) >> 1n;
  return length > 0xffff_ffffn ? 0 : Number(length);
}
