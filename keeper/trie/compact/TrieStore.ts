import { BranchBuilder } from "./BranchBuilder.ts";
import { copyTree } from "./copyTree.ts";
import { hashKey, hashKeys, type KeyHash } from "./hashKeys.ts";
import { HASH_SIZE, ROOT_REF_AT, type NodeId } from "./layout.ts";
import { createLeaf, readWord } from "./leaf.ts";
import type { LeafSource } from "./LeafSource.ts";
import { NodeMemory } from "./NodeMemory.ts";
import { NodeTree } from "./NodeTree.ts";
import { References } from "./References.ts";
import { hashOf, SlotIndex } from "./SlotIndex.ts";
import type { StagedWord } from "./StagedWord.ts";
import { changeLeaf, WriteBatch } from "./WriteBatch.ts";
import type { NodeRef } from "../nodeEncoding.ts";

/** Freed records below this many bytes are not worth a copy. */
const SLACK = 1 << 20;

/** Bytes of branches for each leaf, about: 50 to 52 for hashed keys. */
const BRANCH_BYTES = 50;

/** So many leaves are made, and their keys hashed, before the branches over them. */
const FILL_STEP = 16;

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
   * Fills an empty store: what lies under one path lies together then. Returns false when the keys do not rise strictly,
   * and the store is of no use.
   */
  fill({ count, bytes, hasKeys, create }: LeafSource): boolean {
    const memory = this.#memory;
    // At once: each time memory grows costs.
    memory.reserve(bytes + BRANCH_BYTES * count);
    this.#index.reserve(memory, count);
    const leaves = new Uint32Array(count);
    const hashes = new Uint32Array(count);
    const builder = new BranchBuilder(memory, this.#references);
    for (let start = 0; start < count; start += FILL_STEP) {
      const end = Math.min(start + FILL_STEP, count);
      for (let at = start; at < end; at += 1) leaves[at] = create(memory, at);
      if (!hasKeys) hashKeys(memory, leaves.subarray(start, end), this.#keyHash);
      for (let at = start; at < end; at += 1) {
        hashes[at] = hashOf(memory, leaves[at]!);
        if (!builder.add(leaves[at]!)) return false;
      }
    }
    this.#tree.root = builder.end();
    this.#index.addMany(memory, leaves, hashes);
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
