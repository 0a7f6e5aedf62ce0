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

/** Whether `digest` is the hash of the bytes: {@link keccak256} compared in place, without a new array. */
export function isKeccak256(digest: Uint8Array, bytes: Uint8Array): boolean {
  const actual = digestInPlace(bytes);
  if (digest.length !== actual.length) return false;
  for (let at = 0; at < actual.length; at += 1) if (digest[at] !== actual[at]) return false;
  return true;
}
