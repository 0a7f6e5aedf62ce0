import { hashKeys, type KeyHash } from "./hashKeys.ts";
import { addressOf, KEY_NIBBLES, leafSize, WORD_AT, type NodeId } from "./layout.ts";
import { createLeaf, firstDifference } from "./leaf.ts";
import type { LeafSource } from "./LeafSource.ts";
import { NodeMemory } from "./NodeMemory.ts";
import { sortLeaves } from "./sortLeaves.ts";
import type { StagedWord } from "./StagedWord.ts";

/**
 * Writes in turn, in a memory of their own and without any order between their slots: each is a leaf, with no word where
 * it deletes. What a trie has before the writes can be the first of them.
 */
export class DetachedLeaves {
  readonly #memory = new NodeMemory();
  readonly #leaves: Uint32Array;
  #count = 0;
  /** How many of the first have their keys. */
  #keyed = 0;

  /** Room for so many. */
  constructor(capacity: number) {
    this.#leaves = new Uint32Array(capacity);
    this.#memory.reserve(capacity * leafSize(4));
  }

  /** Takes a leaf over from a trie; all of these come before any write. */
  take(from: NodeMemory, leaf: NodeId): void {
    this.#push(copyLeaf(from, leaf, this.#memory));
    this.#keyed = this.#count;
  }

  /** Writes a word, 0 to delete. */
  write(slot: Uint32Array, word: StagedWord): void {
    this.#push(createLeaf(this.#memory, slot, word));
  }

  /** What there is after the last write, by rising key. */
  sorted(keyHash: KeyHash): LeafSource {
    const memory = this.#memory;
    const leaves = this.#leaves.subarray(0, this.#count);
    hashKeys(memory, leaves.subarray(this.#keyed), keyHash);
    const sorted = sortLeaves(memory, leaves);
    let [count, bytes] = [0, 0];
    for (let at = 0; at < sorted.length; at += 1) {
      const leaf = sorted[at]!;
      const next = sorted[at + 1] ?? 0;
      // The last of a slot's writes counts.
      if (next !== 0 && firstDifference(memory, addressOf(leaf), addressOf(next)) === KEY_NIBBLES) continue;
      if ((leaf & 7) === 0) continue;
      sorted[count] = leaf;
      count += 1;
      bytes += leafSize(leaf & 7);
    }
    return { count, bytes, hasKeys: true, create: (to, at) => copyLeaf(memory, sorted[at]!, to) };
  }

  #push(leaf: NodeId): void {
    this.#leaves[this.#count] = leaf;
    this.#count += 1;
  }
}

function copyLeaf(from: NodeMemory, leaf: NodeId, to: NodeMemory): NodeId {
  const tag = leaf & 7;
  const address = to.allocate(leafSize(tag));
  const [source, target] = [addressOf(leaf) >>> 2, address >>> 2];
  const { words } = to;
  for (let at = 0; at < WORD_AT / 4 + 2 * tag; at += 1) words[target + at] = from.words[source + at]!;
  return address + tag;
}
