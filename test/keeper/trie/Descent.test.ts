import { expect } from "chai";

import { hexToBytes, type Hex } from "../../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { Descent, type DescentOptions, type StorageProofAnswer } from "../../../keeper/trie/Descent.ts";
import { ProofError } from "../../../keeper/trie/ProofError.ts";
import { StorageTrie } from "../../../keeper/trie/StorageTrie.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { ReferenceTrie, slotOf, SLOTS_SHARING_TEN_NIBBLES, type Words } from "./referenceTrie.ts";

const SEED = 20_240_323;
/** Slots beyond what a probe is ground from, so that their preimages stay unknown. */
const UNKNOWN_FROM = 1n << 200n;

function trieOf(words: Words): StorageTrie {
  const trie = new StorageTrie();
  for (const [slot, value] of words) trie.set(slot, value);
  return trie;
}

/** Which words differ, by hashed slot: what a descent has to find, computed from the words themselves. */
function differencesOf(own: Words, chain: Words): Map<Hex, [own: bigint, chain: bigint]> {
  const found = new Map<Hex, [bigint, bigint]>();
  for (const slot of new Set([...own.keys(), ...chain.keys()])) {
    const pair: [bigint, bigint] = [own.get(slot) ?? 0n, chain.get(slot) ?? 0n];
    if (pair[0] !== pair[1]) found.set(keccak256Hex(hexToBytes(slot)), pair);
  }
  return found;
}

interface Run {
  readonly descent: Descent;
  /** All slots asked for. */
  readonly asked: Hex[];
}

async function descend(own: Words, chain: ReferenceTrie, options: Partial<DescentOptions> = {}): Promise<Run> {
  const descent = new Descent({ trie: trieOf(own), chainRoot: chain.root(), ...options });
  const asked: Hex[] = [];
  for (let keys = descent.nextKeys(); keys.length > 0; keys = descent.nextKeys()) {
    expect(descent.isComplete).to.equal(false);
    expect(descent.nextKeys(), "asking twice").to.deep.equal(keys);
    asked.push(...keys);
    const answers = [];
    // Both ways of listing embedded nodes are met with.
    for (const key of keys) answers.push(await (asked.length % 2 === 0 ? chain.prove(key) : chain.proveVerbosely(key)));
    descent.accept(answers);
  }
  return { descent, asked };
}

function expectNamed(run: Run, own: Words, chain: Words): void {
  const expected = differencesOf(own, chain);
  const found = new Map(run.descent.differences.map((item) => [item.hashedSlot, [item.own, item.chain]]));
  expect(run.descent.differences).to.have.length(expected.size);
  expect(found).to.deep.equal(expected);
  for (const { slot, hashedSlot, own: value } of run.descent.differences) {
    if (slot !== undefined) expect(keccak256Hex(hexToBytes(slot))).to.equal(hashedSlot);
    if (value !== 0n) expect(slot, "an own slot is known").to.not.equal(undefined);
  }
  expect(run.descent.isComplete).to.equal(true);
  expect(run.descent.isTruncated).to.equal(false);
}

function randomWords(random: SeededRandom, count: number): Words {
  return new Map(Array.from({ length: count }, (_, at) => [slotOf(BigInt(at) << 30n), random.uint(128) | 1n]));
}

/** The chain's words: ours with some changed, removed, and added under slots that we do not know. */
function tamper(random: SeededRandom, own: Words, differences: number): Words {
  const chain = new Map(own);
  const slots = [...own.keys()];
  for (let count = 0; count < differences; count += 1) {
    const victim = slots.length === 0 ? undefined : slots[random.below(slots.length)];
    const kind = random.below(3);
    if (kind === 0 && victim !== undefined) chain.set(victim, random.uint(64) + 2n);
    else if (kind === 1 && victim !== undefined) chain.delete(victim);
    else chain.set(slotOf(UNKNOWN_FROM + BigInt(random.below(1 << 30))), random.uint(256) | 1n);
  }
  return chain;
}

function expectProofError(code: string, action: () => void): void {
  expect(action).to.throw(ProofError).with.property("code", code);
}

