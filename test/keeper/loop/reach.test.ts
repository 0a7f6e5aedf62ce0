import { expect } from "chai";

import type { Candidate, ServedHead } from "../../../keeper/chain/agree/Votes.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { Reach } from "../../../keeper/loop/Reach.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { hashOf } from "../../helpers/keeper/blockTree.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

const QUORUM = 2;
const UNHEARD_MS = 1_000;
const BLOCK_SECONDS = 12;
/** Three times the time between blocks. */
const LATE_MS = 36_000;

const leaf = (votes: number): Candidate => ({ hash: hashOf(`leaf ${votes}`), number: 9, votes, sources: ["a"] });
const ALONE = [leaf(QUORUM - 1)];
const AGREED = [leaf(QUORUM)];
const BOTH = [...AGREED, ...ALONE];

describe("Reach", () => {
  const seed = chooseSeed(211);
  let agreement: { isHeard: boolean; quorum: number; isAgreed: (block: ServedHead) => boolean };
  let reach: Reach;

  beforeEach(() => {
    agreement = { isHeard: true, quorum: QUORUM, isAgreed: () => false };
    reach = new Reach(agreement, BLOCK_SECONDS);
  });

  function isUnbound(leaves: readonly Candidate[], agreed: Hash | null, nowMs: number): boolean {
    reach.look(leaves, agreed, nowMs);
    return reach.isUnbound;
  }

  it("is bound before anything was looked at", () => {
    expect(reach.isUnbound).to.equal(false);
  });

  describe("where k operators are not heard", () => {
    const agreed = hashOf("agreed");

    it("ends after a second of that, and begins as soon as they are heard", () => {
      agreement.isHeard = false;
      expect(isUnbound(ALONE, agreed, 500)).to.equal(false);
      expect(isUnbound(ALONE, agreed, 500 + UNHEARD_MS - 1)).to.equal(false);
      expect(isUnbound(ALONE, agreed, 500 + UNHEARD_MS)).to.equal(true);
      agreement.isHeard = true;
      expect(isUnbound(ALONE, agreed, 500 + UNHEARD_MS)).to.equal(false);
    });

    it("counts the time anew when they were heard in between", () => {
      agreement.isHeard = false;
      isUnbound(ALONE, agreed, 0);
      agreement.isHeard = true;
      isUnbound(ALONE, agreed, UNHEARD_MS - 1);
      agreement.isHeard = false;
      expect(isUnbound(ALONE, agreed, UNHEARD_MS)).to.equal(false);
      expect(isUnbound(ALONE, agreed, 2 * UNHEARD_MS - 1)).to.equal(false);
      expect(isUnbound(ALONE, agreed, 2 * UNHEARD_MS)).to.equal(true);
    });

    it("ends although nobody serves anything", () => {
      agreement.isHeard = false;
      isUnbound([], null, 0);
      expect(isUnbound([], null, UNHEARD_MS)).to.equal(true);
    });
  });

  describe("where k operators are heard", () => {
    const [one, other] = [hashOf("one"), hashOf("other")];

    it("ends when they stand still for three times the time between blocks while another goes on", () => {
      expect(isUnbound(BOTH, one, 0)).to.equal(false);
      expect(isUnbound(ALONE, one, LATE_MS - 1)).to.equal(false);
      expect(isUnbound(ALONE, one, LATE_MS)).to.equal(true);
      expect(isUnbound(ALONE, one, LATE_MS + 1)).to.equal(true);
    });

    it("does so as well where they never served a block that the books have", () => {
      isUnbound(ALONE, null, 0);
      expect(isUnbound(ALONE, null, LATE_MS - 1)).to.equal(false);
      expect(isUnbound(ALONE, null, LATE_MS)).to.equal(true);
    });

    it("counts the time anew with each new block of theirs, and begins again with one", () => {
      isUnbound(BOTH, one, 0);
      expect(isUnbound(BOTH, other, LATE_MS)).to.equal(false);
      expect(isUnbound(BOTH, other, 2 * LATE_MS - 1)).to.equal(false);
      expect(isUnbound(BOTH, other, 2 * LATE_MS)).to.equal(true);
      expect(isUnbound(BOTH, one, 2 * LATE_MS)).to.equal(false);
    });

    it("lasts while nobody serves more than they do, however long that takes", () => {
      for (let nowMs = 0; nowMs < 10 * LATE_MS; nowMs += LATE_MS) expect(isUnbound(AGREED, one, nowMs)).to.equal(false);
      // Who goes on now has been ahead for no time yet.
      expect(isUnbound(BOTH, one, 10 * LATE_MS)).to.equal(false);
      expect(isUnbound(AGREED, one, 11 * LATE_MS - 1)).to.equal(false);
      expect(isUnbound(BOTH, one, 11 * LATE_MS)).to.equal(false);
      expect(isUnbound(BOTH, one, 12 * LATE_MS)).to.equal(true);
    });

    it("lasts however many branches one invents while they go on", () => {
      for (let round = 0; round < 100; round += 1) {
        const leaves = [...AGREED, { ...leaf(1), hash: hashOf(`invented ${round}`) }];
        expect(isUnbound(leaves, hashOf(`block ${round}`), round * BLOCK_SECONDS * 1_000)).to.equal(false);
      }
    });
  });

  describe("agreedOn", () => {
    const wayOf = (length: number): ServedHead[] =>
      Array.from({ length }, (_, index) => ({ hash: hashOf(`${index}`), number: 100 + index }));

    it("counts what a linear scan counts, for random votes, in a few questions", () => {
      const random = new SeededRandom(seed);
      for (let trial = 0; trial < 2_000; trial += 1) {
        const way = wayOf(random.below(trial % 50 === 0 ? 1_000 : 40));
        // Each source serves some block of the way, all below it, and nothing above.
        const heads = Array.from({ length: 3 }, () => 99 + random.below(way.length + 2));
        let asked = 0;
        const votesFor = ({ number }: ServedHead): number => heads.filter((head) => head >= number).length;
        agreement.isAgreed = (block) => {
          asked += 1;
          return votesFor(block) >= QUORUM;
        };
        const scanned = way.findIndex((block) => votesFor(block) < QUORUM);
        expect(reach.agreedOn(way)).to.equal(scanned < 0 ? way.length : scanned);
        expect(asked).to.be.at.most(Math.ceil(Math.log2(way.length + 1)) + 1);
      }
    });

    it("counts none of an empty way", () => {
      agreement.isAgreed = () => true;
      expect([reach.agreedOn([]), reach.agreedOn(wayOf(1))]).to.deep.equal([0, 1]);
    });
  });
});
