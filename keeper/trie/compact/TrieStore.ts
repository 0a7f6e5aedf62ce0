import { freeBranch } from "./branch.ts";
import { buildBranches } from "./buildBranches.ts";
import { copyTree } from "./copyTree.ts";
import { hashKey, hashKeys, type KeyHash } from "./hashKeys.ts";
import { addressOf, HASH_SIZE, isLeaf, ROOT_REF_AT, type NodeId } from "./layout.ts";
import { createLeaf, freeLeaf, isKeyBelow, readWord, rewriteLeaf } from "./leaf.ts";
import { NodeMemory } from "./NodeMemory.ts";
import { NodeTree } from "./NodeTree.ts";
import { References } from "./References.ts";
import { SlotIndex } from "./SlotIndex.ts";
import type { StagedWord } from "./StagedWord.ts";
import { sortLeaves } from "./sortLeaves.ts";
import { changeLeaf, WriteBatch } from "./WriteBatch.ts";
import type { NodeRef } from "../nodeEncoding.ts";

/** Freed records below this many bytes are not worth a copy. */
const SLACK = 1 << 20;

/** Bytes of branches for each leaf, about: 50 to 52 for hashed keys. */
const BRANCH_BYTES = 50;

/**
 * Leaves, their index and the nodes above them, in one memory. Slots are 8 words of 4 bytes, as memory holds them.
 *
 * Invariants: the index holds exactly the leaves under the root; no word is zero; freed records take no more than live
 * ones, or 1 MiB.
 */
export class TrieStore {
  #memory = new NodeMemory();
  #tree = new NodeTree(this.#memory);
  #references = new References(this.#memory, this.#tree);
  #index = new SlotIndex();
  readonly #keyHash: KeyHash;

  constructor(keyHash: KeyHash) {
    this.#keyHash = keyHash;
  }

  /** Words that are not zero. */
  get size(): number {
    return this.#index.count;
  }

  /** Bytes held: memory and index. */
  get bytes(): number {
    return this.#memory.size + this.#index.bytes;
  }

  /** Where everything lies: another one after a write that moved it. */
  get memory(): NodeMemory {
    return this.#memory;
  }

  /** The nodes: void after a write, as the memory is. */
  get tree(): NodeTree {
    return this.#tree;
  }

  /** Leaves by slot: void after a write, as the memory is. */
  get index(): SlotIndex {
    return this.#index;
  }

  /** The word at a slot, 0 when absent. */
  read(slot: Uint32Array): bigint {
    const leaf = this.#index.find(this.#memory, slot);
    return leaf === 0 ? 0n : readWord(this.#memory, leaf);
  }

  /** Writes a word; 0 removes it. */
  write(slot: Uint32Array, word: StagedWord): void {
    const memory = this.#memory;
    const leaf = this.#index.find(memory, slot);
    if (leaf !== 0) changeLeaf(memory, this.#tree, this.#index, leaf, word);
    else if (word.tag !== 0) {
      const created = createLeaf(memory, slot, word);
      hashKey(memory, created, this.#keyHash);
      this.#index.add(memory, created);
      this.#tree.insert(created);
    }
    this.#compact();
  }

  /** {@link TrieStore.write} of many, in turn: `slots` holds 8 words for each of `words`. */
  writeMany(slots: Uint32Array, words: readonly bigint[]): void {
    new WriteBatch(this.#memory, this.#tree, this.#index, this.#keyHash).write(slots, words);
    this.#compact();
  }

  /**
   * Takes the branches away, so that {@link TrieStore.writeDetached} and {@link TrieStore.attach} can be used. Room is made
   * for `count` new words that need `bytes` as records.
   */
  detach(count: number, bytes: number): void {
    this.#freeBranches(this.#tree.root);
    this.#tree.root = 0;
    this.reserve(count, bytes);
  }

  /** Makes room for `count` new words that need `bytes` as records, at once: each time memory grows costs. */
  reserve(count: number, bytes: number): void {
    this.#index.reserve(this.#memory, this.size + count);
    this.#memory.reserve(bytes + BRANCH_BYTES * count);
  }

  /** {@link TrieStore.write} where there are no branches. */
  writeDetached(slot: Uint32Array, word: StagedWord): void {
    const memory = this.#memory;
    const leaf = this.#index.find(memory, slot);
    if (leaf === 0) {
      if (word.tag !== 0) this.#index.add(memory, createLeaf(memory, slot, word));
    } else if (word.tag === 0) {
      this.#index.remove(memory, leaf);
      freeLeaf(memory, leaf);
    } else {
      const written = rewriteLeaf(memory, leaf, word);
      if (written !== leaf) this.#index.replace(memory, leaf, written);
    }
  }

  /** Builds the branches over all leaves, from the left to the right. */
  attach(): void {
    // In the order in which they lie: that is read several times as fast as at random.
    const leaves = this.#index.leaves().sort();
    hashKeys(this.#memory, leaves, this.#keyHash);
    this.#build(sortLeaves(this.#memory, leaves));
  }

  /**
   * {@link TrieStore.attach} for new leaves that are given by rising key; false, and nothing built, when their keys do
   * not rise.
   */
  attachSorted(leaves: Uint32Array): boolean {
    const memory = this.#memory;
    hashKeys(memory, leaves, this.#keyHash);
    for (let at = 1; at < leaves.length; at += 1) {
      if (!isKeyBelow(memory, addressOf(leaves[at - 1]!), addressOf(leaves[at]!))) return false;
    }
    for (const leaf of leaves) this.#index.add(memory, leaf);
    this.#build(leaves);
    return true;
  }

  /** The root's hash, a view; the trie is not empty. */
  root(): Uint8Array {
    this.#references.refresh();
    return this.#memory.bytes.subarray(ROOT_REF_AT, ROOT_REF_AT + HASH_SIZE);
  }

  /** The reference of a node for a path that starts at nibble `depth`. */
  refOf(node: NodeId, depth: number): NodeRef {
    this.#references.refresh();
    return this.#references.refOf(node, depth);
  }

  #build(leaves: Uint32Array): void {
    this.#tree.root = buildBranches(this.#memory, leaves);
    this.#tree.isStale = true;
  }

  #freeBranches(node: NodeId): void {
    if (node === 0 || isLeaf(node)) return;
    for (const child of this.#tree.childrenUnder(node)) this.#freeBranches(child);
    freeBranch(this.#memory, node);
  }

  /** Moves everything to a new memory when more than half of the old one is free: the old one cannot shrink. */
  #compact(): void {
    const old = this.#memory;
    if (old.freeBytes < SLACK || old.freeBytes < old.used) return;
    const [memory, index] = [new NodeMemory(), new SlotIndex()];
    memory.reserve(old.used);
    index.reserve(memory, this.#index.count);
    const tree = new NodeTree(memory);
    tree.root = copyTree(old, this.#tree.root, memory, (leaf) => index.add(memory, leaf));
    this.#memory = memory;
    this.#index = index;
    this.#tree = tree;
    this.#references = new References(memory, tree);
  }
}
