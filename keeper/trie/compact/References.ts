import { encodeExtension, toNodeRef, type NodeRef } from "../nodeEncoding.ts";
import { depthOf } from "./branch.ts";
import { HashQueue } from "./HashQueue.ts";
import {
  addressOf,
  AREA_COUNT,
  AREA_SIZE,
  AREAS_AT,
  CHILDREN_AT,
  countBits,
  DEPTH_AT,
  EMBEDDED_AT,
  HASH_SIZE,
  IDS_AT,
  isLeaf,
  leafSize,
  KEY_NIBBLES,
  refAt,
  rankOf,
  ROOT_REF_AT,
  STALE_AT,
  type NodeId,
} from "./layout.ts";
import { startOf } from "./nodeKernel.ts";
import type { NodeMemory } from "./NodeMemory.ts";
import type { NodeTree } from "./NodeTree.ts";

/** No parent: the node is the root. */
const ROOT = 0;
/** The area that the queue is not given. */
const OWN_AREA = AREAS_AT + (AREA_COUNT - 1) * AREA_SIZE;

/**
 * Brings a trie's references up to date: what is stale is gathered from the root down, leaves are hashed first, then
 * branches by falling depth, so that a branch is encoded when all that it names is known, and two can be hashed at once.
 */
export class References {
  readonly #memory: NodeMemory;
  readonly #tree: NodeTree;
  readonly #queue: HashQueue;
  /** Stale branches by depth: four numbers each, as `#gather` has them. */
  readonly #levels: number[][] = Array.from({ length: KEY_NIBBLES }, () => []);

  constructor(memory: NodeMemory, tree: NodeTree) {
    this.#memory = memory;
    this.#tree = tree;
    this.#queue = new HashQueue(memory);
  }

  /** Computes every stale reference; the root's hash is at {@link ROOT_REF_AT} then. The trie is not empty. */
  refresh(): void {
    const tree = this.#tree;
    if (!tree.isStale) return;
    const { root } = tree;
    if (isLeaf(root)) this.#settle(this.#encodeLeaf(root, 0, this.#queue.area), ROOT_REF_AT, ROOT, 0);
    else this.#gather(root, ROOT_REF_AT, ROOT, 0);
    this.#hashLevels();
    tree.isStale = false;
  }

  /** Computes the stale references in a branch and below it, where the branch need not be in the trie yet. */
  refreshIn(branch: NodeId): void {
    this.#gatherChildren(branch);
    this.#hashLevels();
  }

  /**
   * The reference of a node for a path that starts at nibble `depth`, in a new array; everything below is up to date.
   */
  refOf(node: NodeId, depth: number): NodeRef {
    const memory = this.#memory;
    const length = isLeaf(node) ? this.#encodeLeaf(node, depth, OWN_AREA) : memory.kernel.encodeBranch(node, OWN_AREA);
    const bare = toNodeRef(memory.bytes.subarray(startOf(OWN_AREA, length)).subarray(0, length));
    return isLeaf(node) || depthOf(memory, node) === depth ? bare : toNodeRef(this.#extension(node, depth, bare));
  }

  /** Notes a stale branch: where its reference goes, its parent, and its nibble there; and all that is stale below. */
  #gather(branch: NodeId, target: number, parent: NodeId, nibble: number): void {
    this.#levels[depthOf(this.#memory, branch)]!.push(branch, target, parent, nibble);
    this.#gatherChildren(branch);
  }

  #gatherChildren(branch: NodeId): void {
    const { halves, words, bytes } = this.#memory;
    const children = halves[(branch + CHILDREN_AT) >>> 1]!;
    let stale = halves[(branch + STALE_AT) >>> 1]!;
    const depth = bytes[branch + DEPTH_AT]! + 1;
    const ids = (branch + IDS_AT) >>> 2;
    const refs = refAt(branch, countBits(children), 0);
    halves[(branch + STALE_AT) >>> 1] = 0;
    // Set again where one turns out to be embedded.
    halves[(branch + EMBEDDED_AT) >>> 1]! &= ~stale;
    for (; stale !== 0; stale &= stale - 1) {
      const nibble = 31 - Math.clz32(stale & -stale);
      const rank = rankOf(children, nibble);
      const child = words[ids + rank]!;
      const target = refs + HASH_SIZE * rank;
      if (!isLeaf(child)) this.#gather(child, target, branch, nibble);
      else this.#settle(this.#encodeLeaf(child, depth, this.#queue.area), target, branch, nibble);
    }
  }

  /** Hashes the leaves that wait and the branches that were gathered, the deepest first. */
  #hashLevels(): void {
    this.#queue.flush();
    for (let depth = KEY_NIBBLES - 1; depth >= 0; depth -= 1) {
      const level = this.#levels[depth]!;
      if (level.length === 0) continue;
      for (let at = 0; at < level.length; at += 4) {
        this.#refreshBranch(level[at]!, depth, level[at + 1]!, level[at + 2]!, level[at + 3]!);
      }
      level.length = 0;
      this.#queue.flush();
    }
  }

  #refreshBranch(branch: NodeId, depth: number, target: number, parent: NodeId, nibble: number): void {
    const { bytes, kernel } = this.#memory;
    const above = parent === ROOT ? 0 : bytes[parent + DEPTH_AT]! + 1;
    if (depth === above) {
      this.#settle(kernel.encodeBranch(branch, this.#queue.area), target, parent, nibble);
      return;
    }
    const extension = this.#extension(branch, above, this.refOf(branch, depth));
    bytes.set(extension, startOf(this.#queue.area, extension.length));
    this.#settle(extension.length, target, parent, nibble);
  }

  /** Makes a reference of the encoding in the queue's area, and puts it where the parent holds it. */
  #settle(length: number, target: number, parent: NodeId, nibble: number): void {
    const queue = this.#queue;
    const from = startOf(queue.area, length);
    // The root is hashed even where a parent would embed it.
    if (length >= HASH_SIZE || parent === ROOT) {
      queue.push(from, length, target);
      return;
    }
    const { bytes, halves } = this.#memory;
    bytes.copyWithin(target, from, from + length);
    halves[(parent + EMBEDDED_AT) >>> 1]! |= 1 << nibble;
  }

  #encodeLeaf(leaf: NodeId, depth: number, area: number): number {
    const address = addressOf(leaf);
    return this.#memory.kernel.encodeLeaf(address, address + leafSize(leaf & 7), depth, area);
  }

  /** The extension from nibble `depth` down to a branch whose own reference is given. */
  #extension(branch: NodeId, depth: number, bare: NodeRef): Uint8Array {
    const key = addressOf(this.#tree.anyLeaf(branch));
    return encodeExtension(
      this.#memory.bytes.subarray(key, key + HASH_SIZE),
      depth,
      depthOf(this.#memory, branch),
      bare,
    );
  }
}
