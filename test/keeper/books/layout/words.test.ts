import { expect } from "chai";

import { decodeBytesWords, encodeBytesWords } from "../../../../keeper/books/layout/bytesWords.ts";
import { LayoutRangeError } from "../../../../keeper/books/layout/LayoutRangeError.ts";
import { hashMappingSlot, mappingSlot, slotOf, uintKey } from "../../../../keeper/books/layout/slots.ts";
import { SlotCache } from "../../../../keeper/books/layout/SlotCache.ts";
import { AssertionError } from "../../../../keeper/lib/assert.ts";
import type { Hex } from "../../../../keeper/lib/hex.ts";
import { storage } from "../../../fixtures/layout/LayoutSample.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";

const SEED = 4_211;

describe(`generated words (seed ${SEED})`, () => {
  it("decode what they encode", () => {
    const random = new SeededRandom(SEED);
    for (let round = 0; round < 500; round += 1) {
      const outer = { quote: random.int(128), since: random.uint(32) };
      expect(storage.outers.word0.decode(storage.outers.word0.encode(outer))).to.deep.equal(outer);
      const neighbours = { price: random.int(96), tag: random.hex(20) };
      expect(storage.word3.decode(storage.word3.encode(neighbours))).to.deep.equal(neighbours);
      const flags = { small: random.uint(8), thing: random.hex(20), mode: random.uint(8), flag: random.bool() };
      expect(storage.word1.decode(storage.word1.encode(flags))).to.deep.equal(flags);
      const index = BigInt(random.below(6));
      const value = random.int(40);
      const word = storage.fixedPacked.at.write(random.uint(240), index, value);
      expect(storage.fixedPacked.at.read(word, index)).to.equal(value);
    }
  });

  it("leave the neighbours alone when one packed element is written", () => {
    const { at } = storage.packed;
    let word = 0n;
    for (let index = 0n; index < 10n; index += 1n) word = at.write(word, index, index + 1n);
    word = at.write(word, 14n, 0xffffffn);
    const values = Array.from({ length: 10 }, (_, index) => at.read(word, BigInt(index)));
    expect(values).to.deep.equal([1n, 2n, 3n, 4n, 0xffffffn, 6n, 7n, 8n, 9n, 10n]);
  });

  const refusals: readonly [string, string, () => unknown][] = [
    ["an unsigned field beyond its width", "outers.word0.since", () => wordOfOuter({ quote: 0n, since: 1n << 32n })],
    ["a negative unsigned field", "outers.word0.since", () => wordOfOuter({ quote: 0n, since: -1n })],
    ["a signed field above its width", "outers.word0.quote", () => wordOfOuter({ quote: 1n << 127n, since: 0n })],
    [
      "a signed field below its width",
      "outers.word0.quote",
      () => wordOfOuter({ quote: -(1n << 127n) - 1n, since: 0n }),
    ],
    ["a short address", "outers.holder", () => storage.outers.holder.encode("0x12")],
    ["an address that is not hex", "outers.holder", () => storage.outers.holder.encode(`0x${"zz".repeat(20)}`)],
    ["a short key", "outers[owner]", () => storage.outers.holder.slot("0x12")],
    ["a key beyond its width", "sizes[instrument]", () => storage.sizes.slot(`0x${"00".repeat(20)}`, 65_536n)],
    ["a signed key beyond its width", "ticks[tick]", () => storage.ticks.slot(-(1n << 23n) - 1n, true, 0n)],
    ["a short address key", "things[thing]", () => storage.things.slot("0x12")],
    ["an index behind a fixed array", "fixedPacked[index]", () => storage.fixedPacked.at.slot(7n)],
    ["a negative index", "packed[index]", () => storage.packed.at.slot(-1n)],
    ["a packed element beyond its width", "packed.at", () => storage.packed.at.write(0n, 0n, 1n << 24n)],
    ["a key that is not hex", "hex", () => mappingSlot(storage.baseValue.slot, "zz".repeat(32))],
    ["half a byte of bytes", "blob", () => storage.blob.encode("0x123")],
  ];
  for (const [what, field, act] of refusals) {
    it(`refuse ${what} as a bug, naming ${field}`, () => {
      const error = errorOf(act);
      expect(error).to.be.instanceOf(LayoutRangeError).and.to.be.instanceOf(AssertionError);
      expect(error).to.include({ field });
    });
  }
});

describe("bytes words", () => {
  it("survive the round trip at every length around the word size", () => {
    for (let length = 0; length < 100; length += 1) {
      const value: Hex = `0x${"a5".repeat(length)}`;
      const words = encodeBytesWords("blob", value);
      expect(words.length).to.equal(length < 32 ? 1 : 1 + Math.ceil(length / 32));
      expect(decodeBytesWords("blob", words)).to.equal(value);
    }
  });

  it("are refused when they are not what encoding makes", () => {
    const words = encodeBytesWords("blob", `0x${"a5".repeat(40)}`);
    for (const wrong of [words.slice(0, 2), [...words, 0n], [words[0] ?? 0n, 0n, 1n], [2n, 1n], [1n << 200n]]) {
      expect(errorOf(() => decodeBytesWords("blob", wrong))).to.be.instanceOf(LayoutRangeError);
    }
  });
});

describe("mapping slots", () => {
  it("are the same from the cache and after it has forgotten them", () => {
    const base = storage.sizes.slot(`0x${"11".repeat(20)}`, 1n);
    const first = mappingSlot(base, uintKey("key", 5n, 256));
    for (let key = 100n; key < 1_100n; key += 1n) mappingSlot(base, uintKey("key", key, 256));
    expect(mappingSlot(base, uintKey("key", 5n, 256))).to.equal(first);
    expect(hashMappingSlot(base, uintKey("key", 5n, 256))).to.equal(first);
  });

  it("are remembered in bounded space, the recently used longest", () => {
    const cache = new SlotCache(10);
    const [base, other] = [slotOf(1n), slotOf(2n)];
    for (let key = 0n; key < 1_000n; key += 1n) {
      cache.set(base, key, slotOf(key));
      cache.get(base, 0n);
      expect(cache.size).to.be.at.most(20);
    }
    expect(cache.get(base, 0n)).to.equal(slotOf(0n));
    expect(cache.get(base, 1n)).to.equal(undefined);
    expect(cache.get(base, 999n)).to.equal(slotOf(999n));
    expect([cache.get(other, 999n), cache.get(base, "999")]).to.deep.equal([undefined, undefined]);
  });
});

function wordOfOuter(fields: { quote: bigint; since: bigint }): bigint {
  return storage.outers.word0.encode(fields);
}

function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error: unknown) {
    return error;
  }
  return undefined;
}
