import { expect } from "chai";

import { nibbleAt } from "../../../keeper/lib/bytes.ts";
import { bytesToHex, HexError, hexToBytes, type Hex } from "../../../keeper/lib/hex.ts";
import { keccak256, keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { naiveStorageRoot } from "../../../keeper/trie/naiveRoot.ts";
import { EMPTY_ROOT } from "../../../keeper/trie/nodeEncoding.ts";
import { StorageTrie } from "../../../keeper/trie/StorageTrie.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import {
  ReferenceTrie,
  slotOf,
  SLOTS_SHARING_NINE_NIBBLES,
  SLOTS_SHARING_TEN_NIBBLES,
  type Words,
} from "./referenceTrie.ts";

const SEED = 20_260_418;
const WORD_MAX = (1n << 256n) - 1n;
const DEEP_PAIRS = [SLOTS_SHARING_NINE_NIBBLES, ...SLOTS_SHARING_TEN_NIBBLES.slice(0, 2)];

function trieOf(words: Iterable<readonly [Hex, bigint]>): StorageTrie {
  const trie = new StorageTrie();
  for (const [slot, value] of words) trie.set(slot, value);
  return trie;
}

/** A write to one of `slots` slots: small, wide and repeated words, and deletions one time in three. */
function randomWrite(random: SeededRandom, slots: number): [Hex, bigint] {
  const pair = DEEP_PAIRS[random.below(DEEP_PAIRS.length)]!;
  const slot = random.below(8) === 0 ? pair[random.below(2)]! : slotOf(random.below(slots));
  if (random.below(3) === 0) return [slot, 0n];
  return [slot, random.uint([1, 7, 8, 64, 256][random.below(5)]!)];
}

function write(words: Words, [slot, value]: [Hex, bigint]): void {
  if (value === 0n) words.delete(slot);
  else words.set(slot, value);
}

