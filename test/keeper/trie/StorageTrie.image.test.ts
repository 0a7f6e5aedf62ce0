import { expect } from "chai";

import { HexError, type Hex } from "../../../keeper/lib/hex.ts";
import { TrieImageError, type TrieImage } from "../../../keeper/trie/compact/TrieImage.ts";
import { EMPTY_ROOT } from "../../../keeper/trie/nodeEncoding.ts";
import { StorageTrie } from "../../../keeper/trie/StorageTrie.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { slotOf, SLOTS_SHARING_TEN_NIBBLES } from "./referenceTrie.ts";

const SEED = 20_271_103;

type Write = readonly [Hex, bigint];

/** Writes to one of `slots` slots, with words of every length; one in four deletes. */
function randomWrites(random: SeededRandom, count: number, slots: number): Write[] {
  return Array.from({ length: count }, (): Write => {
    const pair = SLOTS_SHARING_TEN_NIBBLES[random.below(3)]!;
    const slot = random.below(16) === 0 ? pair[random.below(2)]! : slotOf(random.below(slots));
    return [slot, random.below(4) === 0 ? 0n : random.uint(8 * (1 + random.below(32)))];
  });
}

function written(writes: readonly Write[]): StorageTrie {
  const trie = new StorageTrie();
  for (const [slot, word] of writes) trie.set(slot, word);
  return trie;
}

function expectEqual(trie: StorageTrie, expected: StorageTrie): void {
  expect(trie.size).to.equal(expected.size);
  expect(trie.toImage()).to.deep.equal(expected.toImage());
  expect([...trie.entriesUnder([])]).to.deep.equal([...expected.entriesUnder([])]);
  for (let nibble = 0; nibble < 16; nibble += 1) {
    expect(trie.nodeRefAt([nibble])).to.deep.equal(expected.nodeRefAt([nibble]));
  }
}

