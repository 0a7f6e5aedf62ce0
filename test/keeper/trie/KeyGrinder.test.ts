import { expect } from "chai";

import { hexToBytes, type Hex } from "../../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { KeyGrinder } from "../../../keeper/trie/KeyGrinder.ts";

const slotOf = (index: number): Hex => `0x${index.toString(16).padStart(64, "0")}`;
const hashOf = (index: number): string => keccak256Hex(hexToBytes(slotOf(index))).slice(2);

/** The first slot whose hash begins with the digits, one after the other. */
function firstUnder(digits: string, from = 0): number {
  let index = from;
  while (!hashOf(index).startsWith(digits)) index += 1;
  return index;
}

describe("KeyGrinder", () => {
  const prefixes = ["", "0", "f", "a0", "7c3", "0000", "ffff"];

  it("finds the first slot under each of some prefixes of all lengths, in one pass", () => {
    const found = new KeyGrinder(1e6).grind(prefixes);
    expect([...found.keys()].sort()).to.deep.equal([...prefixes].sort());
    for (const digits of prefixes) expect(found.get(digits), digits).to.equal(slotOf(firstUnder(digits)));
  });

  it("finds slots of an even and of an odd number", () => {
    const grinder = new KeyGrinder(100);
    const both = [0, 1, 2, 3].map((index) => hashOf(index).slice(0, 8));
    expect([...grinder.grind(both).values()]).to.deep.equal([0, 1, 2, 3].map(slotOf));
  });

  it("goes on where it stopped, a slice at a time, and finds the same", () => {
    const grinder = new KeyGrinder(1e6);
    const found = new Map<string, Hex>();
    let slices = 0;
    while (found.size < prefixes.length) {
      const left = prefixes.filter((digits) => !found.has(digits));
      for (const [digits, slot] of grinder.grind(left, 999)) found.set(digits, slot);
      slices += 1;
    }
    expect(slices).to.be.greaterThan(10);
    for (const digits of prefixes) expect(found.get(digits), digits).to.equal(slotOf(firstUnder(digits)));
  });

  it("does not begin anew: what was passed is not found again", () => {
    const grinder = new KeyGrinder(1e6);
    grinder.grind(["00"]);
    const next = firstUnder("00") + 1;
    // Two are hashed at once: the other one of the pair has been passed as well.
    const slot = grinder.grind(["00"]).get("00");
    expect(slot).to.equal(slotOf(firstUnder("00", next + (next % 2))));
  });

  it("ends with its hashes, and a slice with its own", () => {
    const grinder = new KeyGrinder(1_000);
    const late = hashOf(600).slice(0, 8);
    expect(grinder.grind([late], 600).size).to.equal(0);
    expect(grinder.isExhausted).to.equal(false);
    expect(grinder.grind([late], 2).size).to.equal(1);
    expect(grinder.grind([hashOf(1_000).slice(0, 8)]).size).to.equal(0);
    expect(grinder.isExhausted).to.equal(true);
    expect(grinder.grind([""]).size).to.equal(0);
  });

  it("searches nothing for no prefix, and refuses one that is too long", () => {
    const grinder = new KeyGrinder(10);
    expect(grinder.grind([]).size).to.equal(0);
    expect(grinder.isExhausted).to.equal(false);
    expect(() => grinder.grind(["012345678"])).to.throw(RangeError, "012345678");
  });
});
