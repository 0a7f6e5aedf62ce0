import { expect } from "chai";

import { Ancestry } from "../../../keeper/chain/agree/Ancestry.ts";
import type { Relation } from "../../../keeper/chain/agree/HeadHistory.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { BlockTree, lineOf, type TreeBlock } from "../../helpers/keeper/blockTree.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

const TREES = 40;
const BLOCKS = 40;
const PAIRS = 50;
/** How deep branches are compared. */
const MAX_DEPTH = 20_000;

type Knows = (block: TreeBlock) => boolean;

/** The blocks below one as far as headers are known, without looking at anything but the drawing. */
function knownLine(block: TreeBlock, knows: Knows): TreeBlock[] {
  const line = lineOf(block);
  const end = line.findIndex((one) => !knows(one));
  return end < 0 ? line : line.slice(0, end);
}

function naiveIsAncestor(ancestor: TreeBlock, descendant: TreeBlock, knows: Knows): boolean {
  return ancestor === descendant || (knows(ancestor) && knownLine(descendant, knows).includes(ancestor));
}

function naiveFork(one: TreeBlock, other: TreeBlock, knows: Knows): number | null {
  const line = new Set(knownLine(other, knows));
  return knownLine(one, knows).find((block) => line.has(block))?.number ?? null;
}

function naiveRelation(head: TreeBlock, other: TreeBlock, knows: Knows): Relation {
  if (head === other) return "same";
  if (naiveIsAncestor(other, head, knows)) return "ahead";
  if (naiveIsAncestor(head, other, knows)) return "behind";
  return naiveFork(head, other, knows) === null ? "unknown" : "competing";
}

