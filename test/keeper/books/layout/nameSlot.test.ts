import { expect } from "chai";

import { decodeWordAt, diffWordAt, UNUSED_BITS } from "../../../../keeper/books/layout/decodeWordAt.ts";
import { nameSlot, nameSlots } from "../../../../keeper/books/layout/nameSlot.ts";
import type { NamedSlot } from "../../../../keeper/books/layout/NamedSlot.ts";
import { addSlot, hashSlot } from "../../../../keeper/books/layout/slots.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";
import { LAYOUT, storage } from "../../../fixtures/layout/LayoutSample.ts";

const OWNER: Hash = `0x${"0a".repeat(32)}`;
const TOKEN: Hex = `0x${"0b".repeat(20)}`;
const CANDIDATES = { bytes32: [OWNER], address: [TOKEN], uint16: [3n], uint8: [300n, 7n] };

describe("nameSlot", () => {
  it("names a nested mapping's slot with its keys", () => {
    const hashedSlot = hashSlot(storage.outers.amounts.slot(OWNER, TOKEN));
    expect(nameSlot({ layout: LAYOUT, hashedSlot, candidates: CANDIDATES })).to.deep.include({
      contract: "LayoutSample",
      variable: "_outers",
      path: `_outers[${OWNER}].amounts[${TOKEN}]`,
      keys: [
        { type: "Owner", name: "owner", value: OWNER },
        { type: "address", name: "token", value: TOKEN },
      ],
    });
  });

  it("takes a candidate under the elementary type for a user-defined type and a contract", () => {
    const slot = storage.things.slot(TOKEN);
    expect(nameSlot({ layout: LAYOUT, slot, candidates: CANDIDATES })?.path).to.equal(`_things[${TOKEN}]`);
  });

  it("leaves out candidates that the key type cannot hold", () => {
    const slot = storage.deep.length.slot(TOKEN, 7n, OWNER);
    const path = `_deep[${TOKEN}][7][${OWNER}].length`;
    expect(nameSlot({ layout: LAYOUT, slot, candidates: CANDIDATES })?.path).to.equal(path);
  });

  it("finds a plain slot at any index and a hashed one up to the limit", () => {
    const far = storage.packed.at.slot(123_456_789n);
    const options = { layout: LAYOUT, candidates: {} };
    expect(nameSlot({ ...options, slot: far })?.path).to.equal("_packed[123456780..123456789]");
    const hashedSlot = hashSlot(storage.wide.at.slot(20n));
    expect(nameSlot({ ...options, hashedSlot, maxElements: 21 })?.path).to.equal("_wide[20]");
    expect(nameSlot({ ...options, hashedSlot, maxElements: 20 })).to.equal(null);
  });

  it("does not reach past the end of a fixed array", () => {
    const behind = addSlot(storage.callback.slot, 2n);
    expect(nameSlot({ layout: LAYOUT, slot: behind, candidates: {} })).to.equal(null);
  });

  it("says when the budget ended the search", () => {
    const hashedSlots = [hashSlot(storage.outers.holder.slot(OWNER))];
    const options = { layout: LAYOUT, hashedSlots, candidates: CANDIDATES };
    const stopped = nameSlots({ ...options, maxHashes: 5 });
    expect([stopped.names.size, stopped.isExhaustive]).to.deep.equal([0, false]);
    expect(nameSlots(options).isExhaustive).to.equal(true);
  });
});

describe("decodeWordAt", () => {
  const name = named(storage.word1.slot);

  it("shows every field of a packed word, enums by name", () => {
    const word = storage.word1.encode({ small: 9n, thing: TOKEN, mode: 2n, flag: true });
    expect(decodeWordAt({ name, word })).to.deep.equal([
      { path: "_small", label: "_small", value: 9n },
      { path: "_thing", label: "_thing", value: TOKEN },
      { path: "_mode", label: "_mode", value: 2n, member: "Closed" },
      { path: "_flag", label: "_flag", value: true },
    ]);
  });

  it("shows a bool that is neither 0 nor 1 as the number it is", () => {
    expect(decodeWordAt({ name, word: 2n << 176n }).at(-1)).to.deep.include({ label: "_flag", value: 2n });
  });

  it("shows bits that no field owns", () => {
    const word = 1n << 255n;
    expect(decodeWordAt({ name, word }).at(-1)).to.deep.include({ label: UNUSED_BITS, value: word });
  });
});

describe("diffWordAt", () => {
  it("shows exactly the fields that differ", () => {
    const name = named(storage.outers.word0.slot(OWNER));
    const { encode } = storage.outers.word0;
    const before = encode({ quote: -5n, since: 8n });
    const after = encode({ quote: 7n, since: 8n });
    const path = `_outers[${OWNER}].quote`;
    expect(diffWordAt({ name, before, after })).to.deep.equal([{ path, label: "quote", before: -5n, after: 7n }]);
    expect(diffWordAt({ name, before, after: before })).to.deep.equal([]);
  });

  it("is never empty for words that differ, be it in unused bits only", () => {
    const name = named(storage.inner.slot);
    for (let bit = 0n; bit < 256n; bit += 1n) {
      expect(diffWordAt({ name, before: 0n, after: 1n << bit }), `bit ${bit}`).to.have.lengthOf(1);
    }
  });
});

function named(slot: Hash): NamedSlot {
  const name = nameSlot({ layout: LAYOUT, slot, candidates: CANDIDATES });
  if (name === null) throw new Error(`${slot} has no name`);
  return name;
}
