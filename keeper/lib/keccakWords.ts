import { concatBytes } from "./bytes.ts";
import { bigintToHex32, hexToBytes, type Hash, type Hex } from "./hex.ts";
import { keccak256Hex } from "./keccak.ts";

/** keccak256 of unsigned integers, addresses and bytes32, 32 bytes each, as `abi.encode` of them. */
export function keccakWords(words: readonly (bigint | Hex)[]): Hash {
  return keccak256Hex(
    concatBytes(words.map((word) => hexToBytes(bigintToHex32(typeof word === "bigint" ? word : BigInt(word))))),
  );
}
