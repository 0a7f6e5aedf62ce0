import { createBranch } from "./branch.ts";
import { addressOf, KEY_NIBBLES, type NodeId } from "./layout.ts";
import { firstDifference, isKeyBelow, keyNibble } from "./leaf.ts";
import type { NodeMemory } from "./NodeMemory.ts";
import type { References } from "./References.ts";

/** Once so many leaves lie under a branch, its references are computed: all that they need is in the caches then. */
const HASHED_AT_ONCE = 1_024;

/**
 * Builds the branches over leaves, whose keys rise strictly, from left to right: a branch is written when its last child
 * is known, once, and so lies right behind what is under it.
 */
export class BranchBuilder {
  readonly #memory: NodeMemory;
  readonly #references: References;
  /** The branches that are not finished, from the root down: depth, children so far, and leaves before the first. */
  readonly #depths = new Uint8Array(KEY_NIBBLES);
  readonly #children = new Uint16Array(KEY_NIBBLES);
  readonly #counts = new Uint8Array(KEY_NIBBLES);
  readonly #ids = new Uint32Array(16 * KEY_NIBBLES);
  readonly #starts = new Float64Array(KEY_NIBBLES);
  /** Number of leaves that no branch refreshed so far has under it. */
  #open = 0;
  /** The last leaf, 0 for none. */
  #last: NodeId = 0;
  #count = 0;

  constructor(memory: NodeMemory, references: References) {
    this.#memory = memory;
    this.#references = references;
  }

  /** Adds a leaf; false, and nothing done, when its key does not rise. */
  add(leaf: NodeId): boolean {
    const last = this.#last;
    this.#last = leaf;
    this.#count += 1;
    if (last === 0) return true;
    const [left, right] = [addressOf(last), addressOf(leaf)];
    const fork = firstDifference(this.#memory, left, right);
    if (fork === KEY_NIBBLES || !isKeyBelow(this.#memory, left, right)) return false;
    const node = this.#closeBelow(fork, last);
    if (this.#open === 0 || this.#depths[this.#open - 1]! < fork) this.#begin(fork);
    this.#addChild(left, node);
    return true;
  }

  /** The topmost node over all leaves, 0 for none. */
  end(): NodeId {
    return this.#closeBelow(-1, this.#last);
  }

  /** Closes the branches that fork below a depth; the node that has the last leaf under it then. */
  #closeBelow(depth: number, leaf: NodeId): NodeId {
    let node = leaf;
    while (this.#open > 0 && this.#depths[this.#open - 1]! > depth) {
      this.#addChild(addressOf(leaf), node);
      this.#open -= 1;
      const top = this.#open;
      node = createBranch(this.#memory, this.#depths[top]!, this.#children[top]!, this.#ids, 16 * top);
      if (this.#count - this.#starts[top]! >= HASHED_AT_ONCE) this.#references.refreshIn(node);
    }
    return node;
  }

  #begin(depth: number): void {
    const top = this.#open;
    this.#depths[top] = depth;
    this.#children[top] = 0;
    this.#counts[top] = 0;
    this.#starts[top] = this.#count;
    this.#open += 1;
  }

  /** Adds a node to the deepest branch; `key` is that of a leaf under it. */
  #addChild(key: number, node: NodeId): void {
    const top = this.#open - 1;
    this.#ids[16 * top + this.#counts[top]!] = node;
    this.#counts[top]! += 1;
    this.#children[top]! |= 1 << keyNibble(this.#memory, key, this.#depths[top]!);
  }
}
