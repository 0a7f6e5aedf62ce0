import { addressOf, type NodeId } from "./layout.ts";
import { isKeyBelow } from "./leaf.ts";
import type { NodeMemory } from "./NodeMemory.ts";

const BUCKETS = 65_536;
/** From so many on in one bucket, which hashed keys do not bring about, the engine sorts. */
const CROWD = 256;

/** Leaves with the first 32 bits of their keys beside them: nearly every comparison ends there, without a record. */
interface Heads {
  readonly leaves: Uint32Array;
  readonly heads: Uint32Array;
}

/** The leaves by rising key, those of equal keys in the order given: counted into buckets by their first 16 bits, which hashes fill evenly, then compared. */
export function sortLeaves(memory: NodeMemory, leaves: Uint32Array): Uint32Array {
  const heads = new Uint32Array(leaves.length);
  const ends = new Uint32Array(BUCKETS);
  for (let at = 0; at < leaves.length; at += 1) {
    const head = memory.view.getUint32(addressOf(leaves[at]!));
    heads[at] = head;
    ends[head >>> 16]! += 1;
  }
  for (let bucket = 1; bucket < BUCKETS; bucket += 1) ends[bucket]! += ends[bucket - 1]!;
  const sorted = { leaves: new Uint32Array(leaves.length), heads: new Uint32Array(leaves.length) };
  // From the end of each bucket down: what is left are the buckets' starts.
  for (let at = leaves.length - 1; at >= 0; at -= 1) {
    const head = heads[at]!;
    const to = ends[head >>> 16]! - 1;
    ends[head >>> 16] = to;
    sorted.leaves[to] = leaves[at]!;
    sorted.heads[to] = head;
  }
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    sortBucket(memory, sorted, ends[bucket]!, ends[bucket + 1] ?? leaves.length);
  }
  return sorted.leaves;
}

function sortBucket(memory: NodeMemory, { leaves, heads }: Heads, start: number, end: number): void {
  if (end - start > CROWD) {
    const crowd = leaves.subarray(start, end);
    crowd.sort((left, right) => {
      if (isKeyBelow(memory, addressOf(left), addressOf(right))) return -1;
      return isKeyBelow(memory, addressOf(right), addressOf(left)) ? 1 : 0;
    });
    return;
  }
  for (let at = start + 1; at < end; at += 1) {
    const leaf = leaves[at]!;
    const head = heads[at]!;
    let hole = at;
    for (; hole > start && isBefore(memory, head, leaf, heads[hole - 1]!, leaves[hole - 1]!); hole -= 1) {
      leaves[hole] = leaves[hole - 1]!;
      heads[hole] = heads[hole - 1]!;
    }
    leaves[hole] = leaf;
    heads[hole] = head;
  }
}

function isBefore(memory: NodeMemory, head: number, leaf: NodeId, otherHead: number, other: NodeId): boolean {
  return head === otherHead ? isKeyBelow(memory, addressOf(leaf), addressOf(other)) : head < otherHead;
}
