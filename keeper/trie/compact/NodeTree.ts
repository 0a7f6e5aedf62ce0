import { assert } from "../../lib/assert.ts";
import {
  childAt,
  childrenOf,
  createBranch,
  depthOf,
  freeBranch,
  idIndex,
  markStale,
  setChild,
  withChild,
  withoutChild,
} from "./branch.ts";
import { addressOf, countBits, IDS_AT, isLeaf, KEY_NIBBLES, rankOf, type NodeId } from "./layout.ts";
import { firstDifference, keyNibble } from "./leaf.ts";
import type { NodeMemory } from "./NodeMemory.ts";

/**
 * The shape of a trie: which node is whose child. A branch forks at its depth; the extension above it is the gap between
 * its parent's depth and its own and is no node here, so that splitting and collapsing one is no case of its own.
 *
 * Invariants: a branch has two children or more; depths grow downwards; every node whose encoding changed has the stale
 * bit set in each branch above it.
 */
export class NodeTree {
  /** The topmost node, 0 for none. */
  root: NodeId = 0;
  /** Whether the reference of the root is stale. */
  isStale = true;
  readonly #memory: NodeMemory;
  /** The branches from the root down to where the last walk ended, and the nibbles taken there. */
  readonly #path = new Float64Array(KEY_NIBBLES + 1);
  readonly #nibbles = new Uint8Array(KEY_NIBBLES + 1);
  #length = 0;
  readonly #pair = new Uint32Array(2);

  constructor(memory: NodeMemory) {
    this.#memory = memory;
  }

