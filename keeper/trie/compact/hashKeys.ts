import { addressOf, BLOCK_SIZE, HASH_SIZE, KEY_BLOCKS_AT, SLOT_AT, type NodeId } from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";

/** How keys follow from slots: `keccak256` as in every state, or `none` for tests of shapes that nobody can grind. */
export type KeyHash = "keccak256" | "none";

const SECOND_BLOCK_AT = KEY_BLOCKS_AT + BLOCK_SIZE;

/** Writes a leaf's key, which follows from its slot. */
export function hashKey(memory: NodeMemory, leaf: NodeId, hash: KeyHash): void {
  const key = addressOf(leaf);
  if (hash === "none") {
    memory.copy(key + SLOT_AT, key, HASH_SIZE);
    return;
  }
  memory.copy(key + SLOT_AT, KEY_BLOCKS_AT, HASH_SIZE);
  memory.kernel.hash(KEY_BLOCKS_AT, 1, key);
}

/** {@link hashKey} of many leaves, two at a time. */
export function hashKeys(memory: NodeMemory, leaves: Uint32Array, hash: KeyHash): void {
  let at = 0;
  if (hash === "keccak256") {
    for (; at + 1 < leaves.length; at += 2) {
      const left = addressOf(leaves[at]!);
      const right = addressOf(leaves[at + 1]!);
      memory.copy(left + SLOT_AT, KEY_BLOCKS_AT, HASH_SIZE);
      memory.copy(right + SLOT_AT, SECOND_BLOCK_AT, HASH_SIZE);
      memory.kernel.hashTwo(KEY_BLOCKS_AT, SECOND_BLOCK_AT, 1, left, right);
    }
  }
  for (; at < leaves.length; at += 1) hashKey(memory, leaves[at]!, hash);
}
