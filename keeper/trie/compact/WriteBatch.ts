import { hashKey, hashKeys, type KeyHash } from "./hashKeys.ts";
import type { NodeId } from "./layout.ts";
import { createLeaf, freeLeaf, holdsWord, rewriteLeaf, writeWord } from "./leaf.ts";
import type { NodeMemory } from "./NodeMemory.ts";
import type { NodeTree } from "./NodeTree.ts";
import type { SlotIndex } from "./SlotIndex.ts";
import { StagedWord } from "./StagedWord.ts";

const staged = new StagedWord();

/** Writes a word to a leaf that the trie has; 0 removes the leaf. */
export function changeLeaf(memory: NodeMemory, tree: NodeTree, index: SlotIndex, leaf: NodeId, word: StagedWord): void {
  if (word.tag === 0) {
    tree.remove(leaf);
    index.remove(memory, leaf);
    freeLeaf(memory, leaf);
  } else if (!holdsWord(memory, leaf, word)) {
    const written = rewriteLeaf(memory, leaf, word);
    if (written !== leaf) index.replace(memory, leaf, written);
    tree.touch(leaf, written);
  }
}

/**
 * Writes many words in turn, in passes over all of them, so that the processor waits for many cache misses at once: find
 * the leaves, write in place what stays in its record, hash the keys of new slots two at a time, follow all paths, and
 * last change the shape of the trie, one write after the other.
 *
 * Invariant: of the writes to one slot, those after one that has to wait for the last pass wait, too.
 */
export class WriteBatch {
  readonly #memory: NodeMemory;
  readonly #tree: NodeTree;
  readonly #index: SlotIndex;
  readonly #keyHash: KeyHash;

  constructor(memory: NodeMemory, tree: NodeTree, index: SlotIndex, keyHash: KeyHash) {
    this.#memory = memory;
    this.#tree = tree;
    this.#index = index;
    this.#keyHash = keyHash;
  }

  /** Writes `words` to the slots that stand in `slots`, 8 words of 4 bytes each. */
  write(slots: Uint32Array, words: readonly bigint[]): void {
    const leaves = this.#index.findMany(this.#memory, slots);
    const changed = new Uint8Array(leaves.length);
    const isNew = new Uint8Array(leaves.length);
    const waiting: number[] = [];
    /** Leaves of new slots, not in the trie yet. */
    const created: NodeId[] = [];
    const waitingLeaves = new Set<NodeId>();
    for (let at = 0; at < leaves.length; at += 1) {
      const leaf = leaves[at]!;
      staged.set(words[at]!);
      if (leaf !== 0 && staged.tag === (leaf & 7) && (waitingLeaves.size === 0 || !waitingLeaves.has(leaf))) {
        if (holdsWord(this.#memory, leaf, staged)) continue;
        writeWord(this.#memory, leaf, staged);
        changed[at] = 1;
        continue;
      }
      waiting.push(at);
      if (leaf !== 0) waitingLeaves.add(leaf);
      else if (staged.tag !== 0) {
        leaves[at] = createLeaf(this.#memory, slots, staged, 8 * at);
        created.push(leaves[at]!);
        isNew[at] = 1;
      }
    }
    hashKeys(this.#memory, Uint32Array.from(created), this.#keyHash);
    this.#tree.follow(leaves, changed);
    for (const at of waiting) {
      this.#writeWaiting(slots, at, staged.set(words[at]!), isNew[at] === 1 ? leaves[at]! : 0);
    }
  }

  /** Writes to the slot with this number; `created` is the leaf that has been made for the write, 0 for none. */
  #writeWaiting(slots: Uint32Array, at: number, word: StagedWord, created: NodeId): void {
    const memory = this.#memory;
    const leaf = this.#index.find(memory, slots, 8 * at);
    if (leaf !== 0) {
      // An earlier write of the batch was the first to this slot.
      if (created !== 0) freeLeaf(memory, created);
      changeLeaf(memory, this.#tree, this.#index, leaf, word);
    } else if (word.tag !== 0) {
      const inserted = created === 0 ? createLeaf(memory, slots, word, 8 * at) : created;
      if (created === 0) hashKey(memory, inserted, this.#keyHash);
      this.#index.add(memory, inserted);
      this.#tree.insert(inserted);
    }
  }
}
