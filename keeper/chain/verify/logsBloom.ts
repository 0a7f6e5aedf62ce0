import { HexError, parseData, type Address, type Hex } from "../../lib/hex.ts";
import { keccak256 } from "../../lib/keccak.ts";
import { VerificationError } from "./VerificationError.ts";

const BLOOM_BYTES = 256;
const BLOOM_BITS = 8 * BLOOM_BYTES;

/**
 * Whether a block with this bloom can hold a log of this address. False is proof of absence when the bloom comes from
 * a verified header; true says nothing. Source: Yellow Paper 4.3.1, function M.
 *
 * @throws VerificationError `HeaderMalformed` when the bloom is not 256 bytes or the address not 20
 */
export function bloomMayContain(logsBloom: Hex, address: Address): boolean {
  let bloom: Uint8Array;
  let hash: Uint8Array;
  try {
    bloom = parseData(logsBloom, "logsBloom", { length: BLOOM_BYTES });
    hash = keccak256(parseData(address, "address", { length: 20 }));
  } catch (error: unknown) {
    if (!(error instanceof HexError)) throw error;
    throw new VerificationError("HeaderMalformed", error.message, { field: error.input }, { cause: error });
  }
  // The low 11 bits of each of the first three pairs of bytes name a bit, counted from the end.
  return [0, 2, 4].every((at) => {
    const bit = ((hash[at]! << 8) | hash[at + 1]!) % BLOOM_BITS;
    return ((bloom[BLOOM_BYTES - 1 - (bit >> 3)]! >> (bit & 7)) & 1) === 1;
  });
}