describe(`StorageTrie (seed ${SEED})`, function () {
  this.timeout(60_000);

  describe("set", () => {
    it("refuses what is no slot and what is no word", () => {
      const trie = new StorageTrie();
      const badSlots = [
        "0x",
        "0x01",
        `0x${"AB".repeat(32)}`,
        `0x${"0".repeat(63)}g`,
        "0".repeat(66),
        `0x${"00".repeat(33)}`,
      ];
      for (const slot of badSlots) {
        for (const value of [0n, 1n]) expect(() => trie.set(slot as Hex, value), slot).to.throw(HexError);
      }
      for (const value of [-1n, WORD_MAX + 1n]) expect(() => trie.set(slotOf(1), value)).to.throw(RangeError);
      expect(trie.size).to.equal(0);
    });

    it("holds what was written last and forgets a word of zero", () => {
      const trie = trieOf([
        [slotOf(1), 5n],
        [slotOf(2), WORD_MAX],
        [slotOf(1), 6n],
        [slotOf(2), 0n],
        [slotOf(3), 0n],
      ]);
      expect(trie.get(slotOf(1))).to.equal(6n);
      expect(trie.get(slotOf(2))).to.equal(0n);
      expect(trie.get(slotOf(3))).to.equal(0n);
      expect(trie.size).to.equal(1);
    });
  });

  describe("root", () => {
    it("is the root of the empty trie before the first word and after the last", () => {
      const trie = new StorageTrie();
      expect(trie.root()).to.equal("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
      trie.set(slotOf(1), 1n);
      trie.set(slotOf(2), 1n);
      expect(trie.root()).to.not.equal(EMPTY_ROOT);
      trie.set(slotOf(2), 0n);
      trie.set(slotOf(1), 0n);
      expect(trie.root()).to.equal(EMPTY_ROOT);
      expect(naiveStorageRoot([[slotOf(1), 0n]])).to.equal(EMPTY_ROOT);
    });

    it("equals the naive root after every write of 1,200 random histories", () => {
      const random = new SeededRandom(SEED);
      for (let history = 0; history < 1_200; history += 1) {
        const slots = [2, 3, 5, 16, 40][history % 5]!;
        const trie = new StorageTrie();
        const words: Words = new Map();
        for (let step = 0; step < 12; step += 1) {
          const writes = Array.from({ length: 1 + random.below(3) }, () => randomWrite(random, slots));
          for (const entry of writes) {
            trie.set(...entry);
            write(words, entry);
          }
          // Reading a reference between writes fills caches for another depth than the root needs.
          if (random.bool()) trie.nodeRefAt(Array.from({ length: random.below(4) }, () => random.below(16)));
          expect(trie.root(), `history ${history} step ${step}`).to.equal(naiveStorageRoot(words));
        }
        expect(trie.size).to.equal(words.size);
      }
    });

    it("equals the root of @ethereumjs/mpt along random histories, embedded nodes included", async () => {
      const random = new SeededRandom(SEED + 1);
      for (let history = 0; history < 60; history += 1) {
        const trie = new StorageTrie();
        const reference = await ReferenceTrie.of([]);
        const slots = [2, 4, 30, 400][history % 4]!;
        for (let step = 0; step < 60; step += 1) {
          const entry = randomWrite(random, slots);
          trie.set(...entry);
          await reference.set(...entry);
          if (step % 6 === 0) expect(trie.root(), `history ${history} step ${step}`).to.equal(reference.root());
        }
        expect(trie.root()).to.equal(reference.root());
      }
    });

    it("equals both for a few thousand words, and again after a tenth of them changed", async () => {
      const random = new SeededRandom(SEED + 2);
      const words: Words = new Map();
      for (let number = 0; number < 3_000; number += 1) words.set(slotOf(number), random.uint(256) | 1n);
      const trie = trieOf(words);
      const reference = await ReferenceTrie.of(words);
      expect(trie.root()).to.equal(reference.root());
      for (let count = 0; count < 300; count += 1) {
        const entry = randomWrite(random, 3_000);
        trie.set(...entry);
        write(words, entry);
        await reference.set(...entry);
      }
      expect(trie.root()).to.equal(reference.root());
      expect(trie.root()).to.equal(naiveStorageRoot(words));
    });

    it("does not depend on the order of writes, and returns when they are undone", () => {
      const random = new SeededRandom(SEED + 3);
      const words: [Hex, bigint][] = Array.from({ length: 200 }, (_, at) => [slotOf(at * 7), random.uint(128) | 1n]);
      const trie = trieOf(words);
      const before = trie.root();
      expect(trieOf(words.toReversed()).root()).to.equal(before);
      const undo: [Hex, bigint][] = [];
      for (let count = 0; count < 300; count += 1) {
        const [slot, value] = randomWrite(random, 1_500);
        undo.push([slot, trie.get(slot)]);
        trie.set(slot, value);
      }
      expect(trie.root()).to.not.equal(before);
      for (const [slot, value] of undo.toReversed()) trie.set(slot, value);
      expect(trie.root()).to.equal(before);
    });

    it("follows a word, a slot and a deletion", () => {
      const roots = [
        trieOf([[slotOf(1), 1n]]),
        trieOf([[slotOf(1), 2n]]),
        trieOf([[slotOf(2), 1n]]),
        trieOf([
          [slotOf(1), 1n],
          [slotOf(2), 1n],
        ]),
      ].map((trie) => trie.root());
      expect(new Set(roots).size).to.equal(4);
    });
  });

  describe("iteration", () => {
    const random = new SeededRandom(SEED + 4);
    const words: Words = new Map(Array.from({ length: 500 }, () => [slotOf(random.uint(200)), random.uint(64) | 1n]));
    for (const [left, right] of SLOTS_SHARING_TEN_NIBBLES) words.set(left, 1n).set(right, 2n);
    const hashes = new Map([...words.keys()].map((slot) => [slot, keccak256Hex(hexToBytes(slot))]));
    const byHash = [...words].sort(([left], [right]) => (hashes.get(left)! < hashes.get(right)! ? -1 : 1));
    const trie = trieOf(words);

    it("lists slots and words by hashed slot, whatever the history", () => {
      expect([...trie.slots()]).to.deep.equal(byHash);
      expect([...trieOf(byHash).slots()]).to.deep.equal(byHash);
    });

    it("lists the slots, hashes and words under a prefix", () => {
      for (const [slot] of byHash.slice(0, 120)) {
        const hash = keccak256(hexToBytes(slot));
        for (const length of [0, 1, 2, 3, 9, 10, 11, 64]) {
          const prefix = Array.from({ length }, (_, at) => nibbleAt(hash, at));
          const digits = bytesToHex(hash).slice(0, 2 + length);
          const expected = byHash.filter(([other]) => hashes.get(other)!.startsWith(digits));
          expect([...trie.slotsUnder(prefix)]).to.deep.equal(expected.map(([other]) => other));
          const entries = [...trie.entriesUnder(prefix)];
          const named = expected.map(([other, value]) => ({ slot: other, hashedSlot: hashes.get(other), value }));
          expect(entries).to.deep.equal(named);
        }
      }
    });

    it("lists nothing under a prefix that no slot has", () => {
      const hash = keccak256(hexToBytes(slotOf(123_456_789)));
      const absent = Array.from({ length: 12 }, (_, at) => nibbleAt(hash, at));
      expect([...trie.slotsUnder(absent)]).to.deep.equal([]);
      expect([...new StorageTrie().slotsUnder([])]).to.deep.equal([]);
      expect(trie.nodeRefAt(absent)).to.equal(null);
      expect([...trie.slotsUnder(new Array<number>(65).fill(0))]).to.deep.equal([]);
    });
  });

  describe("nodeRefAt", () => {
    it("is equal for equal words under a prefix, whatever lies beside it", () => {
      const random = new SeededRandom(SEED + 5);
      const words: Words = new Map(Array.from({ length: 300 }, (_, at) => [slotOf(at), random.uint(64) | 1n]));
      const left = trieOf(words);
      const right = trieOf(words);
      const changed = slotOf(17);
      right.set(changed, 12_345n);
      const changedNibble = nibbleAt(keccak256(hexToBytes(changed)), 0);
      for (let nibble = 0; nibble < 16; nibble += 1) {
        const isEqual = bytesToHex(left.nodeRefAt([nibble])!) === bytesToHex(right.nodeRefAt([nibble])!);
        expect(isEqual, `nibble ${nibble}`).to.equal(nibble !== changedNibble);
      }
    });

    it("is a node itself where it is shorter than a hash", () => {
      const [left, right] = SLOTS_SHARING_TEN_NIBBLES[0]!;
      const hash = keccak256(hexToBytes(left));
      const prefix = Array.from({ length: 11 }, (_, at) => nibbleAt(hash, at));
      expect(
        trieOf([
          [left, 1n],
          [right, 1n],
        ]).nodeRefAt(prefix),
      ).to.have.length.below(32);
      expect(
        trieOf([
          [left, WORD_MAX],
          [right, 1n],
        ]).nodeRefAt(prefix),
      ).to.have.length(32);
    });
  });
});