  /** Puts a leaf where none of its key is. */
  insert(leaf: NodeId): void {
    const memory = this.#memory;
    const key = addressOf(leaf);
    const end = this.#walk(key);
    if (this.root === 0) {
      this.root = leaf;
      this.isStale = true;
      return;
    }
    const other = end === 0 ? this.anyLeaf(this.#path[this.#length - 1]!) : end;
    const fork = firstDifference(memory, key, addressOf(other));
    assert(fork < KEY_NIBBLES, "a key is inserted once");
    let level = this.#length;
    while (level > 0 && depthOf(memory, this.#path[level - 1]!) > fork) level -= 1;
    this.#markPath(level);
    const last = level === 0 ? 0 : this.#path[level - 1]!;
    if (level === this.#length && end === 0) {
      this.#replace(level - 1, withChild(memory, last, this.#nibbles[level - 1]!, leaf));
      return;
    }
    const node = level === this.#length ? end : this.#path[level]!;
    const own = keyNibble(memory, key, fork);
    const others = keyNibble(memory, addressOf(other), fork);
    this.#pair[own < others ? 0 : 1] = leaf;
    this.#pair[own < others ? 1 : 0] = node;
    this.#replace(level, createBranch(memory, fork, (1 << own) | (1 << others), this.#pair));
  }

  /** Takes a leaf out, whose record stays. */
  remove(leaf: NodeId): void {
    const memory = this.#memory;
    const end = this.#walk(addressOf(leaf));
    assert(end === leaf, "a leaf that is removed is in the trie");
    this.#markPath(this.#length);
    const last = this.#length - 1;
    if (last < 0) {
      this.root = 0;
      return;
    }
    const parent = this.#path[last]!;
    const nibble = this.#nibbles[last]!;
    const children = childrenOf(memory, parent);
    if (countBits(children) > 2) {
      this.#replace(last, withoutChild(memory, parent, nibble));
      return;
    }
    const heir = childAt(memory, parent, 31 - Math.clz32(children & ~(1 << nibble)));
    freeBranch(memory, parent);
    this.#replace(last, heir);
  }

  /** Notes that a leaf's word has changed, and that it has another id when its record moved. */
  touch(leaf: NodeId, by: NodeId): void {
    this.#walk(addressOf(by));
    this.#markPath(this.#length);
    if (leaf !== by) this.#replace(this.#length, by);
  }

  /**
   * Follows the keys of leaves, all by one node before any by the next: the processor then waits for many of them at once,
   * where one write after the other waits for each. What is passed on the way to the leaves that have `changed` set, which
   * are in the trie, is marked as stale; for others, in the trie or not, only the nodes that will be needed are looked at.
   */
  follow(leaves: Uint32Array, changed: Uint8Array): void {
    const { words, bytes } = this.#memory;
    const nodes = new Uint32Array(leaves.length).fill(this.root);
    const moving = Uint32Array.from(leaves.keys());
    if (changed.includes(1)) this.isStale = true;
    for (let count = this.root === 0 || isLeaf(this.root) ? 0 : leaves.length; count > 0;) {
      let kept = 0;
      for (let rank = 0; rank < count; rank += 1) {
        const at = moving[rank]!;
        const branch = nodes[at]! >>> 2;
        // Bitmaps of children and of embedded references; that of stale ones and the depth: see layout.ts.
        const children = words[branch]! & 0xffff;
        const flags = words[branch + 1]!;
        const depth = (flags >>> 16) & 255;
        const byte = bytes[addressOf(leaves[at]!) + (depth >>> 1)]!;
        const nibble = (depth & 1) === 0 ? byte >>> 4 : byte & 15;
        if (((children >>> nibble) & 1) === 0) continue;
        if (changed[at] === 1) words[branch + 1] = flags | (1 << nibble);
        const child = words[branch + IDS_AT / 4 + rankOf(children, nibble)]!;
        if (isLeaf(child)) continue;
        nodes[at] = child;
        moving[kept] = at;
        kept += 1;
      }
      count = kept;
    }
  }

  /** The topmost node under which all keys start with these nibbles and no other does; 0 for none. */
  locate(prefix: readonly number[]): NodeId {
    const memory = this.#memory;
    if (prefix.length > KEY_NIBBLES) return 0;
    let node = this.root;
    while (node !== 0 && !isLeaf(node) && depthOf(memory, node) < prefix.length) {
      node = childAt(memory, node, prefix[depthOf(memory, node)]!);
    }
    if (node === 0) return 0;
    const key = addressOf(this.anyLeaf(node));
    return prefix.every((nibble, at) => keyNibble(memory, key, at) === nibble) ? node : 0;
  }

  /** The leaves under a node, by rising key. */
  *leavesUnder(start: NodeId): IterableIterator<NodeId> {
    const stack = start === 0 ? [] : [start];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (isLeaf(node)) {
        yield node;
        continue;
      }
      const children = this.childrenUnder(node);
      for (let rank = children.length - 1; rank >= 0; rank -= 1) stack.push(children[rank]!);
    }
  }

  /** The children of a branch by rising nibble: a view. */
  childrenUnder(branch: NodeId): Uint32Array {
    const count = countBits(childrenOf(this.#memory, branch));
    const index = idIndex(branch, 0);
    return this.#memory.words.subarray(index, index + count);
  }

  /** The leaf with the lowest key under a node. */
  anyLeaf(node: NodeId): NodeId {
    const memory = this.#memory;
    let leaf = node;
    while (!isLeaf(leaf)) leaf = memory.words[idIndex(leaf, 0)]!;
    return leaf;
  }

  /** Follows a key by its nibbles at the forks alone; the leaf at the end, or 0 where a branch has no such child. */
  #walk(key: number): NodeId {
    const memory = this.#memory;
    let node = this.root;
    this.#length = 0;
    while (node !== 0 && !isLeaf(node)) {
      const nibble = keyNibble(memory, key, depthOf(memory, node));
      this.#path[this.#length] = node;
      this.#nibbles[this.#length] = nibble;
      this.#length += 1;
      node = childAt(memory, node, nibble);
    }
    return node;
  }

  /** Marks what the first branches of the path hold for its nibbles as stale. */
  #markPath(length: number): void {
    this.isStale = true;
    for (let at = 0; at < length; at += 1) markStale(this.#memory, this.#path[at]!, this.#nibbles[at]!);
  }

  /** Puts a node where the path's node at a level stands. */
  #replace(level: number, node: NodeId): void {
    if (level === 0) this.root = node;
    else setChild(this.#memory, this.#path[level - 1]!, this.#nibbles[level - 1]!, node);
  }
}
