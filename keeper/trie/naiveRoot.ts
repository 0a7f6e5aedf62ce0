import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

import type { Hash, Hex } from "../lib/hex.ts";

/*
 * The second opinion on a storage root. It shares no code with StorageTrie and none with lib: when both agree, the
 * fault is not in how the root was computed. Written for plainness instead of speed: bytes are hexadecimal text, and
 * the whole trie is built anew, top down, from the sorted keys. The same from a few nodes: books/naive/PartialTrie.ts.
 */

/** A hashed slot as 64 hexadecimal digits, with its word. */
type HashedWord = readonly [digits: string, word: bigint];

/** Keccak-256 of bytes written as digits, as 64 digits. */
export function keccakOfText(text: string): string {
  return bytesToHex(keccak_256(hexToBytes(text)));
}

/** A number's big-endian bytes, at least one. */
export function evenDigits(value: number | bigint): string {
  const digits = value.toString(16);
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

/** RLP prefix and payload; `base` is 0x80 for a string and 0xc0 for a list. */
export function rlpText(base: number, payload: string): string {
  const length = payload.length / 2;
  if (length < 56) return evenDigits(base + length) + payload;
  const lengthDigits = evenDigits(length);
  return evenDigits(base + 55 + lengthDigits.length / 2) + lengthDigits + payload;
}

/** RLP of a string of bytes. */
export function rlpString(payload: string): string {
  return payload.length === 2 && Number(`0x${payload}`) < 0x80 ? payload : rlpText(0x80, payload);
}

/** RLP of digits of a key, hex-prefixed: kind and parity first, padded to whole bytes. */
export function pathText(digits: string, isLeaf: boolean): string {
  const kind = isLeaf ? 2 : 0;
  return rlpString(digits.length % 2 === 0 ? `${kind}0${digits}` : `${kind + 1}${digits}`);
}

/** What a parent holds of an encoded node: the node where it is shorter than 32 bytes, its hash otherwise. */
export function referenceText(node: string): string {
  return node.length < 64 ? node : rlpString(keccakOfText(node));
}

/** The encoded node over these words, which share their first `depth` digits and are sorted. Not empty. */
function nodeText(words: readonly HashedWord[], depth: number): string {
  const [first, word] = words[0]!;
  if (words.length === 1) {
    return rlpText(0xc0, pathText(first.slice(depth), true) + rlpString(rlpString(evenDigits(word))));
  }
  // Sorted, so that what the first and the last share is shared by all.
  const last = words[words.length - 1]![0];
  let fork = depth;
  while (first[fork] === last[fork]) fork += 1;
  if (fork > depth) {
    return rlpText(0xc0, pathText(first.slice(depth, fork), false) + referenceText(nodeText(words, fork)));
  }
  let children = "";
  for (const digit of "0123456789abcdef") {
    const below = words.filter(([digits]) => digits[depth] === digit);
    children += below.length === 0 ? "80" : referenceText(nodeText(below, depth + 1));
  }
  return rlpText(0xc0, `${children}80`);
}

/**
 * The storage root of these words, computed independently of {@link StorageTrie}. Words of zero are absent; of two
 * words for one slot the later one counts. O(n log n), for cross-checks and tests.
 */
export function naiveStorageRoot(words: Iterable<readonly [Hex, bigint]>): Hash {
  const hashed: HashedWord[] = [];
  for (const [slot, word] of new Map(words)) if (word !== 0n) hashed.push([keccakOfText(slot.slice(2)), word]);
  if (hashed.length === 0) return `0x${keccakOfText("80")}`;
  hashed.sort(([left], [right]) => (left < right ? -1 : 1));
  return `0x${keccakOfText(nodeText(hashed, 0))}`;
}
