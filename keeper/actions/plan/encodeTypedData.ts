import { writeHex } from "../../lib/hex.ts";
import { assert } from "../../lib/assert.ts";
import type { TypedData } from "./TypedData.ts";

/** The bytes whose hash EIP-712 signs: `0x1901 || domainSeparator || structHash`. */
export function encodeTypedData({ domainSeparator, structHash }: TypedData): Uint8Array {
  assert(domainSeparator.length === 66 && structHash.length === 66, "a domain and a struct are signed by their hashes");
  const bytes = new Uint8Array(66);
  bytes[0] = 0x19;
  bytes[1] = 0x01;
  writeHex(domainSeparator, bytes, 2, "domainSeparator");
  writeHex(structHash, bytes, 34, "structHash");
  return bytes;
}
