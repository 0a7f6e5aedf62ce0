import { keccak_256 } from "@noble/hashes/sha3.js";

/** Keccak-256 of `bytes` (FIPS 202 before padding changed, as Ethereum uses it). */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes);
}
