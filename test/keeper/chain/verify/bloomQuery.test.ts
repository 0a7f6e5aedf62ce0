import { expect } from "chai";
import { keccak256 as referenceKeccak } from "ethers";

import { createBloomQuery } from "../../../../keeper/chain/verify/bloomQuery.ts";
import { bytesToHex, type Hex } from "../../../../keeper/lib/hex.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { chooseSeed } from "../../../helpers/keeper/seed.ts";

const EMPTY: Hex = `0x${"00".repeat(256)}`;
const FULL: Hex = `0x${"ff".repeat(256)}`;

/** Bits 0 to 2047 of a value, as the Yellow Paper counts them (4.3.1), by another Keccak. */
function bitsOf(value: Hex): number[] {
  const hash = BigInt(referenceKeccak(value));
  return [240n, 224n, 208n].map((shift) => Number((hash >> shift) & 2_047n));
}

/** The bloom of a block whose logs have these addresses and topics, from one big number. */
function bloomOf(values: readonly Hex[]): Hex {
  const bits = new Set(values.flatMap(bitsOf));
  const bloom = [...bits].reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);
  return `0x${bloom.toString(16).padStart(512, "0")}`;
}

describe("createBloomQuery", function () {
  this.timeout(20_000);
  const seed = chooseSeed(83);
  let random: SeededRandom;

  beforeEach(() => {
    random = new SeededRandom(seed);
  });

  const values = (count: number): Hex[] =>
    Array.from({ length: count }, () => {
      const bytes = Array.from({ length: random.bool() ? 20 : 32 }, () => random.below(256));
      return bytesToHex(Uint8Array.from(bytes));
    });

  it("never says absent of what is there", () => {
    for (let round = 0; round < 30; round += 1) {
      const there = values(1 + random.below(60));
      const bloom = bloomOf(there);
      for (const value of there) expect(createBloomQuery([value])(bloom)).to.equal(true);
      // One of several is enough, wherever it stands among them.
      const wanted = [...values(5), there[random.below(there.length)]!, ...values(5)];
      expect(createBloomQuery(wanted)(bloom)).to.equal(true);
    }
  });

  it("says what a set of bits says, of every value by itself", () => {
    let absent = 0;
    for (let round = 0; round < 30; round += 1) {
      const bloom = bloomOf(values(random.below(1_000)));
      const [value] = values(1) as [Hex];
      const bits = BigInt(bloom);
      const isPossible = bitsOf(value).every((bit) => ((bits >> BigInt(bit)) & 1n) === 1n);
      expect(createBloomQuery([value])(bloom)).to.equal(isPossible);
      if (!isPossible) absent += 1;
    }
    expect(absent).to.be.within(1, 29);
  });

  it("needs all three bits of one value, not one of each of three", () => {
    for (let round = 0; round < 20; round += 1) {
      const wanted = values(3);
      const bits = wanted.map((value) => bitsOf(value)[0]!);
      const bloom = bits.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);
      const hex: Hex = `0x${bloom.toString(16).padStart(512, "0")}`;
      expect(createBloomQuery(wanted)(hex)).to.equal(false);
    }
  });

  it("says absent of the bloom of an empty block, and nothing of a full one", () => {
    const query = createBloomQuery(values(20));
    expect([query(EMPTY), query(FULL)]).to.deep.equal([false, true]);
    expect(createBloomQuery([])(FULL)).to.equal(false);
  });

  it("reads a bloom in either case of its digits", () => {
    for (let round = 0; round < 20; round += 1) {
      const there = values(40);
      const query = createBloomQuery(there.slice(0, 1));
      const digits = bloomOf(there).slice(2).toUpperCase();
      expect(query(`0x${digits}`)).to.equal(true);
    }
  });
});
