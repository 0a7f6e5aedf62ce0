import { bigintToHex32, type Hash, type Hex } from "../../lib/hex.ts";
import { keccak256Hex } from "../../lib/keccak.ts";

/** First four bytes of the hash of a function's signature. */
export function selectorOf(signature: string): Hex {
  return keccak256Hex(new TextEncoder().encode(signature)).slice(0, 10) as Hex;
}

/** An unsigned integer, address or bytes32 as one word, without prefix. */
export function word(value: bigint | Hex): string {
  return bigintToHex32(typeof value === "bigint" ? value : BigInt(value)).slice(2);
}

/** `bytes32[]`: length and elements, without prefix. */
export function wordList(values: readonly Hash[]): string {
  return word(BigInt(values.length)) + values.map((value) => value.slice(2)).join("");
}

/** `bytes`: length, and the contents padded to words; without prefix. */
export function bytesTail(value: Hex): string {
  const digits = value.slice(2);
  return word(BigInt(digits.length / 2)) + digits.padEnd(Math.ceil(digits.length / 64) * 64, "0");
}
