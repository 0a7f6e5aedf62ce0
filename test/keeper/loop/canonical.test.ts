import { expect } from "chai";

import type { Header } from "../../../keeper/chain/verify/header.ts";
import { Canonical } from "../../../keeper/loop/Canonical.ts";
import { newBlock, type FetchedBlock } from "../../../keeper/loop/FetchedBlock.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { BlockTree, lineOf, type TreeBlock } from "../../helpers/keeper/blockTree.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

const DEPTH = 20;

/** A block with its header and its account proofs. */
function fetchedOf({ number, hash, parent }: TreeBlock): FetchedBlock {
  const block = newBlock(hash, true, 0);
  block.header = { number, hash, parentHash: parent?.hash ?? `0x${"0".repeat(64)}` } as Header;
  block.served = { source: "a", answers: [] };
  return block;
}

describe("Canonical", () => {
  const seed = chooseSeed(89);
  let random: SeededRandom;
  let tree: BlockTree;
  let canonical: Canonical;
  let fetched: Map<TreeBlock, FetchedBlock>;

  beforeEach(() => {
    random = new SeededRandom(seed);
    tree = new BlockTree(random, 5);
    canonical = new Canonical(DEPTH);
    fetched = new Map();
  });

  function push(...blocks: TreeBlock[]): void {
    for (const block of blocks) {
      fetched.set(block, fetchedOf(block));
      canonical.push(fetched.get(block)!);
    }
  }

  /** The chain of the root and `count` blocks on it, oldest first, pushed. */
  function grow(count: number): TreeBlock[] {
    const line = lineOf(tree.extend(tree.root, count)).reverse();
    push(...line);
    return line;
  }

  /** Heights at which account proofs are still kept. */
  const kept = (line: readonly TreeBlock[]): number[] =>
    line.flatMap((block) => (fetched.get(block)!.served === null ? [] : [block.number]));

  it("finds blocks by hash and by height, as deep as they can be taken back", () => {
    const line = grow(30);
    const [old, recent] = [line.slice(0, -DEPTH), line.slice(-DEPTH)];
    for (const { hash, number } of recent) {
      expect([canonical.has(hash), canonical.at(number), canonical.get(hash)?.hash]).to.deep.equal([true, hash, hash]);
    }
    for (const { hash, number } of old) {
      expect([canonical.has(hash), canonical.at(number), canonical.get(hash)]).to.deep.equal([
        false,
        undefined,
        undefined,
      ]);
    }
  });

  it("holds one branch through reorgs, whatever is taken back and put on", () => {
    let line = grow(10);
    for (let round = 0; round < 200; round += 1) {
      const depth = random.below(Math.min(8, line.length - 1));
      for (const { hash } of line.slice(line.length - depth).reverse()) canonical.remove(hash);
      line = line.slice(0, line.length - depth);
      const next = lineOf(tree.extend(line.at(-1)!, 1 + random.below(9))).reverse();
      push(...next.slice(line.length));
      line = next;
      const held = tree.blocks.filter(({ hash }) => canonical.has(hash));
      // The newest of the branch; what was forgotten does not come back when newer ones are taken back.
      expect(held.length).to.be.within(1, DEPTH);
      expect(line.slice(-held.length).map(({ hash }) => hash)).to.have.members(held.map(({ hash }) => hash));
      for (const { number, hash } of held) expect(canonical.at(number)).to.equal(hash);
    }
  });

  it("does not push what has no header", () => {
    canonical.push(newBlock(tree.root.hash, false, 0));
    expect(canonical.has(tree.root.hash)).to.equal(false);
  });

  it("does not lose another block at the same height when one is removed", () => {
    const line = grow(3);
    const other = tree.add(line[2]!);
    push(other);
    canonical.remove(line[3]!.hash);
    expect(canonical.at(other.number)).to.equal(other.hash);
    canonical.remove(other.hash);
    expect(canonical.at(other.number)).to.equal(undefined);
  });

  it("walks down from a block, and ends where nothing is kept", () => {
    const line = grow(10);
    const tip = fetched.get(line.at(-1)!)!;
    for (let depth = 0; depth <= 10; depth += 1) {
      expect(canonical.below(tip, depth)?.hash).to.equal(line[10 - depth]!.hash);
    }
    expect(canonical.below(tip, 11)).to.equal(null);
    expect(canonical.below(tip, 1_000_000_000)).to.equal(null);
    expect(canonical.below(newBlock(tip.hash, false, 0), 1)).to.equal(null);
  });

  it("finds the newest that fulfils a condition, no deeper than it may look", () => {
    const line = grow(10);
    const tip = fetched.get(line.at(-1)!)!;
    const newest = (depth: number, number: number) =>
      canonical.newest(tip, depth, ({ header }) => header!.number <= number)?.header?.number ?? null;
    expect(newest(5, 15)).to.equal(15);
    expect(newest(5, 12)).to.equal(12);
    expect(newest(5, 11)).to.equal(11);
    expect(newest(5, 10)).to.equal(null);
    expect(newest(99, 4)).to.equal(null);
    expect(newest(0, 15)).to.equal(null);
  });

  it("finds the newest of the greatest weight, down to a height", () => {
    const line = grow(10);
    const tip = fetched.get(line.at(-1)!)!;
    const weights = new Map([15, 14, 13, 12, 11].map((number, index) => [number, [1, 2, 2, 3, 9][index]!]));
    const strongest = (downTo: number, most = 9) =>
      canonical.strongest(tip, downTo, most, ({ header }) => weights.get(header!.number) ?? 0).header!.number;
    const lowest = [16, 15, 14, 13, 12, 11, 0];
    expect(lowest.map((downTo) => strongest(downTo))).to.deep.equal([15, 15, 14, 14, 12, 11, 11]);
    expect(strongest(0, 2), "nothing below one that has the most there can be").to.equal(14);
  });

  describe("releaseUpTo", () => {
    it("lets go of the proofs of blocks up to a height, and of no others", () => {
      const line = grow(10);
      canonical.releaseUpTo(9);
      expect(kept(line)).to.deep.equal([10, 11, 12, 13, 14, 15]);
      canonical.releaseUpTo(7);
      canonical.releaseUpTo(11);
      expect(kept(line)).to.deep.equal([12, 13, 14, 15]);
    });

    it("lets go of those that a reorg put at heights that were released before", () => {
      const line = grow(10);
      canonical.releaseUpTo(14);
      for (const { hash } of line.slice(7).reverse()) canonical.remove(hash);
      const next = lineOf(tree.extend(line[6]!, 6)).reverse();
      push(...next.slice(7));
      canonical.releaseUpTo(14);
      expect(kept(next)).to.deep.equal([15, 16, 17]);
    });

    it("does not walk to a height that the books have not reached, and releases what comes below it", () => {
      const line = grow(3);
      for (let count = 0; count < 1_000; count += 1) canonical.releaseUpTo(Number.MAX_SAFE_INTEGER);
      expect(kept(line)).to.deep.equal([]);
      const next = lineOf(tree.extend(line.at(-1)!, 4))
        .reverse()
        .slice(4);
      for (const block of next) {
        push(block);
        canonical.releaseUpTo(Number.MAX_SAFE_INTEGER);
      }
      expect(kept(next)).to.deep.equal([]);
    });

    it("has nothing to release before the first block", () => {
      canonical.releaseUpTo(1_000);
      const line = grow(2);
      canonical.releaseUpTo(6);
      expect(kept(line)).to.deep.equal([7]);
    });
  });
});