describe("Ancestry", function () {
  this.timeout(20_000);
  const seed = chooseSeed(31);

  function forRandomPairs(
    check: (tree: BlockTree, one: TreeBlock, other: TreeBlock, knows: Knows) => void,
    holes = false,
  ): void {
    const random = new SeededRandom(seed);
    for (let count = 0; count < TREES; count += 1) {
      const tree = BlockTree.random(random, BLOCKS);
      const missing = new Set(holes ? Array.from({ length: 4 }, () => tree.pick()) : []);
      for (let pair = 0; pair < PAIRS; pair += 1) check(tree, tree.pick(), tree.pick(), (block) => !missing.has(block));
    }
  }

  for (const holes of [false, true]) {
    const where = holes ? "where headers are missing" : "where all headers are known";

    it(`tells ancestors, forks and relations as a drawing of the tree shows them, ${where}`, () => {
      const seen = new Set<Relation>();
      forRandomPairs((tree, one, other, knows) => {
        const ancestry = tree.ancestry(knows);
        expect(ancestry.isAncestor(one.hash, other.hash)).to.equal(naiveIsAncestor(one, other, knows));
        expect(ancestry.forkHeight(one.hash, other.hash)).to.equal(naiveFork(one, other, knows));
        const relation = ancestry.relate(one.hash, other.hash);
        expect(relation).to.equal(naiveRelation(one, other, knows));
        seen.add(relation);
      }, holes);
      expect([...seen]).to.have.members(["same", "ahead", "behind", "competing", ...(holes ? ["unknown"] : [])]);
    });

    it(`answers the same with the shortcut through one branch, ${where}`, () => {
      const random = new SeededRandom(seed + 1);
      let shortcuts = 0;
      forRandomPairs((tree, one, other, knows) => {
        // The books' branch: verified from its tip down to where the books begin.
        const books = knownLine(tree.pick(), knows);
        const kept = new Map(books.slice(0, 1 + random.below(12)).map(({ number, hash }) => [number, hash]));
        const short = new Ancestry(tree.headers(knows), (number) => {
          shortcuts += 1;
          return kept.get(number);
        });
        expect(short.isAncestor(one.hash, other.hash)).to.equal(naiveIsAncestor(one, other, knows));
        expect(short.relate(one.hash, other.hash)).to.equal(naiveRelation(one, other, knows));
      }, holes);
      expect(shortcuts).to.be.greaterThan(500);
    });
  }

  it("is antisymmetric, and forks lie at or below both", () => {
    forRandomPairs((tree, one, other) => {
      const { isAncestor, relate } = tree.ancestry();
      if (one !== other) expect(isAncestor(one.hash, other.hash) && isAncestor(other.hash, one.hash)).to.equal(false);
      const [fork, mirror] = [[one, other] as const, [other, one] as const].map(([left, right]) => {
        return tree.ancestry().forkHeight(left.hash, right.hash);
      });
      expect(fork).to.equal(mirror);
      expect(fork).to.be.at.most(Math.min(one.number, other.number));
      const mirrored = { ahead: "behind", behind: "ahead", same: "same", competing: "competing", unknown: "unknown" };
      expect(relate(other.hash, one.hash)).to.equal(mirrored[relate(one.hash, other.hash)]);
    });
  });

  it("walks a long branch, and down to a height, by the shortcut in a few steps", () => {
    const tree = new BlockTree(new SeededRandom(seed));
    const tip = tree.extend(tree.root, 5_000);
    const head = tree.extend(tip, 3);
    const books = new Map(lineOf(tip).map(({ number, hash }) => [number, hash]));
    let steps = 0;
    const header = tree.headers();
    const counting = (hash: Hash) => {
      steps += 1;
      return header(hash);
    };
    const ancestry = new Ancestry(counting, (number) => books.get(number));
    expect(ancestry.isAncestor(tree.root.hash, head.hash)).to.equal(true);
    expect(ancestry.at(7, head.hash)).to.equal(books.get(7));
    expect(steps).to.be.lessThan(20);
  });

  it("knows nothing of blocks that lie further apart than it looks", () => {
    const tree = new BlockTree(new SeededRandom(seed));
    const below = tree.extend(tree.root, MAX_DEPTH);
    const above = tree.add(below);
    const ancestry = tree.ancestry();
    expect(ancestry.isAncestor(tree.root.hash, below.hash)).to.equal(true);
    expect(ancestry.isAncestor(tree.root.hash, above.hash)).to.equal(false);
    expect(ancestry.relate(above.hash, tree.root.hash)).to.equal("unknown");
  });

  for (const holes of [false, true]) {
    it(`tells the block at a height below another${holes ? ", and nothing where headers are missing" : ""}`, () => {
      const random = new SeededRandom(seed + 2);
      const seen = new Set<boolean>();
      forRandomPairs((tree, one, _, knows) => {
        const books = knownLine(tree.pick(), knows);
        const kept = new Map(books.slice(0, 1 + random.below(12)).map(({ number, hash }) => [number, hash]));
        const short = new Ancestry(tree.headers(knows), (number) => kept.get(number));
        for (let number = -1; number <= one.number + 1; number += 1) {
          const expected = knownLine(one, knows).find((block) => block.number === number)?.hash;
          expect(tree.ancestry(knows).at(number, one.hash)).to.equal(expected);
          expect(short.at(number, one.hash), "with the shortcut").to.equal(expected);
          seen.add(expected === undefined);
        }
      }, holes);
      expect([...seen]).to.have.members([true, false]);
    });
  }

  it("tells no block further down than it looks", () => {
    const tree = new BlockTree(new SeededRandom(seed));
    const end = tree.extend(tree.root, MAX_DEPTH);
    const ancestry = tree.ancestry();
    expect(ancestry.at(1, end.hash)).to.equal(lineOf(end).at(-2)!.hash);
    expect(ancestry.at(0, end.hash)).to.equal(undefined);
  });

  it("calls nobody an ancestor for a number that a header only claims", () => {
    const tree = new BlockTree(new SeededRandom(seed));
    const real = tree.extend(tree.root, 10);
    const low = tree.add(real, 2);
    const high = tree.add(real, 1_000_000);
    const ancestry = tree.ancestry();
    expect(ancestry.isAncestor(real.hash, low.hash)).to.equal(false);
    for (const block of tree.blocks) {
      for (const forged of [low, high]) {
        const isBelow = lineOf(forged).includes(block);
        expect(ancestry.isAncestor(block.hash, forged.hash) && !isBelow).to.equal(false);
        expect(ancestry.isAncestor(forged.hash, block.hash)).to.equal(forged === block);
      }
    }
  });
});
