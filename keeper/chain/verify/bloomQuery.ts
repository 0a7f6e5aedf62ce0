import { hexToBytes, type Hex } from "../../lib/hex.ts";
import { keccak256 } from "../../lib/keccak.ts";

const BLOOM_BYTES = 256;
const BLOOM_BITS = 8 * BLOOM_BYTES;

/** Where a bit stands in the hexadecimal digits of a bloom, `0x` included. */
interface Place {
  readonly index: number;
  readonly mask: number;
}

/** The low 11 bits of each of the first three pairs of bytes of a hash name a bit, counted from the end. */
function placesOf(value: Hex): Place[] {
  const hash = keccak256(hexToBytes(value));
  return [0, 2, 4].map((at) => {
    const bit = ((hash[at]! << 8) | hash[at + 1]!) % BLOOM_BITS;
    return { index: 2 + 2 * BLOOM_BYTES - 1 - (bit >> 2), mask: 1 << (bit & 3) };
  });
}

/**
 * Whether a block with a bloom can hold a log of one of these addresses or topics. False is proof of absence when the bloom
 * comes from a verified header; true says nothing. Source: Yellow Paper 4.3.1, function M.
 *
 * @param values addresses (20 bytes) and topics (32 bytes)
 * @returns a question about the bloom of a verified header: 256 bytes
 */
export function createBloomQuery(values: readonly Hex[]): (logsBloom: Hex) => boolean {
  const wanted = values.map(placesOf);
  return (logsBloom) => {
    return wanted.some((places) =>
      places.every(({ index, mask }) => (Number.parseInt(logsBloom.charAt(index), 16) & mask) !== 0),
    );
  };
}
