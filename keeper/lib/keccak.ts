import { keccak_256 } from "@noble/hashes/sha3.js";

import { bytesToHex, type Hash } from "./hex.ts";

/**
 * Keccak-256 as Ethereum uses it (the padding of the original submission, not of FIPS 202). Every hash of the keeper
 * passes here, so that a faster implementation replaces one line.
 */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes);
}

/** {@link keccak256} as lower-case hex. */
export function keccak256Hex(bytes: Uint8Array): Hash {
  return bytesToHex(keccak_256(bytes));
}
