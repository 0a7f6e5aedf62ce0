import type { NodeRef } from "../nodeEncoding.ts";
import { childrenOf } from "./branch.ts";
import { countBits, EMBEDDED_AT, HASH_SIZE, refAt, type NodeId } from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";

/** Where the encodings of lists begin, RLP: their length is in the first byte, as embedded nodes are short. */
const EMPTY_LIST = 0xc0;
const NIBBLES = 16;

/** The references that a branch holds, by nibble, in new arrays; none of them may be stale. */
export function childRefs(memory: NodeMemory, branch: NodeId): (NodeRef | null)[] {
  const { bytes, halves } = memory;
  const children = childrenOf(memory, branch);
  const embedded = halves[(branch + EMBEDDED_AT) >>> 1]!;
  const refs: (NodeRef | null)[] = [];
  for (let nibble = 0, at = refAt(branch, countBits(children), 0); nibble < NIBBLES; nibble += 1) {
    if (((children >>> nibble) & 1) === 0) {
      refs.push(null);
      continue;
    }
    const length = ((embedded >>> nibble) & 1) === 0 ? HASH_SIZE : bytes[at]! - EMPTY_LIST + 1;
    refs.push(bytes.slice(at, at + length));
    at += HASH_SIZE;
  }
  return refs;
}
