import { expect } from "chai";

import type { Hash } from "../../../../keeper/lib/hex.ts";
import { decodeWordAt } from "../../../../keeper/books/layout/decodeWordAt.ts";
import { nameSlot, nameSlots } from "../../../../keeper/books/layout/nameSlot.ts";
import { hashSlot } from "../../../../keeper/books/layout/slots.ts";
import { compileLayoutSample } from "../../../fixtures/layout/compileSource.ts";
import { deploySample, type DeployedSample } from "../../../fixtures/layout/deploySample.ts";
import { LAYOUT, storage } from "../../../fixtures/layout/LayoutSample.ts";
import { SAMPLE_ACTIONS, SampleBooks } from "../../../fixtures/layout/sampleActions.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";

const SEED = 20_260_801;
const ROUNDS = 12;

describe(`generated storage on a chain (seed ${SEED})`, function () {
  this.timeout(60_000);
  const books = new SampleBooks();
  let sample: DeployedSample;

  before(async () => {
    sample = await deploySample(compileLayoutSample());
    const random = new SeededRandom(SEED);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const action of SAMPLE_ACTIONS) {
        const { setter, args } = action(random, books);
        await sample.call(setter, args);
      }
    }
  });

  after(async () => await sample.close());

  it("says of every slot written what the chain holds there", async () => {
    expect(books.words.size).to.be.greaterThan(200);
    for (const [slot, word] of books.words) expect(await sample.readSlot(slot), books.paths.get(slot)).to.equal(word);
  });

  it("has an action for every setter and a path for every variable", () => {
    const setters = sample.abi.fragments.filter(({ type }) => type === "function").length;
    expect(SAMPLE_ACTIONS.length).to.equal(setters);
    const names = [...books.paths.values(), "_small", "_thing", "_mode", "_flag", "_price", "_tag"];
    for (const { label } of LAYOUT.variables) {
      expect(
        names.some((name) => name.startsWith(label)),
        label,
      ).to.equal(true);
    }
  });

  it("names every slot written, from the slot and from its hash", () => {
    const slots = [...books.words.keys()];
    const hashes = new Map(slots.map((slot): [Hash, Hash] => [hashSlot(slot), slot]));
    const { candidates } = books;
    const plain = nameSlots({ layout: LAYOUT, slots, candidates });
    const hashed = nameSlots({ layout: LAYOUT, hashedSlots: [...hashes.keys()], candidates, maxElements: 16 });
    for (const [slot, path] of books.paths) expect(plain.names.get(slot)?.path, path).to.equal(path);
    for (const [hash, slot] of hashes) {
      expect(hashed.names.get(hash)?.path, slot).to.equal(books.paths.get(slot));
      expect(hashed.names.get(hash)?.slot).to.equal(slot);
    }
    expect(plain.isExhaustive && hashed.isExhaustive).to.equal(true);
  });

  it("shows every bit of every word in its fields", () => {
    const { candidates } = books;
    const { names } = nameSlots({ layout: LAYOUT, slots: [...books.words.keys()], candidates });
    for (const [slot, word] of books.words) {
      const name = names.get(slot);
      expect(name, books.paths.get(slot)).to.not.equal(undefined);
      if (name === undefined) continue;
      let bits = 0n;
      const values = decodeWordAt({ name, word });
      expect(values.length, "unused bits").to.equal(name.fields.length);
      name.fields.forEach(({ offset, type }, i) => {
        const value = BigInt(values[i]?.value ?? 0n);
        bits |= BigInt.asUintN(8 * type.bytes, value) << BigInt(8 * offset);
      });
      expect(bits).to.equal(word);
    }
  });

  it("finds no name for a slot that no variable reaches", () => {
    const candidates = { address: [`0x${"12".repeat(20)}` as const], uint16: [7n] };
    const stray: Hash = `0x${"ab".repeat(32)}`;
    expect(nameSlot({ layout: LAYOUT, slot: stray, candidates })).to.equal(null);
    expect(nameSlot({ layout: LAYOUT, hashedSlot: stray, candidates })).to.equal(null);
    const unknownKey = storage.sizes.slot(`0x${"cd".repeat(20)}`, 7n);
    expect(nameSlot({ layout: LAYOUT, slot: unknownKey, candidates })).to.equal(null);
  });
});
