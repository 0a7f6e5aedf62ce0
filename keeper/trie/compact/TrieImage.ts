import { KeeperError, type KeeperErrorPayload } from "../../errors/KeeperError.ts";
import type { Hash } from "../../lib/hex.ts";
import { addressOf, HASH_SIZE, leafSize, SLOT_AT, WORD_AT, type NodeId } from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";
import type { TrieStore } from "./TrieStore.ts";

/**
 * All words of a trie in flat arrays, from which a file can be written and read. Equal tries have equal images, whatever
 * their history. The root binds all of it: keys follow from the slots, nodes from keys and words, so neither is here.
 */
export interface TrieImage {
  readonly root: Hash;
  /** The slots, 32 bytes each, by rising key. */
  readonly slots: Uint8Array;
  /** How many bytes each word has, 1 to 32. */
  readonly lengths: Uint8Array;
  /** The words' minimal big-endian bytes, one after the other. */
  readonly words: Uint8Array;
}

/** What an image violated. */
export type TrieImageErrorCode =
  /** The arrays do not fit together, or hold what is no word. */
  | "TrieImageMalformed"
  /** Its words are not those of its root, or not in order. */
  | "TrieImageRootMismatch";

/** An image that is not that of a trie with its root. */
export class TrieImageError extends KeeperError {
  declare readonly code: TrieImageErrorCode;

  constructor(code: TrieImageErrorCode, message: string, payload: KeeperErrorPayload = {}) {
    super(code, message, payload);
    this.name = "TrieImageError";
  }
}

/** Writes the words of a store that is not empty. */
export function exportWords(store: TrieStore): Omit<TrieImage, "root"> {
  const { memory, tree, size } = store;
  const { bytes, words: cells } = memory;
  const slots = new Uint32Array((HASH_SIZE / 4) * size);
  const lengths = new Uint8Array(size);
  // The longest that it can be, and cut in the end: leaves lie anywhere, and a second look at each costs as much again.
  const words = new Uint8Array(HASH_SIZE * size);
  let [index, end] = [0, 0];
  for (const leaf of tree.leavesUnder(tree.root)) {
    const address = addressOf(leaf);
    for (let at = 0; at < HASH_SIZE / 4; at += 1) {
      slots[(HASH_SIZE / 4) * index + at] = cells[((address + SLOT_AT) >>> 2) + at]!;
    }
    let from = address + WORD_AT;
    while (bytes[from] === 0) from += 1;
    const length = address + leafSize(leaf & 7) - from;
    for (let at = 0; at < length; at += 1) words[end + at] = bytes[from + at]!;
    lengths[index] = length;
    index += 1;
    end += length;
  }
  return { slots: new Uint8Array(slots.buffer), lengths, words: end === words.length ? words : words.slice(0, end) };
}

/**
 * Reads an image's words into an empty store.
 *
 * @throws TrieImageError, and the store is of no use then.
 */
export function importWords(store: TrieStore, image: TrieImage): void {
  const { slots, lengths, words } = image;
  const count = lengths.length;
  let total = 0;
  let size = 0;
  for (const length of lengths) {
    total += length;
    size += leafSize((length + 7) >>> 3);
  }
  if (slots.length !== HASH_SIZE * count || words.length !== total) {
    throw new TrieImageError("TrieImageMalformed", "the image's arrays do not fit together", { count, total });
  }
  const slotWords = toWords(slots);
  let from = 0;
  const create = (memory: NodeMemory, index: number): NodeId => {
    const length = lengths[index]!;
    if (length === 0 || length > HASH_SIZE || words[from] === 0) {
      throw new TrieImageError("TrieImageMalformed", `word ${index} of the image is no word`, { index });
    }
    const leaf = importLeaf(memory, slotWords, index, words, from, length);
    from += length;
    return leaf;
  };
  if (!store.fill({ count, bytes: size, hasKeys: false, create })) {
    throw new TrieImageError("TrieImageRootMismatch", "the image's slots are not in order", { root: image.root });
  }
}

/** Slots as words of 4 bytes: a view where they lie so that they can be. */
function toWords(slots: Uint8Array): Uint32Array {
  const { buffer, byteOffset, length } = slots.byteOffset % 4 === 0 ? slots : slots.slice();
  return new Uint32Array(buffer, byteOffset, length / 4);
}

function importLeaf(
  memory: NodeMemory,
  slots: Uint32Array,
  index: number,
  words: Uint8Array,
  from: number,
  length: number,
): NodeId {
  const tag = (length + 7) >>> 3;
  const address = memory.allocate(leafSize(tag));
  const { bytes, words: cells } = memory;
  const target = (address + SLOT_AT) >>> 2;
  for (let at = 0; at < HASH_SIZE / 4; at += 1) cells[target + at] = slots[(HASH_SIZE / 4) * index + at]!;
  const start = address + leafSize(tag) - length;
  for (let at = address + WORD_AT; at < start; at += 1) bytes[at] = 0;
  for (let at = 0; at < length; at += 1) bytes[start + at] = words[from + at]!;
  return address + tag;
}