describe(`StorageTrie as a whole (seed ${SEED})`, function () {
  this.timeout(60_000);

  describe("setMany", () => {
    it("is the same as one write after the other, into tries of every size", () => {
      const random = new SeededRandom(SEED);
      for (let round = 0; round < 300; round += 1) {
        const slots = [1, 3, 20, 400][round % 4]!;
        const first = randomWrites(random, random.below(2 * slots), slots);
        const second = randomWrites(random, random.below(2 * slots), slots);
        const trie = written(first);
        trie.setMany(round % 2 === 0 ? second : new Map(second));
        const expected = written(first);
        for (const [slot, word] of round % 2 === 0 ? second : new Map(second)) expected.set(slot, word);
        expectEqual(trie, expected);
        for (const [slot, word] of randomWrites(random, 5, slots)) {
          trie.set(slot, word);
          expected.set(slot, word);
        }
        expectEqual(trie, expected);
      }
    });

    it("leaves what it wrote before a bad write, as set does", () => {
      const bad: [Write, new (...args: never[]) => Error][] = [
        [["0x01", 1n], HexError],
        [[slotOf(9), -1n], RangeError],
        [[slotOf(9), 1n << 256n], RangeError],
      ];
      for (const [write, error] of bad) {
        const trie = written([[slotOf(1), 1n]]);
        expect(() => trie.setMany([[slotOf(2), 2n], [slotOf(1), 0n], write, [slotOf(3), 3n]])).to.throw(error);
        expectEqual(trie, written([[slotOf(2), 2n]]));
      }
    });
  });

  describe("undo", () => {
    it("gives the same image, byte for byte, after random writes", () => {
      const random = new SeededRandom(SEED + 1);
      for (let round = 0; round < 100; round += 1) {
        const trie = written(randomWrites(random, 300, 200));
        const before = trie.toImage();
        const undo: Write[] = [];
        for (const [slot, word] of randomWrites(random, 200, 400)) {
          undo.push([slot, trie.get(slot)]);
          trie.set(slot, word);
          if (random.below(20) === 0) trie.root();
        }
        expect(trie.toImage()).to.not.deep.equal(before);
        for (const [slot, word] of undo.reverse()) trie.set(slot, word);
        expect(trie.toImage()).to.deep.equal(before);
      }
    });
  });

  describe("bytes", () => {
    it("is nothing for a trie that holds nothing, before the first word and after the last", () => {
      const trie = new StorageTrie();
      expect(trie.bytes).to.equal(0);
      for (let number = 0; number < 3_000; number += 1) trie.set(slotOf(number), 1n);
      expect(trie.bytes).to.be.greaterThan(3_000 * 100);
      for (let number = 0; number < 3_000; number += 1) trie.set(slotOf(number), 0n);
      expect([trie.bytes, trie.size, trie.root()]).to.deep.equal([0, 0, EMPTY_ROOT]);
    });

    it("is at most 160 a slot where all words are as long as can be", () => {
      const random = new SeededRandom(SEED + 2);
      const writes = Array.from({ length: 60_000 }, (_, at): Write => [slotOf(at), random.uint(256) | (1n << 255n)]);
      const trie = new StorageTrie();
      trie.setMany(writes);
      trie.root();
      expect(trie.bytes / trie.size).to.be.at.most(160);
    });
  });

  describe("image", () => {
    const random = new SeededRandom(SEED + 3);
    const trie = written(randomWrites(random, 500, 300));
    const image = trie.toImage();

    it("gives the trie back, whatever its size", () => {
      for (const writes of [0, 1, 2, 7, 50, 900]) {
        const original = written(randomWrites(random, writes, 600));
        const copy = StorageTrie.fromImage(original.toImage());
        expectEqual(copy, original);
        for (const [slot, word] of randomWrites(random, 20, 600)) {
          copy.set(slot, word);
          original.set(slot, word);
        }
        expectEqual(copy, original);
      }
    });

    it("shares no memory with the trie", () => {
      const before = trie.toImage();
      trie.set(slotOf(1), 77n);
      expect(image).to.deep.equal(before);
      trie.set(slotOf(1), StorageTrie.fromImage(image).get(slotOf(1)));
    });

    it("is refused when any one bit of it differs", () => {
      for (let round = 0; round < 400; round += 1) {
        const part = (["slots", "lengths", "words"] as const)[round % 3]!;
        const damaged = image[part].slice();
        const at = random.below(damaged.length);
        damaged[at]! ^= 1 << random.below(8);
        expect(() => StorageTrie.fromImage({ ...image, [part]: damaged }), `${part} ${at}`).to.throw(TrieImageError);
      }
    });

    it("is refused when its arrays do not fit, its slots are not in order, or its root is another", () => {
      const { root, slots, lengths, words } = image;
      const swapped = Uint8Array.of(...slots.subarray(32, 64), ...slots.subarray(0, 32), ...slots.subarray(64));
      const twice = Uint8Array.of(...slots.subarray(0, 32), ...slots.subarray(0, 32), ...slots.subarray(64));
      const cases: [TrieImage, string][] = [
        [{ ...image, slots: slots.subarray(32) }, "TrieImageMalformed"],
        [{ ...image, lengths: lengths.subarray(1) }, "TrieImageMalformed"],
        [{ ...image, words: words.subarray(1) }, "TrieImageMalformed"],
        [
          { root, slots: slots.slice(0, 32), lengths: Uint8Array.of(0), words: new Uint8Array(0) },
          "TrieImageMalformed",
        ],
        [
          { root, slots: slots.slice(0, 32), lengths: Uint8Array.of(33), words: words.slice(0, 33) },
          "TrieImageMalformed",
        ],
        [
          { root, slots: slots.slice(0, 32), lengths: Uint8Array.of(2), words: Uint8Array.of(0, 1) },
          "TrieImageMalformed",
        ],
        [{ ...image, slots: swapped }, "TrieImageRootMismatch"],
        [{ ...image, slots: twice }, "TrieImageRootMismatch"],
        [{ ...image, root: EMPTY_ROOT }, "TrieImageRootMismatch"],
        [{ ...new StorageTrie().toImage(), root }, "TrieImageRootMismatch"],
      ];
      for (const [bad, code] of cases) {
        expect(() => StorageTrie.fromImage(bad))
          .to.throw(TrieImageError)
          .with.property("code", code);
      }
    });
  });
});
