import { addressOf, HASH_SIZE, leafSize, SLOT_AT, WORD_AT, type NodeId } from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";

const LIMIT_1 = 1n << 64n;
const LIMIT_2 = 1n << 128n;
const LIMIT_3 = 1n << 192n;

/** The tag of a leaf that holds this word: how many times 8 bytes it needs. */
export function tagOf(word: bigint): number {
  if (word < LIMIT_1) return 1;
  if (word < LIMIT_2) return 2;
  return word < LIMIT_3 ? 3 : 4;
}

/** Writes a word that fits the leaf's tag. */
export function writeWord({ view }: NodeMemory, leaf: NodeId, word: bigint): void {
  const first = addressOf(leaf) + WORD_AT;
  let at = first + 8 * ((leaf & 7) - 1);
  let rest = word;
  for (; at > first; at -= 8) {
    view.setBigUint64(at, rest);
    rest >>= 64n;
  }
  view.setBigUint64(at, rest);
}

/** The word of a leaf. */
export function readWord({ view }: NodeMemory, leaf: NodeId): bigint {
  const first = addressOf(leaf) + WORD_AT;
  const end = first + 8 * (leaf & 7);
  let word = view.getBigUint64(first);
  for (let at = first + 8; at < end; at += 8) word = (word << 64n) | view.getBigUint64(at);
  return word;
}

/** A new leaf for a slot (8 words of 4 bytes as memory holds them); its key is still undefined. */
export function createLeaf(memory: NodeMemory, slot: Uint32Array, word: bigint): NodeId {
  const tag = tagOf(word);
  const address = memory.allocate(leafSize(tag));
  const { words } = memory;
  for (let at = 0; at < 8; at += 1) words[((address + SLOT_AT) >>> 2) + at] = slot[at]!;
  const leaf = address + tag;
  writeWord(memory, leaf, word);
  return leaf;
}

/** The leaf with another word: the same where the word fits exactly, else a copy, and the old one is freed. */
export function rewriteLeaf(memory: NodeMemory, leaf: NodeId, word: bigint): NodeId {
  const tag = tagOf(word);
  let written = leaf;
  if (tag !== (leaf & 7)) {
    const address = memory.allocate(leafSize(tag));
    memory.copy(addressOf(leaf), address, 2 * HASH_SIZE);
    freeLeaf(memory, leaf);
    written = address + tag;
  }
  writeWord(memory, written, word);
  return written;
}

/** Gives a leaf's record back. */
export function freeLeaf(memory: NodeMemory, leaf: NodeId): void {
  memory.free(addressOf(leaf), leafSize(leaf & 7));
}

/** The nibble of the key of the leaf at an address. */
export function keyNibble({ bytes }: NodeMemory, address: number, position: number): number {
  const byte = bytes[address + (position >>> 1)]!;
  return (position & 1) === 0 ? byte >>> 4 : byte & 15;
}

/** The first nibble in which the keys of two leaves differ, 64 when none does. */
export function firstDifference({ words }: NodeMemory, left: number, right: number): number {
  for (let at = 0; at < 8; at += 1) {
    const difference = words[(left >>> 2) + at]! ^ words[(right >>> 2) + at]!;
    if (difference === 0) continue;
    // Memory is little-endian: the key's first byte is the lowest.
    const byte = difference & -difference;
    const shift = 31 - Math.clz32(byte);
    const inByte = (difference >>> (shift & 24)) & 255;
    return 8 * at + (shift >>> 3) * 2 + (inByte >>> 4 === 0 ? 1 : 0);
  }
  return 64;
}

/** Whether the key of one leaf is below that of the other, as big-endian numbers. */
export function isKeyBelow({ view }: NodeMemory, left: number, right: number): boolean {
  for (let at = 0; at < HASH_SIZE; at += 4) {
    const difference = view.getUint32(left + at) - view.getUint32(right + at);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
