import { childrenOf, idIndex } from "./branch.ts";
import { addressOf, branchSize, countBits, isLeaf, leafSize, type NodeId } from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";

/**
 * Copies the nodes under one into another memory, in the order in which they are walked, references and stale bits with
 * them; each leaf's new id is handed to `onLeaf`. Returns the new id of the node.
 */
export function copyTree(from: NodeMemory, node: NodeId, to: NodeMemory, onLeaf: (leaf: NodeId) => void): NodeId {
  const address = addressOf(node);
  const count = isLeaf(node) ? 0 : countBits(childrenOf(from, node));
  const size = isLeaf(node) ? leafSize(node & 7) : branchSize(count);
  const copy = to.allocate(size);
  to.bytes.set(from.bytes.subarray(address, address + size), copy);
  if (isLeaf(node)) {
    const leaf = copy + (node & 7);
    onLeaf(leaf);
    return leaf;
  }
  for (let rank = 0; rank < count; rank += 1) {
    const child = copyTree(from, from.words[idIndex(node, rank)]!, to, onLeaf);
    to.words[idIndex(copy, rank)] = child;
  }
  return copy;
}
