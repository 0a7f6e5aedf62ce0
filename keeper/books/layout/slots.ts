import type { Hash, Hex } from "../../lib/hex.ts";
import { keccak256Hex } from "../../lib/keccak.ts";
import { hexToBytesInto } from "./hexToBytesInto.ts";
import { LayoutRangeError } from "./LayoutRangeError.ts";
import { SlotCache, type SlotKey } from "./SlotCache.ts";

/** 64 hex digits: one mapping key as the EVM hashes it. A plain string, because it is only ever concatenated. */
export type KeyWord = string;

/** About 30 MB at most; a working set of active accounts is far below it. */
const CACHED_SLOTS = 32_768;
const cache = new SlotCache(CACHED_SLOTS);
/** Takes the place of a key: none is empty. */
const DATA = "";
const preimage = new Uint8Array(64);

/** The key of a `uintN` or enum. Throws {@link LayoutRangeError}. */
export function uintKey(field: string, value: bigint, bits: number): KeyWord {
  if (BigInt.asUintN(bits, value) !== value) throw new LayoutRangeError(field, value, `a uint${bits} key`);
  return value.toString(16).padStart(64, "0");
}

/** The key of an `intN`: sign-extended to 256 bits. Throws {@link LayoutRangeError}. */
export function intKey(field: string, value: bigint, bits: number): KeyWord {
  if (BigInt.asIntN(bits, value) !== value) throw new LayoutRangeError(field, value, `an int${bits} key`);
  return BigInt.asUintN(256, value).toString(16).padStart(64, "0");
}

/** The key of a `bool`. */
export function boolKey(value: boolean): KeyWord {
  return value ? TRUE_WORD : FALSE_WORD;
}

/** The key of an address or contract: left-padded. Throws {@link LayoutRangeError}. */
export function addressKey(field: string, value: Hex): KeyWord {
  if (value.length !== 42) throw new LayoutRangeError(field, value, "an address key");
  return ADDRESS_PADDING + value.slice(2).toLowerCase();
}

/** The key of a `bytesN`: right-padded. Throws {@link LayoutRangeError}. */
export function bytesKey(field: string, value: Hex, bytes: number): KeyWord {
  if (value.length !== 2 + 2 * bytes) throw new LayoutRangeError(field, value, `a bytes${bytes} key`);
  return value.slice(2).toLowerCase().padEnd(64, "0");
}

/** The slot of `map[key]` for a map at `base`: keccak256(key . base). Remembered in a bounded cache. */
export function mappingSlot(base: Hash, key: KeyWord): Hash {
  return cache.get(base, key) ?? remember(base, key, key);
}

/** {@link mappingSlot} of a `uintN` or enum. Throws {@link LayoutRangeError}. */
export function uintSlot(field: string, base: Hash, key: bigint, bits: number): Hash {
  // What is remembered was in range when it came.
  return cache.get(base, key) ?? remember(base, key, uintKey(field, key, bits));
}

/** {@link mappingSlot} of an `intN`. Throws {@link LayoutRangeError}. */
export function intSlot(field: string, base: Hash, key: bigint, bits: number): Hash {
  return cache.get(base, key) ?? remember(base, key, intKey(field, key, bits));
}

/** {@link mappingSlot} of a `bool`. */
export function boolSlot(base: Hash, key: boolean): Hash {
  return mappingSlot(base, boolKey(key));
}

/** {@link mappingSlot} of an address or contract. Throws {@link LayoutRangeError}. */
export function addressSlot(field: string, base: Hash, key: Hex): Hash {
  return cache.get(base, key) ?? remember(base, key, addressKey(field, key));
}

/** {@link mappingSlot} of a `bytesN`. Throws {@link LayoutRangeError}. */
export function bytesSlot(field: string, base: Hash, key: Hex, bytes: number): Hash {
  return cache.get(base, key) ?? remember(base, key, bytesKey(field, key, bytes));
}

function remember(base: Hash, key: SlotKey, word: KeyWord): Hash {
  const slot = hashMappingSlot(base, word);
  cache.set(base, key, slot);
  return slot;
}

/** {@link mappingSlot} that leaves the cache alone, for searches over many keys that are asked once. */
export function hashMappingSlot(base: Hash, key: KeyWord): Hash {
  hexToBytesInto(preimage, 0, key, 0);
  hexToBytesInto(preimage, 32, base, 2);
  return keccak256Hex(preimage);
}

/** The slot of `map[key]` for a `string` or `bytes` key, given as its raw bytes: keccak256(bytes . base). */
export function dynamicKeySlot(field: string, base: Hash, key: Hex): Hash {
  if (key.length % 2 !== 0) throw new LayoutRangeError(field, key, "whole bytes");
  const bytes = new Uint8Array(key.length / 2 - 1 + 32);
  hexToBytesInto(bytes, 0, key, 2);
  hexToBytesInto(bytes, bytes.length - 32, base, 2);
  return keccak256Hex(bytes);
}

/** Where the elements of the dynamic array, or the long contents of the bytes, at `base` begin: keccak256(base). */
export function dataSlot(base: Hash): Hash {
  const known = cache.get(base, DATA);
  if (known !== undefined) return known;
  const slot = hashSlot(base);
  cache.set(base, DATA, slot);
  return slot;
}

/** keccak256 of a slot: where a *data* area begins, and the key of the slot in the secure storage trie. Not cached. */
export function hashSlot(slot: Hash): Hash {
  const bytes = preimage.subarray(0, 32);
  hexToBytesInto(bytes, 0, slot, 2);
  return keccak256Hex(bytes);
}

/** `base + count`, modulo 2^256 as the EVM adds. */
export function addSlot(base: Hash, count: bigint): Hash {
  return slotOf(BigInt.asUintN(256, BigInt(base) + count));
}

/** A slot number as 32 bytes of hex. */
export function slotOf(slot: bigint): Hash {
  return `0x${slot.toString(16).padStart(64, "0")}`;
}

const ADDRESS_PADDING = "0".repeat(24);
const TRUE_WORD = "1".padStart(64, "0");
const FALSE_WORD = "0".repeat(64);
