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

/** Millions of these are checked: the matchers are only asked where one does not hold. */
function hold<Value>(what: string, actual: Value, expected: Value): void {
  if (actual !== expected) expect(actual, what).to.equal(expected);
}

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
    hold("children", count >= 2 && count <= 16, true);
    hold("depth below the one above", depth > depthAbove, true);
    for (const at of [EMBEDDED_AT, STALE_AT]) {
      hold("bits without a child", memory.halves[(node + at) >>> 1]! & ~childrenOf(memory, node), 0);
    }
    const key = addressOf(tree.anyLeaf(node));
    const nibbles = Array.from({ length: depth }, (_, at) => keyNibble(memory, key, at));
    above.forEach((nibble, at) => hold("path", nibbles[at], nibble));
    let rank = 0;
    for (let nibble = 0; nibble < 16; nibble += 1) {
      if (((childrenOf(memory, node) >>> nibble) & 1) === 0) continue;
      visit(tree.childrenUnder(node)[rank]!, [...nibbles, nibble], depth);
      rank += 1;
    }
  };
  if (tree.root !== 0) visit(tree.root, [], -1);
  hold("leaves", leaves, index.count);
  checkSpans(store, live, [...memory.freeRecords()]);
}

function checkLeaf({ memory, index }: TrieStore, leaf: NodeId, above: readonly number[]): void {
  const key = addressOf(leaf);
  const slot = memory.bytes.slice(key + SLOT_AT, key + WORD_AT);
  hold("the leaf that the index finds", index.find(memory, new Uint32Array(slot.buffer)), leaf);
  hold("key", bytesEqual(keccak256(slot), memory.bytes.slice(key, key + HASH_SIZE)), true);
  const word = readWord(memory, leaf);
  hold("a word that is kept is none", word === 0n, false);
  hold("size of the word", tagOf(word), leaf & 7);
  above.forEach((nibble, at) => hold("key's path", keyNibble(memory, key, at), nibble));
}

/** Live and free records follow one another without a gap, from the first byte to the last. */
function checkSpans({ memory }: TrieStore, live: readonly Span[], free: readonly Span[]): void {
  const sum = (spans: readonly Span[]): number => spans.reduce((total, [, size]) => total + size, 0);
  hold("live bytes", sum(live), memory.used);
  hold("free bytes", sum(free), memory.freeBytes);
  let end = RECORDS_AT;
  for (const [address, size] of [...live, ...free].sort(([left], [right]) => left - right)) {
    hold("the next record", address, end);
    end = address + size;
  }
  hold("the last record ends within the memory", end <= memory.size, true);
}
