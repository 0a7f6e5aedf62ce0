import type { BookName } from "../../domain/bookSet.ts";
import type { Hash, Hex } from "../../lib/hex.ts";
import { keccakOfText } from "../../trie/naiveRoot.ts";

/** Where a variable of a value type is stored: some bits of one word. */
export interface Place {
  readonly book: BookName;
  readonly slot: Hash;
  /** Bits below it in the word. Solidity packs from the low end. */
  readonly offset: number;
  readonly bits: number;
  /** Whether the bits are two's complement. */
  readonly isSigned?: true;
}

/** The 32 bytes of a number: of a slot, of a key of a value type. */
export function word32(value: bigint): Hash {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

/** The slot of `mapping[key]`, for a key of a value type. Source: Solidity, layout of state variables in storage. */
export function mapped(key: bigint | Hex, mapping: bigint | Hash): Hash {
  const [keyWord, mappingWord] = [key, mapping].map((part) => {
    return (typeof part === "bigint" ? part.toString(16) : part.slice(2)).padStart(64, "0");
  });
  return `0x${keccakOfText(`${keyWord}${mappingWord}`)}`;
}

/** The slot `count` words after `slot`. */
export function after(slot: Hash, count: bigint): Hash {
  return word32(BigInt.asUintN(256, BigInt(slot) + count));
}

/** The slot of element `index` of a dynamic array of one-word elements whose length is stored at `slot`. */
export function elementOf(slot: Hash, index: bigint): Hash {
  return after(`0x${keccakOfText(slot.slice(2))}`, index);
}

/** The variable's value in its word. */
export function readPlace(word: bigint, place: Place): bigint {
  const raw = BigInt.asUintN(place.bits, word >> BigInt(place.offset));
  return place.isSigned === true ? BigInt.asIntN(place.bits, raw) : raw;
}

/** The word with the variable's value replaced; of a value that is too large the low bits. */
export function writePlace(word: bigint, place: Place, value: bigint): bigint {
  const mask = ((1n << BigInt(place.bits)) - 1n) << BigInt(place.offset);
  return (word & ~mask) | (BigInt.asUintN(place.bits, value) << BigInt(place.offset));
}

/** Whether the variable's type holds the value. */
export function fits(place: Place, value: bigint): boolean {
  return value === (place.isSigned === true ? BigInt.asIntN(place.bits, value) : BigInt.asUintN(place.bits, value));
}
