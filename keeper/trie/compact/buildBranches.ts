import { createBranch } from "./branch.ts";
import { addressOf, KEY_NIBBLES, type NodeId } from "./layout.ts";
import { firstDifference, keyNibble } from "./leaf.ts";
import type { NodeMemory } from "./NodeMemory.ts";

/** The branches that are not finished, from the root down: depth, children so far. */
class OpenBranches {
  readonly depths = new Uint8Array(KEY_NIBBLES);
  readonly children = new Uint16Array(KEY_NIBBLES);
  readonly counts = new Uint8Array(KEY_NIBBLES);
  readonly ids = new Uint32Array(16 * KEY_NIBBLES);
  length = 0;

  open(depth: number): void {
    this.depths[this.length] = depth;
    this.children[this.length] = 0;
    this.counts[this.length] = 0;
    this.length += 1;
  }

  /** Adds a child to the deepest one. */
  add(nibble: number, child: NodeId): void {
    const top = this.length - 1;
    this.ids[16 * top + this.counts[top]!] = child;
    this.counts[top]! += 1;
    this.children[top]! |= 1 << nibble;
  }
}

/**
 * Builds the branches over leaves, whose keys rise strictly, from left to right: a branch is written when its last child
 * is known, once. All references are stale. Returns the topmost node, 0 for no leaves.
 */
export function buildBranches(memory: NodeMemory, leaves: Uint32Array): NodeId {
  const open = new OpenBranches();
  let node: NodeId = leaves[0] ?? 0;
  /** Adds the node, whose last leaf has this key, to the deepest branch. */
  const add = (key: number): void => {
    open.add(keyNibble(memory, key, open.depths[open.length - 1]!), node);
  };
  const close = (): void => {
    open.length -= 1;
    const top = open.length;
    node = createBranch(memory, open.depths[top]!, open.children[top]!, open.ids, 16 * top);
  };
  for (let at = 1; at <= leaves.length; at += 1) {
    const key = addressOf(leaves[at - 1]!);
    const fork = at === leaves.length ? -1 : firstDifference(memory, key, addressOf(leaves[at]!));
    while (open.length > 0 && open.depths[open.length - 1]! > fork) {
      add(key);
      close();
    }
    if (fork < 0) break;
    if (open.length === 0 || open.depths[open.length - 1]! < fork) open.open(fork);
    add(key);
    node = leaves[at]!;
  }
  return node;
}
