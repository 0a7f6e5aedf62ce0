import { expect } from "chai";

import { bytesEqual } from "../../../../keeper/lib/bytes.ts";
import { keccak256 } from "../../../../keeper/lib/keccak.ts";
import { childrenOf, depthOf } from "../../../../keeper/trie/compact/branch.ts";
import {
  addressOf,
  branchSize,
  countBits,
  EMBEDDED_AT,
  HASH_SIZE,
  isLeaf,
  leafSize,
  RECORDS_AT,
  SLOT_AT,
  STALE_AT,
  WORD_AT,
  type NodeId,
} from "../../../../keeper/trie/compact/layout.ts";
import { keyNibble, readWord } from "../../../../keeper/trie/compact/leaf.ts";
import { tagOf } from "../../../../keeper/trie/compact/StagedWord.ts";
import type { TrieStore } from "../../../../keeper/trie/compact/TrieStore.ts";

type Span = readonly [address: number, size: number];

/** Checks every invariant that layout.ts, NodeMemory, NodeTree and TrieStore state, for keys that are hashed. */
export function checkStore(store: TrieStore): void {
  const { memory, tree, index } = store;
  const live: Span[] = [];
  let leaves = 0;
  const visit = (node: NodeId, above: readonly number[], depthAbove: number): void => {
    if (isLeaf(node)) {
      leaves += 1;
      live.push([addressOf(node), leafSize(node & 7)]);
      checkLeaf(store, node, above);
      return;
    }
    const count = countBits(childrenOf(memory, node));
    const depth = depthOf(memory, node);
    live.push([node, branchSize(count)]);
    expect(count, "children").to.be.within(2, 16);
    expect(depth, "depth").to.be.greaterThan(depthAbove);
    for (const at of [EMBEDDED_AT, STALE_AT]) {
      expect(memory.halves[(node + at) >>> 1]! & ~childrenOf(memory, node), "bits without a child").to.equal(0);
    }
    const key = addressOf(tree.anyLeaf(node));
    const nibbles = Array.from({ length: depth }, (_, at) => keyNibble(memory, key, at));
    expect(nibbles.slice(0, above.length), "path").to.deep.equal(above);
    let rank = 0;
    for (let nibble = 0; nibble < 16; nibble += 1) {
      if (((childrenOf(memory, node) >>> nibble) & 1) === 0) continue;
      visit(tree.childrenUnder(node)[rank]!, [...nibbles, nibble], depth);
      rank += 1;
    }
  };
  if (tree.root !== 0) visit(tree.root, [], -1);
  expect(leaves, "leaves").to.equal(index.count);
  checkSpans(store, live, [...memory.freeRecords()]);
}

function checkLeaf({ memory, index }: TrieStore, leaf: NodeId, above: readonly number[]): void {
  const key = addressOf(leaf);
  const slot = memory.bytes.slice(key + SLOT_AT, key + WORD_AT);
  expect(index.find(memory, new Uint32Array(slot.buffer)), "the leaf that the index finds").to.equal(leaf);
  expect(bytesEqual(keccak256(slot), memory.bytes.slice(key, key + HASH_SIZE)), "key").to.equal(true);
  const word = readWord(memory, leaf);
  expect(word).to.not.equal(0n);
  expect(tagOf(word)).to.equal(leaf & 7);
  above.forEach((nibble, at) => expect(keyNibble(memory, key, at)).to.equal(nibble));
}

/** Live and free records follow one another without a gap, from the first byte to the last. */
function checkSpans({ memory }: TrieStore, live: readonly Span[], free: readonly Span[]): void {
  const sum = (spans: readonly Span[]): number => spans.reduce((total, [, size]) => total + size, 0);
  expect(sum(live), "live bytes").to.equal(memory.used);
  expect(sum(free), "free bytes").to.equal(memory.freeBytes);
  let end = RECORDS_AT;
  for (const [address, size] of [...live, ...free].sort(([left], [right]) => left - right)) {
    expect(address, "the next record").to.equal(end);
    end = address + size;
  }
  expect(end).to.be.at.most(memory.size);
}
