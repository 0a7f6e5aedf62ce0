import { KERNEL_BYTES } from "./nodeKernelModule.ts";

/*
 * How a trie lies in its memory. A node is named by an id of 32 bits: the address of its record, a multiple of 8, with a
 * tag in the lowest three bits. Tag 0 is a branch; tag 1 to 4 is a leaf with room for a word of that many times 8 bytes.
 * Id 0 is no node.
 *
 * A leaf: hashed key (32 bytes), slot (32), word (8 times the tag, big-endian; its first bytes may be zero).
 *
 * A branch of c children: bitmap of children (16 bits, bit n for nibble n), bitmap of those whose reference is embedded,
 * bitmap of those whose reference is stale, depth (8 bits), 8 unused; c ids by rising nibble, padded to a multiple of 8
 * bytes; c references of 32 bytes. Walks stay within the first 72 bytes. A reference is a hash, or where its bit is set an encoding of less than 32 bytes.
 */

/** An address with a tag; 0 for none. */
export type NodeId = number;

/** Nibbles in a key. */
export const KEY_NIBBLES = 64;
/** Offset of the slot in a leaf's record; the key stands before it. */
export const SLOT_AT = 32;
/** Offset of the word in a leaf's record. */
export const WORD_AT = 64;
/** Offset of the bitmap of children in a branch's record. */
export const CHILDREN_AT = 0;
/** Offset of the bitmap of embedded references. */
export const EMBEDDED_AT = 2;
/** Offset of the bitmap of stale references. */
export const STALE_AT = 4;
/** Offset of the depth. */
export const DEPTH_AT = 6;
/** Offset of the children's ids. */
export const IDS_AT = 8;
/** Bytes of a reference, a key, a slot. */
export const HASH_SIZE = 32;

/** Areas in which encodings are assembled. */
export const AREA_COUNT = 6;
/** Bytes of one: the longest branch (532 bytes), and a block more to pad it. */
export const AREA_SIZE = 704;
/** Where the first lies. */
export const AREAS_AT = KERNEL_BYTES;
/** Two blocks of which the first 32 bytes are a slot and the rest is its padding. */
export const KEY_BLOCKS_AT = AREAS_AT + AREA_COUNT * AREA_SIZE;
/** Bytes that Keccak-256 absorbs at once. */
export const BLOCK_SIZE = 136;
/** The hash of the root node. */
export const ROOT_REF_AT = KEY_BLOCKS_AT + 2 * BLOCK_SIZE;
/** Records lie from here on. */
export const RECORDS_AT = ROOT_REF_AT + HASH_SIZE;

/** The address of a node's record. */
export function addressOf(id: NodeId): number {
  return (id & -8) >>> 0;
}

/** Whether the node is a leaf. */
export function isLeaf(id: NodeId): boolean {
  return (id & 7) !== 0;
}

/** Bytes of a leaf's record. */
export function leafSize(tag: number): number {
  return WORD_AT + 8 * tag;
}

/** Bytes of the record of a branch with so many children. */
export function branchSize(count: number): number {
  return IDS_AT + ((4 * count + 7) & -8) + HASH_SIZE * count;
}

/** The address of the reference with this rank, in a branch of so many children. */
export function refAt(branch: NodeId, count: number, rank: number): number {
  return branch + IDS_AT + ((4 * count + 7) & -8) + HASH_SIZE * rank;
}

/** Bits set among the lowest 16. */
export function countBits(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x5555);
  const nibbles = (pairs & 0x3333) + ((pairs >>> 2) & 0x3333);
  const bytes = (nibbles + (nibbles >>> 4)) & 0x0f0f;
  return (bytes + (bytes >>> 8)) & 31;
}

/** How many children stand before that of this nibble. */
export function rankOf(children: number, nibble: number): number {
  return countBits(children & ((1 << nibble) - 1));
}
