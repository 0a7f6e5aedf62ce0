import { littleEndian64, name, sized, vector } from "./encoding.ts";
import { const32, I32 } from "./instructions.ts";
import { roundConstants } from "./keccakConstants.ts";
import { section } from "./keccakModule.ts";
import { encodeBranchCode, encodeLeafCode } from "./nodeEncode.ts";
import { hashCode, hashTwoCode, padCode } from "./nodeHash.ts";

/** Bytes at the start of the memory that belong to the kernel: the round constants. */
export const RESERVED = 24 * 8;
/**
 * The kernel of the storage trie: it imports the trie's memory as `trie.memory`, of which it owns the first
 * {@link RESERVED} bytes, and encodes and hashes nodes where they lie.
 */
export function nodeModule(): Uint8Array {
  const type = (parameters: number, results: number): number[] => {
    const of = (count: number): number[] => [...vector(new Array<number[]>(count).fill([I32]))];
    return [0x60, ...of(parameters), ...of(results)];
  };
  const constants = roundConstants().flatMap(littleEndian64);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [type(3, 0), type(5, 0), type(2, 1), type(4, 1)]),
    ...section(2, [[...name("trie"), ...name("memory"), 0x02, 0, 1]]),
    ...section(3, [[0], [1], [2], [2], [3]]),
    ...section(7, [
      [...name("hash"), 0x00, 0],
      [...name("hashTwo"), 0x00, 1],
      [...name("pad"), 0x00, 2],
      [...name("encodeBranch"), 0x00, 3],
      [...name("encodeLeaf"), 0x00, 4],
    ]),
    ...section(10, [
      sized(hashCode()),
      sized(hashTwoCode()),
      sized(padCode()),
      sized(encodeBranchCode()),
      sized(encodeLeafCode()),
    ]),
    ...section(11, [[0x00, ...const32(0), 0x0b, ...sized(constants)]]),
  ]);
}