describe(`Descent (seed ${SEED})`, function () {
  this.timeout(60_000);

  describe("over random tries", () => {
    for (const size of [0, 1, 2, 5, 17, 100, 1_000]) {
      it(`names exactly the differing slots of ${size} words`, async () => {
        const random = new SeededRandom(SEED + size);
        for (let round = 0; round < (size >= 100 ? 6 : 30); round += 1) {
          const own = randomWords(random, size);
          const chain = tamper(random, own, 1 + random.below(20));
          expectNamed(await descend(own, await ReferenceTrie.of(chain)), own, chain);
        }
      });
    }

    it("asks for a number of slots in the order of differences times depth", async () => {
      const random = new SeededRandom(SEED + 1);
      const own = randomWords(random, 4_000);
      for (const differences of [1, 5, 20]) {
        const chain = tamper(random, own, differences);
        const run = await descend(own, await ReferenceTrie.of(chain));
        expectNamed(run, own, chain);
        // 16^3 = 4,096: a fork at three nibbles, a leaf at the fourth.
        expect(run.asked.length).to.be.at.most(4 * differencesOf(own, chain).size);
        expect(run.descent.calls).to.be.at.most(6);
      }
    });
  });

  describe("over particular shapes", () => {
    const [left, right] = SLOTS_SHARING_TEN_NIBBLES[0]!;
    const [third, fourth] = SLOTS_SHARING_TEN_NIBBLES[1]!;
    const many = randomWords(new SeededRandom(SEED + 2), 40);
    const cases: [name: string, own: Words, chain: Words][] = [
      ["equal tries", many, many],
      ["an empty chain", many, new Map()],
      ["empty books", new Map(), many],
      ["one leaf each, another word", new Map([[left, 1n]]), new Map([[left, 2n]])],
      ["one leaf each, another slot", new Map([[left, 1n]]), new Map([[third, 1n]])],
      ["one leaf each, sharing ten nibbles", new Map([[left, 1n]]), new Map([[right, 1n]])],
      [
        "a leaf where the chain has a long extension",
        new Map([[left, 1n]]),
        new Map([
          [left, 1n],
          [right, 2n],
        ]),
      ],
      [
        "a long extension where the chain has a leaf",
        new Map([
          [left, 1n],
          [right, 2n],
        ]),
        new Map([[right, 2n]]),
      ],
      [
        "an extension of another path",
        new Map([
          [left, 1n],
          [right, 2n],
          [third, 1n],
        ]),
        new Map([
          [third, 5n],
          [fourth, 2n],
        ]),
      ],
      [
        "embedded leaves, one changed",
        new Map([
          [left, 1n],
          [right, 2n],
        ]),
        new Map([
          [left, 1n],
          [right, 3n],
        ]),
      ],
      [
        "embedded leaves below a branch",
        new Map([...many, [left, 1n], [right, 2n]]),
        new Map([...many, [left, 9n], [right, 2n]]),
      ],
      [
        "an embedded leaf that grew",
        new Map([...many, [left, 1n], [right, 2n]]),
        new Map([...many, [left, 1n << 255n], [right, 2n]]),
      ],
      [
        "a branch beside a chain's extension",
        new Map([...many, [left, 1n]]),
        new Map([
          [left, 1n],
          [right, 1n],
        ]),
      ],
    ];
    for (const [name, own, chain] of cases) {
      it(`names the differences: ${name}`, async () => {
        expectNamed(await descend(own, await ReferenceTrie.of(chain)), own, chain);
      });
    }

    it("asks nothing when the roots are equal or the chain is empty", async () => {
      for (const chain of [many, new Map() as Words]) {
        expect((await descend(many, await ReferenceTrie.of(chain))).asked).to.deep.equal([]);
      }
    });

    it("names leaves of zero, which Anvil writes and which move the root", async () => {
      const chain = await ReferenceTrie.of(many);
      const [cleared] = [...many.keys()];
      await chain.put(cleared!, Uint8Array.of(0x80));
      await chain.put(slotOf(3), Uint8Array.of(0x80));
      const { descent } = await descend(many, chain);
      const found = descent.differences.map(({ hashedSlot, own, chain: word }) => [hashedSlot, own, word]);
      expect(found).to.have.deep.members([
        [keccak256Hex(hexToBytes(cleared!)), many.get(cleared!), 0n],
        [keccak256Hex(hexToBytes(slotOf(3))), 0n, 0n],
      ]);
      expect(descent.isComplete).to.equal(true);
    });

    it("names a slot that only the chain has when a probe happens to be that slot", async () => {
      const chain: Words = new Map([[slotOf(0), 7n]]);
      const { descent } = await descend(new Map(), await ReferenceTrie.of(chain));
      const hashedSlot = keccak256Hex(hexToBytes(slotOf(0)));
      expect(descent.differences).to.deep.equal([{ slot: slotOf(0), hashedSlot, own: 0n, chain: 7n }]);
    });
  });

  describe("limits", () => {
    const random = new SeededRandom(SEED + 3);
    const own = randomWords(random, 300);
    const changed: Words = new Map([...own].map(([slot, value]) => [slot, value + 1n]));

    for (const maxDifferences of [1, 10, 299]) {
      it(`stops at ${maxDifferences} differences and says that there are more`, async () => {
        for (const chain of [changed, new Map() as Words]) {
          const { descent } = await descend(own, await ReferenceTrie.of(chain), { maxDifferences });
          expect(descent.differences).to.have.length(maxDifferences);
          expect([descent.isComplete, descent.isTruncated]).to.deep.equal([false, true]);
        }
      });
    }

    it("is complete with exactly as many differences as allowed", async () => {
      const options = { maxDifferences: 300 };
      expectNamed(await descend(own, await ReferenceTrie.of(changed), options), own, changed);
      expectNamed(await descend(own, await ReferenceTrie.of([]), options), own, new Map());
    });

    it("stops after the allowed number of answers", async () => {
      const { descent } = await descend(own, await ReferenceTrie.of(changed), { maxRounds: 2, maxDifferences: 300 });
      expect(descent.calls).to.equal(2);
      expect([descent.isComplete, descent.isTruncated]).to.deep.equal([false, true]);
    });

    it("gives up a subtree for which no probe is found, and names the rest", async () => {
      const [left, right] = SLOTS_SHARING_TEN_NIBBLES[0]!;
      const mine: Words = new Map([...own, [left, 1n]]);
      // Both fork at nibble ten: no probe for the chain's leaf there is found by hashing.
      const chain: Words = new Map([...mine, [right, 1n << 255n]]);
      const victim = [...own.keys()][5]!;
      chain.set(victim, 1n << 200n);
      const { descent } = await descend(mine, await ReferenceTrie.of(chain));
      expect(descent.differences.map(({ slot }) => slot)).to.deep.equal([victim]);
      expect([descent.isComplete, descent.isTruncated]).to.deep.equal([false, true]);
    });

    it("names our own slots where the chain's extension leads to slots out of reach", async () => {
      const [[left, right], foreign] = [SLOTS_SHARING_TEN_NIBBLES[0]!, SLOTS_SHARING_TEN_NIBBLES[1]!];
      const mine: Words = new Map([
        [left, 1n],
        [right, 2n],
      ]);
      const { descent } = await descend(
        mine,
        await ReferenceTrie.of(foreign.map((slot) => [slot, 1n << 200n] as const)),
      );
      expect(descent.differences.map(({ slot }) => slot)).to.have.members([left, right]);
      expect([descent.isComplete, descent.isTruncated]).to.deep.equal([false, true]);
    });
  });

  describe("probes", () => {
    const own = randomWords(new SeededRandom(SEED + 5), 300);
    const foreign = slotOf(UNKNOWN_FROM + 5n);
    const chain: Words = new Map([...own, [foreign, 7n]]);

    /** Calls of `nextKeys` that came back with nothing though the descent goes on. */
    async function searches(options: Partial<DescentOptions>): Promise<[number, Descent]> {
      const reference = await ReferenceTrie.of(chain);
      const descent = new Descent({ trie: trieOf(own), chainRoot: reference.root(), ...options });
      let count = 0;
      for (;;) {
        const keys = descent.nextKeys();
        if (keys.length > 0) descent.accept(await Promise.all(keys.map((key) => reference.prove(key))));
        else if (!descent.isSearching) return [count, descent];
        else count += 1;
      }
    }

    it("searches for a probe in slices, and finds the same", async () => {
      const [count, descent] = await searches({ hashesPerCall: 16 });
      expect(count).to.be.greaterThan(2);
      expect([descent.differences.length, descent.isComplete]).to.deep.equal([1, true]);
      expect((await searches({}))[0]).to.equal(0);
    });

    it("needs no search where a hint or another trie has a slot", async () => {
      const none = { maxGrindNibbles: 0 };
      const [, blind] = await searches(none);
      expect([blind.differences.length, blind.isTruncated, blind.hasMore]).to.deep.equal([0, true, false]);
      expect(keccak256Hex(hexToBytes(foreign)).slice(2)).to.match(new RegExp(`^${blind.unentered[0]}`));
      expect(blind.unentered).to.have.length(1);
      for (const options of [{ hints: [foreign] }, { pools: [trieOf(new Map([[foreign, 1n]]))] }]) {
        const [, descent] = await searches({ ...none, ...options });
        expect(descent.differences).to.deep.equal([
          { slot: foreign, hashedSlot: keccak256Hex(hexToBytes(foreign)), own: 0n, chain: 7n },
        ]);
      }
    });

    it("gives a search up with its hashes", async () => {
      const [, descent] = await searches({ maxHashes: 1, hashesPerCall: 1 });
      expect([descent.isComplete, descent.unentered.length]).to.deep.equal([false, 1]);
    });

    it("asks for no more keys at once than it is told to", async () => {
      const changed: Words = new Map([...own].map(([slot, value]) => [slot, value + 1n]));
      const reference = await ReferenceTrie.of(changed);
      const descent = new Descent({
        trie: trieOf(own),
        chainRoot: reference.root(),
        maxDifferences: 300,
        maxRounds: 500,
      });
      for (let keys = descent.nextKeys(7); keys.length > 0; keys = descent.nextKeys(7)) {
        expect(keys.length).to.be.at.most(7);
        descent.accept(await Promise.all(keys.map((key) => reference.prove(key))));
      }
      expect([descent.differences.length, descent.isComplete]).to.deep.equal([300, true]);
    });

    it("enters no more subtrees than it may name slots", async () => {
      const changed: Words = new Map([...own].map(([slot, value]) => [slot, value + 1n]));
      const { descent, asked } = await descend(own, await ReferenceTrie.of(changed), { maxDifferences: 20 });
      expect([descent.differences.length, descent.hasMore]).to.deep.equal([20, true]);
      expect(asked.length).to.be.at.most(60);
    });
  });

  describe("accept", () => {
    const own = randomWords(new SeededRandom(SEED + 4), 60);
    const victim = [...own.keys()][7]!;
    const chainWords: Words = new Map([...own, [victim, 999n]]);
    let chain: ReferenceTrie;
    let descent: Descent;
    let answers: StorageProofAnswer[];

    beforeEach(async () => {
      chain = await ReferenceTrie.of(chainWords);
      descent = new Descent({ trie: trieOf(own), chainRoot: chain.root() });
      answers = await Promise.all(descent.nextKeys().map((key) => chain.prove(key)));
    });

    afterEach(async () => {
      // A refused answer changes nothing: an honest source still finishes the descent.
      for (let keys = descent.nextKeys(); keys.length > 0; keys = descent.nextKeys()) {
        descent.accept(await Promise.all(keys.map((key) => chain.prove(key))));
      }
      expect(descent.differences.map(({ slot }) => slot)).to.deep.equal([victim]);
    });

    it("refuses what is no list of proofs", () => {
      for (const bad of [null, {}, "0x", 1, [null], [undefined], [1], [{}], [{ key: 1 }], [{ key: "0x0g" }]]) {
        expectProofError("ProofMalformed", () => descent.accept(bad as unknown as StorageProofAnswer[]));
      }
      for (const proof of [
        undefined,
        null,
        "0x",
        {},
        [1],
        ["0"],
        ["0x1"],
        ["0xzz"],
        [null],
        new Array(1),
        new Array(1_000),
      ]) {
        const bad = [{ ...answers[0]!, proof }] as unknown as StorageProofAnswer[];
        expectProofError("ProofMalformed", () => descent.accept(bad));
      }
    });

    it("refuses a slot that was not asked for, and one twice", () => {
      expectProofError("ProofKeyUnexpected", () => descent.accept([{ ...answers[0]!, key: slotOf(12_345) }]));
      expectProofError("ProofKeyUnexpected", () => descent.accept([...answers, answers[0]!]));
    });

    it("refuses the proof of another slot, of another root, a shortened and a lengthened one", async () => {
      const { key, proof } = answers[0]!;
      const lying = await ReferenceTrie.of(new Map([...own, [victim, 998n]]));
      const refused: [string, readonly Hex[]][] = [
        ["ProofNodeHashMismatch", (await lying.prove(key)).proof],
        ["ProofNodeMissing", proof.slice(0, -1)],
        ["ProofNodeMissing", []],
        ["ProofNodeUnused", [...proof, proof.at(-1)!]],
        ["ProofNodeHashMismatch", proof.slice(1)],
      ];
      for (const [code, bad] of refused) expectProofError(code, () => descent.accept([{ key, proof: bad }]));
    });

    it("refuses a claimed value that the proof does not prove", () => {
      const { key, proof } = answers[0]!;
      const value = chainWords.get(key) ?? 0n;
      expectProofError("ProofValueMismatch", () => descent.accept([{ key, proof, value: value + 1n }]));
      descent.accept([{ key, proof, value }]);
    });

    it("takes keys without their leading zeros, and asks again for what is left out", () => {
      const trimmed = answers.map(({ key, proof }) => ({ key: `0x${BigInt(key).toString(16)}` as const, proof }));
      descent.accept([]);
      expect(descent.nextKeys()).to.deep.equal(answers.map(({ key }) => key));
      descent.accept(trimmed);
      expect(descent.nextKeys()).to.not.deep.equal(answers.map(({ key }) => key));
    });
  });
});
