import { bytesToHex, type Hash } from "./hex.ts";
import { digestInPlace } from "./keccak/kernel.ts";

/**
 * Keccak-256 as Ethereum uses it (the padding of the original submission, not of FIPS 202), in a new array. Every hash of
 * the keeper passes here, but for the second opinions: see docs/decisions/0023-keccak-kernel.md.
 */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(digestInPlace(bytes));
}

/** {@link keccak256} as lower-case hex. */
export function keccak256Hex(bytes: Uint8Array): Hash {
  return bytesToHex(digestInPlace(bytes));
}

/**
 * Whether the 32 bytes of `digests` from `at` on are the hash of the bytes: {@link keccak256} compared in place, without a
 * new array.
 */
export function isKeccak256(bytes: Uint8Array, digests: Uint8Array, at: number): boolean {
  const actual = digestInPlace(bytes);
  // Beyond its end an array has no bytes, hence none that are equal.
  for (let index = 0; index < actual.length; index += 1) if (digests[at + index] !== actual[index]) return false;
  return true;
}
