import { expect } from "chai";

import { Finality, type VerifiedChain } from "../../../keeper/chain/agree/Finality.ts";
import type { FinalityPolicy } from "../../../keeper/domain/chainProfile.ts";
import type { ServedHead } from "../../../keeper/chain/agree/Votes.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { BlockTree, lineOf, type TreeBlock } from "../../helpers/keeper/blockTree.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

const LENGTH = 100;
const CONFIRMATIONS = 3;
/** More than any chain has. */
const ABSURD = 0xfffffffffffff;

const VOTERS = [
  { id: "a1", operator: "a" },
  { id: "a2", operator: "a" },
  { id: "b1", operator: "b" },
  { id: "c1", operator: "c" },
];
const QUORUM = 2;

describe("Finality", function () {
  this.timeout(20_000);
  const seed = chooseSeed(67);
  let random: SeededRandom;
  let tree: BlockTree;
  /** The chain by height. */
  let chain: TreeBlock[];
  let verified: VerifiedChain;

  beforeEach(() => {
    random = new SeededRandom(seed);
    tree = new BlockTree(random);
    chain = lineOf(tree.extend(tree.root, LENGTH)).reverse();
    verified = knowing();
  });

  /** The books hold the chain's blocks from a height on. */
  function knowing(knows: (block: TreeBlock) => boolean = () => true, lowest = 0): VerifiedChain {
    const header = tree.headers(knows);
    return {
      ...{ numberOf: (hash) => header(hash)?.number, isAncestor: tree.ancestry(knows).isAncestor },
      isOutOfReach: (below, held) => below.number < lowest && chain[held.number]?.hash === held.hash,
    };
  }

  const open = (policy: FinalityPolicy = "finalized"): Finality => new Finality(VOTERS, QUORUM, policy, CONFIRMATIONS);

  const headOf = ({ number, hash }: ServedHead): ServedHead => ({ number, hash });

  /** A claim of the chain's end, and of final blocks at these heights. */
  function claim(
    finality: Finality,
    source: string,
    finalized: TreeBlock | ServedHead | null,
    safe: TreeBlock | null = null,
  ): void {
    const latest = headOf(chain.at(-1)!);
    const tags = { safe: safe && headOf(safe), finalized: finalized && headOf(finalized) };
    finality.claim(source, { latest, ...tags }, verified);
  }

  describe("by tags", () => {
    it("takes a block for final when k operators claim it, and not before", () => {
      const finality = open();
      claim(finality, "a1", chain[10]!);
      claim(finality, "a2", chain[10]!);
      expect([finality.final, finality.mode]).to.deep.equal([null, null]);
      claim(finality, "b1", chain[10]!);
      expect(finality.final).to.deep.equal(headOf(chain[10]!));
      expect(finality.mode).to.deep.equal({
        policy: "finalized",
        detail: "by the tag finalized of k operators",
        isWeak: false,
      });
    });

    it("counts a claim for the ancestors of its block", () => {
      const finality = open();
      claim(finality, "a1", chain[30]!);
      claim(finality, "b1", chain[20]!);
      expect(finality.final?.number).to.equal(20);
      claim(finality, "c1", chain[25]!);
      expect(finality.final?.number).to.equal(25);
    });

    it("never goes back", () => {
      const finality = open();
      const heights = Array.from({ length: 200 }, () => random.below(LENGTH));
      let highest = -1;
      for (const [index, height] of heights.entries()) {
        const { id } = VOTERS[index % VOTERS.length]!;
        claim(finality, id, chain[height]!);
        const { final } = finality;
        expect(final?.number ?? -1).to.be.at.least(highest);
        if (final !== null) expect(final).to.deep.equal(headOf(chain[final.number]!));
        highest = final?.number ?? -1;
      }
      for (const { id } of VOTERS) finality.withdraw(id);
      expect(finality.final?.number).to.equal(highest);
    });

    it("is what a count of operators by hand comes to, for random claims on random trees", () => {
      for (let round = 0; round < 200; round += 1) {
        tree = BlockTree.random(random, 25);
        verified = knowing();
        const newest = tree.extend(tree.pick(), 30);
        const finality = open();
        let expected: ServedHead | null = null;
        const tags = new Map<string, TreeBlock>();
        for (let step = 0; step < 8; step += 1) {
          const { id } = VOTERS[random.below(VOTERS.length)]!;
          const tag = tree.blocks[random.below(25)]!;
          tags.set(id, tag);
          finality.claim(id, { latest: headOf(newest), safe: null, finalized: headOf(tag) }, verified);
          for (const block of tags.values()) {
            const behind = VOTERS.filter((voter) => tags.has(voter.id) && lineOf(tags.get(voter.id)!).includes(block));
            const isFinal = new Set(behind.map(({ operator }) => operator)).size >= QUORUM;
            const extendsIt = expected === null || lineOf(block).some(({ hash }) => hash === expected?.hash);
            if (isFinal && extendsIt && block.number > (expected?.number ?? -1)) expected = headOf(block);
          }
          // Claims are taken in one by one; which of several comes first may decide on a split tree, never how far.
          expect(finality.final?.number ?? -1).to.equal(expected?.number ?? -1);
        }
      }
    });

    it("follows only descendants of what was final, whatever k operators claim later", () => {
      const finality = open();
      const other = tree.extend(chain[5]!, 60);
      for (const source of ["a1", "b1"]) claim(finality, source, chain[10]!);
      for (const source of ["a1", "b1", "c1"]) claim(finality, source, other);
      expect(finality.final).to.deep.equal(headOf(chain[10]!));
    });

    it("follows any that the books hold when what was final lies below all of them, and nothing beside them", () => {
      const finality = open();
      const other = tree.extend(chain[5]!, 60);
      const atEnds = ({ number }: TreeBlock): boolean => number === 10 || number >= 30;
      verified = knowing(atEnds, 30);
      for (const source of ["a1", "b1"]) claim(finality, source, chain[10]!);
      for (const source of ["a1", "b1", "c1"]) claim(finality, source, other);
      expect(finality.final?.number, "beside them").to.equal(10);
      claim(finality, "a1", chain[40]!);
      expect(finality.final?.number, "only one says so").to.equal(10);
      claim(finality, "b1", chain[40]!);
      expect(finality.final).to.deep.equal(headOf(chain[40]!));
    });

    it("does not jump within what the books hold, though nothing links the two", () => {
      const finality = open();
      verified = knowing(({ number }) => number === 10 || number >= 30, 10);
      for (const source of ["a1", "b1"]) claim(finality, source, chain[10]!);
      for (const source of ["a1", "b1", "c1"]) claim(finality, source, chain[40]!);
      expect(finality.final?.number).to.equal(10);
    });

    it("waits for the header of a claimed block", () => {
      const finality = open();
      verified = knowing(({ number }) => number < 10);
      for (const source of ["a1", "b1", "c1"]) claim(finality, source, chain[10]!);
      expect(finality.final).to.equal(null);
      verified = knowing();
      claim(finality, "a1", chain[10]!);
      expect(finality.final?.number).to.equal(10);
    });

    it("forgets what a source claimed that is not believed any more", () => {
      const finality = open();
      claim(finality, "a1", chain[10]!);
      finality.withdraw("a1");
      claim(finality, "b1", chain[10]!);
      expect(finality.final).to.equal(null);
    });

    it("does not hear a source that was not declared", () => {
      const finality = open();
      claim(finality, "a1", chain[10]!);
      claim(finality, "stranger", chain[10]!);
      expect(finality.final).to.equal(null);
    });
  });

  describe("and one liar", () => {
    let finality: Finality;

    beforeEach(() => {
      finality = open();
      for (const source of ["a1", "b1"]) claim(finality, source, chain[10]!);
    });

    it("is not advanced by him, on the chain or beside it", () => {
      claim(finality, "c1", chain[90]!);
      claim(finality, "c1", tree.extend(chain[10]!, 5));
      expect(finality.final?.number).to.equal(10);
    });

    it("is not stopped by him", () => {
      for (const lie of [chain[2]!, tree.extend(chain[3]!, 80), null]) {
        claim(finality, "c1", lie);
        for (const source of ["a1", "b1"]) claim(finality, source, chain[40]!);
        expect(finality.final?.number).to.equal(40);
      }
    });

    it("takes no number from him that the header does not have", () => {
      claim(finality, "c1", { number: ABSURD, hash: chain[10]!.hash });
      claim(finality, "c1", { number: ABSURD, hash: chain[9]!.hash });
      expect(finality.final).to.deep.equal(headOf(chain[10]!));
      for (const source of ["a1", "b1"]) claim(finality, source, chain[11]!);
      expect(finality.final).to.deep.equal(headOf(chain[11]!));
    });

    it("is told in the same way as before", () => {
      const { mode } = finality;
      for (const lie of [chain[2]!, chain.at(-1)!, null]) {
        claim(finality, "c1", lie);
        expect(finality.mode).to.deep.equal(mode);
      }
    });

    it("stays weak where the chain has no finality of its own, so that no reorg contradicts it", () => {
      finality = open();
      const newest = chain.at(-1)!;
      for (const source of ["a1", "b1"]) claim(finality, source, newest);
      expect(finality.mode).to.include({ policy: "depth", isWeak: true });
      claim(finality, "c1", chain[10]!);
      expect(finality.mode).to.include({ policy: "depth", isWeak: true });
      for (const source of ["a1", "b1"]) claim(finality, source, newest);
      expect(finality.final).to.equal(null);
    });
  });

  describe("mode", () => {
    const WEAK = `blocks count as final after ${CONFIRMATIONS} confirmations`;

    it("is by depth where that is configured, and weak if the chain has no finality of its own (B21)", () => {
      const weak = open("depth");
      for (const source of ["a1", "b1"]) claim(weak, source, chain.at(-1)!);
      expect(weak.mode).to.include({ policy: "depth", isWeak: true });
      const finality = open("depth");
      expect(finality.mode).to.equal(null);
      for (const source of ["a1", "b1"]) claim(finality, source, chain[10]!);
      expect(finality.mode).to.deep.equal({
        policy: "depth",
        detail: `by ${CONFIRMATIONS} confirmations, as configured`,
        isWeak: false,
      });
      expect(finality.final).to.equal(null);
    });

    it("is weak where no source knows the tag (B21)", () => {
      const finality = open();
      claim(finality, "a1", null);
      expect(finality.mode).to.equal(null);
      claim(finality, "b1", null);
      expect(finality.mode).to.deep.equal({
        policy: "depth",
        detail: `no source knows the tag finalized: ${WEAK}`,
        isWeak: true,
      });
    });

    it("is weak where the tags equal the newest block, also of a young chain (B21)", () => {
      for (const height of [1, 5, 64, 65, LENGTH]) {
        const finality = open();
        const latest = headOf(chain[height]!);
        for (const source of ["a1", "b1"]) {
          finality.claim(source, { latest, safe: latest, finalized: latest }, verified);
        }
        expect(finality.mode).to.deep.equal({
          policy: "depth",
          detail: `the tag finalized equals latest: this chain has no finality of its own: ${WEAK}`,
          isWeak: true,
        });
        expect(finality.final).to.equal(null);
      }
    });

    it("is weak as well where a block was mined between the answers of one source", () => {
      const finality = open();
      for (const source of ["a1", "b1"]) {
        const claimed = { latest: headOf(chain[50]!), safe: null, finalized: headOf(chain[51]!) };
        finality.claim(source, claimed, verified);
      }
      expect(finality.mode).to.include({ isWeak: true });
      expect(finality.final).to.equal(null);
    });

    it("is by the tag on a young chain whose final block is still the first", () => {
      const finality = open();
      for (const height of [0, 1, 40]) {
        for (const source of ["a1", "b1"]) {
          const claimed = { latest: headOf(chain[height]!), safe: null, finalized: headOf(chain[0]!) };
          finality.claim(source, claimed, verified);
        }
        expect(finality.mode).to.include({ policy: "finalized", isWeak: false });
        expect(finality.final).to.deep.equal(headOf(chain[0]!));
      }
    });

    it("becomes the tag's when k operators begin to move it", () => {
      const finality = open();
      for (const source of ["a1", "b1"]) claim(finality, source, null);
      expect(finality.mode).to.include({ isWeak: true });
      claim(finality, "a1", chain[10]!);
      expect(finality.mode).to.include({ isWeak: true });
      claim(finality, "b1", chain[10]!);
      expect(finality.mode).to.include({ policy: "finalized", isWeak: false });
      expect(finality.final?.number).to.equal(10);
    });

    it("is told by operators, not by sources", () => {
      const finality = open();
      for (const source of ["a1", "a2"]) claim(finality, source, null);
      expect(finality.mode).to.equal(null);
    });
  });

  describe("safe and finalized", () => {
    it("are each asked for where they are the policy", () => {
      for (const [policy, height] of [
        ["safe", 40],
        ["finalized", 20],
      ] as const) {
        const finality = open(policy);
        for (const source of ["a1", "b1"]) claim(finality, source, chain[20]!, chain[40]!);
        expect(finality.final?.number).to.equal(height);
        expect(finality.mode?.detail).to.equal(`by the tag ${policy} of k operators`);
      }
    });

    it("stand in for each other in one direction only: what is final is safe", () => {
      const safe = open("safe");
      const finalized = open("finalized");
      for (const source of ["a1", "b1"]) {
        claim(safe, source, chain[20]!, null);
        claim(finalized, source, null, chain[20]!);
      }
      expect(safe.final?.number).to.equal(20);
      expect([finalized.final, finalized.mode?.isWeak]).to.deep.equal([null, true]);
    });
  });
});
