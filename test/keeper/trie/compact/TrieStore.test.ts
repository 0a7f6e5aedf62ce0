import { expect } from "chai";

import { StagedWord } from "../../../../keeper/trie/compact/StagedWord.ts";
import { TrieStore } from "../../../../keeper/trie/compact/TrieStore.ts";
import { bytesToHex } from "../../../../keeper/lib/hex.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { checkStore } from "./checkStore.ts";

const SEED = 20_271_102;

/** The slot with this number, as memory holds it. */
function slotWords(number: number): Uint32Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(28, number);
  return new Uint32Array(bytes.buffer);
}

function randomWord(random: SeededRandom): bigint {
  return random.uint([1, 8, 64, 65, 128, 129, 192, 193, 256][random.below(9)]!);
}

function staged(word: bigint): StagedWord {
  return new StagedWord().set(word);
}

function rootOf(store: TrieStore): string {
  return bytesToHex(store.root());
}

describe(`TrieStore (seed ${SEED})`, function () {
  this.timeout(60_000);

  it("keeps every record either in the trie or in a free list, along random writes", () => {
    const random = new SeededRandom(SEED);
    for (let history = 0; history < 60; history += 1) {
      const store = new TrieStore("keccak256");
      const slots = [1, 2, 8, 60, 700][history % 5]!;
      for (let step = 0; step < 12; step += 1) {
        for (let count = random.below(slots * 2); count >= 0; count -= 1) {
          store.write(slotWords(random.below(slots)), staged(random.below(3) === 0 ? 0n : randomWord(random)));
        }
        if (random.bool() && store.size > 0) store.root();
        checkStore(store);
      }
    }
  });

  it("uses records again: writing and undoing for long takes no more memory", () => {
    const random = new SeededRandom(SEED + 1);
    const store = new TrieStore("keccak256");
    for (let number = 0; number < 5_000; number += 1) store.write(slotWords(number), staged(randomWord(random) | 1n));
    const root = rootOf(store);
    let most = 0;
    for (let block = 0; block < 200; block += 1) {
      const undo: [Uint32Array, bigint][] = [];
      for (let count = 0; count < 100; count += 1) {
        const slot = slotWords(random.below(6_000));
        undo.push([slot, store.read(slot)]);
        store.write(slot, staged(random.below(4) === 0 ? 0n : randomWord(random)));
      }
      store.root();
      for (const [slot, word] of undo.reverse()) store.write(slot, staged(word));
      expect(rootOf(store)).to.equal(root);
      if (block === 20) most = store.bytes;
    }
    expect(store.bytes).to.be.at.most(most + 2 * 65_536);
    checkStore(store);
  });

  it("moves to a smaller memory when most words are gone, and gives the same root", () => {
    const store = new TrieStore("keccak256");
    const twin = new TrieStore("keccak256");
    for (let number = 0; number < 60_000; number += 1) store.write(slotWords(number), staged(1n << 200n));
    store.root();
    const full = store.bytes;
    for (let number = 0; number < 59_000; number += 1) store.write(slotWords(number), staged(0n));
    for (let number = 59_000; number < 60_000; number += 1) twin.write(slotWords(number), staged(1n << 200n));
    expect(rootOf(store)).to.equal(rootOf(twin));
    expect(store.bytes).to.be.below(full / 3);
    checkStore(store);
  });
});
