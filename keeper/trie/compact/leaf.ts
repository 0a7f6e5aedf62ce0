import { addressOf, HASH_SIZE, leafSize, SLOT_AT, WORD_AT, type NodeId } from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";
import type { StagedWord } from "./StagedWord.ts";

/** The word of a leaf. */
export function readWord({ view }: NodeMemory, leaf: NodeId): bigint {
  const first = addressOf(leaf) + WORD_AT;
  const end = first + 8 * (leaf & 7);
  let word = view.getBigUint64(first);
  for (let at = first + 8; at < end; at += 8) word = (word << 64n) | view.getBigUint64(at);
  return word;
}

/** Writes a word that has the leaf's tag. */
export function writeWord({ words }: NodeMemory, leaf: NodeId, { words: word, tag }: StagedWord): void {
  const index = (addressOf(leaf) + WORD_AT) >>> 2;
  for (let at = 0; at < 2 * tag; at += 1) words[index + at] = word[8 - 2 * tag + at]!;
}

/** Whether the leaf holds this word. */
export function holdsWord({ words }: NodeMemory, leaf: NodeId, { words: word, tag }: StagedWord): boolean {
  if ((leaf & 7) !== tag) return false;
  const index = (addressOf(leaf) + WORD_AT) >>> 2;
  for (let at = 0; at < 2 * tag; at += 1) if (words[index + at] !== word[8 - 2 * tag + at]) return false;
  return true;
}

/** A new leaf for the slot that stands at `from` and a word that is not zero; its key is still undefined. */
export function createLeaf(memory: NodeMemory, slots: Uint32Array, word: StagedWord, from = 0): NodeId {
  const address = memory.allocate(leafSize(word.tag));
  const { words } = memory;
  for (let at = 0; at < 8; at += 1) words[((address + SLOT_AT) >>> 2) + at] = slots[from + at]!;
  const leaf = address + word.tag;
  writeWord(memory, leaf, word);
  return leaf;
}

/** The leaf with another word: the same where the tag is, else a copy, and the old one is freed. */
export function rewriteLeaf(memory: NodeMemory, leaf: NodeId, word: StagedWord): NodeId {
  let written = leaf;
  if (word.tag !== (leaf & 7)) {
    const address = memory.allocate(leafSize(word.tag));
    memory.copy(addressOf(leaf), address, 2 * HASH_SIZE);
    freeLeaf(memory, leaf);
    written = address + word.tag;
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
