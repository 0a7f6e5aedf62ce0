import {
  branchSize,
  CHILDREN_AT,
  countBits,
  DEPTH_AT,
  EMBEDDED_AT,
  HASH_SIZE,
  IDS_AT,
  rankOf,
  refAt,
  STALE_AT,
  type NodeId,
} from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";

/** The bitmap of a branch's children. */
export function childrenOf({ halves }: NodeMemory, branch: NodeId): number {
  return halves[(branch + CHILDREN_AT) >>> 1]!;
}

/** The nibble at which a branch forks. */
export function depthOf({ bytes }: NodeMemory, branch: NodeId): number {
  return bytes[branch + DEPTH_AT]!;
}

/** Where the id of the child with this rank lies, in words of 4 bytes. */
export function idIndex(branch: NodeId, rank: number): number {
  return ((branch + IDS_AT) >>> 2) + rank;
}

/** The child at a nibble, 0 for none. */
export function childAt(memory: NodeMemory, branch: NodeId, nibble: number): NodeId {
  const children = childrenOf(memory, branch);
  if (((children >>> nibble) & 1) === 0) return 0;
  return memory.words[idIndex(branch, rankOf(children, nibble))]!;
}

/** Names another node as the child at a nibble, where there is one. Its reference is left as it is. */
export function setChild(memory: NodeMemory, branch: NodeId, nibble: number, child: NodeId): void {
  const children = childrenOf(memory, branch);
  memory.words[idIndex(branch, rankOf(children, nibble))] = child;
}

/** Marks the reference of the child at a nibble as stale. */
export function markStale({ halves }: NodeMemory, branch: NodeId, nibble: number): void {
  halves[(branch + STALE_AT) >>> 1]! |= 1 << nibble;
}

/** A branch whose references are all stale; `ids` from `start` on are its children by rising nibble. */
export function createBranch(memory: NodeMemory, depth: number, children: number, ids: Uint32Array, start = 0): NodeId {
  const count = countBits(children);
  const branch = memory.allocate(branchSize(count));
  const { halves, bytes, words } = memory;
  halves[(branch + CHILDREN_AT) >>> 1] = children;
  halves[(branch + EMBEDDED_AT) >>> 1] = 0;
  halves[(branch + STALE_AT) >>> 1] = children;
  bytes[branch + DEPTH_AT] = depth;
  bytes[branch + DEPTH_AT + 1] = 0;
  const index = idIndex(branch, 0);
  for (let rank = 0; rank < count; rank += 1) words[index + rank] = ids[start + rank]!;
  return branch;
}

/** Gives a branch's record back. */
export function freeBranch(memory: NodeMemory, branch: NodeId): void {
  memory.free(branch, branchSize(countBits(childrenOf(memory, branch))));
}

/** The branch with one child more, its reference stale. The old record is freed. */
export function withChild(memory: NodeMemory, branch: NodeId, nibble: number, child: NodeId): NodeId {
  const children = childrenOf(memory, branch);
  const count = countBits(children);
  const rank = rankOf(children, nibble);
  const grown = memory.allocate(branchSize(count + 1));
  memory.copy(branch, grown, IDS_AT);
  memory.copy(refAt(branch, count, 0), refAt(grown, count + 1, 0), HASH_SIZE * rank);
  memory.copy(refAt(branch, count, rank), refAt(grown, count + 1, rank + 1), HASH_SIZE * (count - rank));
  const { words, halves } = memory;
  const from = idIndex(branch, 0);
  const to = idIndex(grown, 0);
  for (let at = 0; at < rank; at += 1) words[to + at] = words[from + at]!;
  words[to + rank] = child;
  for (let at = rank; at < count; at += 1) words[to + at + 1] = words[from + at]!;
  halves[(grown + CHILDREN_AT) >>> 1] = children | (1 << nibble);
  markStale(memory, grown, nibble);
  memory.free(branch, branchSize(count));
  return grown;
}

/** The branch, which has three children or more, without the one at a nibble. The old record is freed. */
export function withoutChild(memory: NodeMemory, branch: NodeId, nibble: number): NodeId {
  const children = childrenOf(memory, branch);
  const count = countBits(children);
  const rank = rankOf(children, nibble);
  const shrunk = memory.allocate(branchSize(count - 1));
  memory.copy(branch, shrunk, IDS_AT);
  memory.copy(refAt(branch, count, 0), refAt(shrunk, count - 1, 0), HASH_SIZE * rank);
  memory.copy(refAt(branch, count, rank + 1), refAt(shrunk, count - 1, rank), HASH_SIZE * (count - 1 - rank));
  const { words, halves } = memory;
  const from = idIndex(branch, 0);
  const to = idIndex(shrunk, 0);
  for (let at = 0; at < rank; at += 1) words[to + at] = words[from + at]!;
  for (let at = rank + 1; at < count; at += 1) words[to + at - 1] = words[from + at]!;
  const kept = ~(1 << nibble);
  halves[(shrunk + CHILDREN_AT) >>> 1]! &= kept;
  halves[(shrunk + EMBEDDED_AT) >>> 1]! &= kept;
  halves[(shrunk + STALE_AT) >>> 1]! &= kept;
  memory.free(branch, branchSize(count));
  return shrunk;
}
