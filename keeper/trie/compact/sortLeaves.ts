import { addressOf, type NodeId } from "./layout.ts";
import { isKeyBelow } from "./leaf.ts";
import type { NodeMemory } from "./NodeMemory.ts";

const BUCKETS = 65_536;
/** From so many on in one bucket, which hashed keys do not bring about, the engine sorts. */
const CROWD = 64;

/** The first 16 bits of a leaf's key. */
function bucketOf({ bytes }: NodeMemory, leaf: NodeId): number {
  const key = addressOf(leaf);
  return (bytes[key]! << 8) | bytes[key + 1]!;
}

/** The leaves by rising key: counted into buckets by their first 16 bits, which hashes fill evenly, then compared. */
export function sortLeaves(memory: NodeMemory, leaves: Uint32Array): Uint32Array {
  const ends = new Uint32Array(BUCKETS);
  for (const leaf of leaves) ends[bucketOf(memory, leaf)]! += 1;
  for (let bucket = 1; bucket < BUCKETS; bucket += 1) ends[bucket]! += ends[bucket - 1]!;
  const sorted = new Uint32Array(leaves.length);
  // From the end of each bucket down: what is left are the buckets' starts.
  for (const leaf of leaves) {
    const at = --ends[bucketOf(memory, leaf)]!;
    sorted[at] = leaf;
  }
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    sortBucket(memory, sorted, ends[bucket]!, ends[bucket + 1] ?? sorted.length);
  }
  return sorted;
}

function sortBucket(memory: NodeMemory, sorted: Uint32Array, start: number, end: number): void {
  if (end - start > CROWD) {
    sorted.subarray(start, end).sort((left, right) => (isKeyBelow(memory, addressOf(left), addressOf(right)) ? -1 : 1));
    return;
  }
  for (let at = start + 1; at < end; at += 1) {
    const leaf = sorted[at]!;
    let hole = at;
    for (; hole > start && isKeyBelow(memory, addressOf(leaf), addressOf(sorted[hole - 1]!)); hole -= 1) {
      sorted[hole] = sorted[hole - 1]!;
    }
    sorted[hole] = leaf;
  }
}
