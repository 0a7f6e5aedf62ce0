import { expect } from "chai";

import { Votes, type Voter } from "../../../keeper/chain/agree/Votes.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { BlockTree, lineOf, type TreeBlock } from "../../helpers/keeper/blockTree.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

const ROUNDS = 150;

type Served = ReadonlyMap<string, TreeBlock>;
type Knows = (block: TreeBlock) => boolean;

const everything: Knows = () => true;

/** Up to `limit` operators of up to three sources each. */
function chooseVoters(random: SeededRandom, limit: number): Voter[] {
  const operators = Array.from({ length: 1 + random.below(limit) }, (_, index) => `o${index}`);
  return operators.flatMap((operator) => {
    return Array.from({ length: 1 + random.below(3) }, (_, index) => ({ id: `${operator}-${index}`, operator }));
  });
}

function serveAll(voters: readonly Voter[], served: Served): Votes {
  const votes = new Votes(voters);
  for (const [source, { number, hash }] of served) votes.serve(source, { number, hash });
  return votes;
}

/** The same map, filled in another order. */
function shuffle(random: SeededRandom, served: Served): Served {
  const entries = [...served];
  for (let at = entries.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [entries[at], entries[other]] = [entries[other]!, entries[at]!];
  }
  return new Map(entries);
}

/** Operators of whose sources one serves a block that fulfils the condition. */
function operatorsOf(voters: readonly Voter[], served: Served, fulfils: (head: TreeBlock) => boolean): number {
  const serving = voters.filter(({ id }) => served.has(id) && fulfils(served.get(id)!));
  return new Set(serving.map(({ operator }) => operator)).size;
}

/** The line down to the first block whose header is not known. */
function knownLine(head: TreeBlock, knows: Knows): TreeBlock[] {
  const line = lineOf(head);
  const end = line.findIndex((block) => !knows(block));
  return end < 0 ? line : line.slice(0, end);
}

/**
 * The ends of the branches, from the roots upwards: at each block first the child with more operators behind it, then the one
 * with the higher end, then the one with the smaller hash.
 */
function naiveLeaves(voters: readonly Voter[], served: Served, knows: Knows = everything): Hash[] {
  const lines = new Map([...new Set(served.values())].map((head) => [head, knownLine(head, knows)]));
  const inside = (block: TreeBlock) => [...lines].filter(([, line]) => line.includes(block)).map(([head]) => head);
  const rank = (block: TreeBlock) => {
    const heads = inside(block);
    const number = Math.max(...heads.map((head) => head.number));
    const hash = heads.flatMap((head) => (head.number === number ? [head.hash] : [])).sort()[0]!;
    return { votes: operatorsOf(voters, served, (head) => heads.includes(head)), number, hash };
  };
  const byRank = (one: TreeBlock, other: TreeBlock): number => {
    const [left, right] = [rank(one), rank(other)];
    return right.votes - left.votes || right.number - left.number || (left.hash < right.hash ? -1 : 1);
  };
  const climb = (block: TreeBlock): Hash[] => {
    const above = new Set([...lines.values()].flatMap((line) => line.filter(({ parent }) => parent === block)));
    if (above.size === 0) return [block.hash];
    return [...above].sort(byRank).flatMap(climb);
  };
  return [...new Set([...lines.values()].map((line) => line.at(-1)!))].sort(byRank).flatMap(climb);
}

describe("Votes on random trees", function () {
  this.timeout(20_000);
  const seed = chooseSeed(47);
  let random: SeededRandom;

  beforeEach(() => {
    random = new SeededRandom(seed);
  });

  function chooseHeads(tree: BlockTree, voters: readonly Voter[], knows: Knows = everything): Served {
    const served = voters.flatMap(({ id }) => {
      const head = tree.pick();
      return random.below(5) === 0 || !knows(head) ? [] : [[id, head] as const];
    });
    return new Map(served);
  }

  it("count for each block the operators that serve it or a descendant", () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [tree, voters] = [BlockTree.random(random, 25), chooseVoters(random, 6)];
      const served = chooseHeads(tree, voters);
      const votes = serveAll(voters, served);
      for (const block of tree.blocks) {
        const expected = operatorsOf(voters, served, (head) => lineOf(head).includes(block));
        expect(votes.votesFor(block, tree.ancestry())).to.equal(expected);
      }
    }
  });

  for (const [where, holes] of [
    ["where all headers are known", 0],
    ["where headers are missing", 5],
  ] as const) {
    it(`order the branches as a walk from the root upwards does, ${where}`, () => {
      let most = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const [tree, voters] = [BlockTree.random(random, 25), chooseVoters(random, 8)];
        const missing = new Set(Array.from({ length: holes }, () => tree.pick()));
        const knows: Knows = (block) => !missing.has(block);
        const served = chooseHeads(tree, voters, knows);
        const leaves = serveAll(voters, served).leaves(tree.ancestry(knows));
        expect(leaves.map(({ hash }) => hash)).to.deep.equal(naiveLeaves(voters, served, knows));
        most = Math.max(most, leaves.length);
      }
      expect(most).to.be.greaterThan(3);
    });
  }

  it("order the branches the same whoever spoke first", () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [tree, voters] = [BlockTree.random(random, 25), chooseVoters(random, 8)];
      const served = chooseHeads(tree, voters);
      const leaves = serveAll(voters, served).leaves(tree.ancestry());
      const again = serveAll(voters, shuffle(random, served)).leaves(tree.ancestry());
      expect(again).to.deep.equal(leaves);
      expect(serveAll(voters, served).best(tree.ancestry())).to.deep.equal(leaves[0] ?? null);
    }
  });

  it("order three branches of which each pair is decided by another rule", () => {
    // More operators, then the higher, and neither: in a circle when branches are compared at their ends alone.
    const tree = new BlockTree(random);
    const shared = tree.add(tree.root);
    const voted = tree.extend(shared, 1);
    const highest = tree.extend(shared, 7);
    const other = tree.extend(tree.root, 4);
    const heads = [voted, voted, highest, other, other, other];
    const voters = heads.map((_, index) => ({ id: `s${index}`, operator: `o${index}` }));
    const served = new Map(heads.map((head, index) => [`s${index}`, head]));
    for (let round = 0; round < 50; round += 1) {
      const leaves = serveAll(voters, shuffle(random, served)).leaves(tree.ancestry());
      expect(leaves.map(({ hash }) => hash)).to.deep.equal([voted, highest, other].map(({ hash }) => hash));
    }
  });

  it("follow k operators whatever a minority serves, from however many sources", () => {
    let contested = 0;
    for (let round = 0; round < ROUNDS * 2; round += 1) {
      const [tree, voters] = [BlockTree.random(random, 25), chooseVoters(random, 7)];
      const votes = new Votes(voters);
      const honest = new Set(Array.from({ length: votes.quorum }, (_, index) => `o${index}`));
      const agreed = tree.pick();
      const above = tree.blocks.filter((block) => lineOf(block).includes(agreed));
      // Honest operators are at different heights above the block, on one branch; the others anywhere, high above all too.
      const line = lineOf(above[random.below(above.length)]!).filter((block) => above.includes(block));
      for (const { id, operator } of voters) {
        if (honest.has(operator)) votes.serve(id, line[random.below(line.length)]!);
        else votes.serve(id, random.bool() ? tree.pick() : tree.extend(tree.pick(), 1 + random.below(9)));
      }
      const best = votes.best(tree.ancestry())!;
      expect(tree.ancestry().isAncestor(agreed.hash, best.hash)).to.equal(true);
      expect(votes.votesFor(agreed, tree.ancestry())).to.be.at.least(votes.quorum);
      if (votes.leaves(tree.ancestry()).length > 1) contested += 1;
    }
    expect(contested).to.be.greaterThan(ROUNDS / 2);
  });

  it("follow k operators at different heights against a minority whose branch is not linked yet", () => {
    const tree = new BlockTree(random);
    const line = lineOf(tree.extend(tree.root, 3));
    const elsewhere = new BlockTree(random, 9).root;
    const voters = ["v", "w", "x", "y", "z"].map((operator) => ({ id: operator, operator }));
    const votes = new Votes(voters);
    for (const [index, source] of ["v", "w", "x"].entries()) votes.serve(source, line[index]!);
    for (const source of ["y", "z"]) votes.serve(source, elsewhere);
    expect(votes.best(tree.ancestry())?.hash).to.equal(line[0]!.hash);
  });

  it("count an operator once, whatever it says through however many sources", () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const tree = BlockTree.random(random, 20);
      const many = Array.from({ length: 1 + random.below(20) }, (_, index) => ({ id: `m${index}`, operator: "many" }));
      const voters = [...many, { id: "x", operator: "x" }, { id: "y", operator: "y" }];
      const votes = new Votes(voters);
      expect([votes.operatorCount, votes.quorum]).to.deep.equal([3, 2]);
      for (const { id } of many) votes.serve(id, tree.pick());
      for (const block of tree.blocks) expect(votes.votesFor(block, tree.ancestry())).to.be.at.most(1);
    }
  });

  it("need no less, and count no more, when sources are lost", () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [tree, voters] = [BlockTree.random(random, 20), chooseVoters(random, 6)];
      const votes = serveAll(voters, chooseHeads(tree, voters));
      const { quorum, operatorCount } = votes;
      const before = tree.blocks.map((block) => votes.votesFor(block, tree.ancestry()));
      for (const { id } of voters) {
        if (random.bool()) votes.withdraw(id);
        expect([votes.quorum, votes.operatorCount]).to.deep.equal([quorum, operatorCount]);
      }
      for (const [index, block] of tree.blocks.entries()) {
        expect(votes.votesFor(block, tree.ancestry())).to.be.at.most(before[index]!);
      }
    }
  });

  it("leave the votes as they are when only some sources are asked for their ends", () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [tree, voters] = [BlockTree.random(random, 20), chooseVoters(random, 6)];
      const served = chooseHeads(tree, voters);
      const votes = serveAll(voters, served);
      const asked = new Set(voters.filter(() => random.bool()).map(({ id }) => id));
      const some = votes.leaves(tree.ancestry(), (source) => asked.has(source));
      for (const leaf of some) expect(leaf.votes).to.equal(votes.votesFor(leaf, tree.ancestry()));
      const heads = new Set([...served].filter(([source]) => asked.has(source)).map(([, { hash }]) => hash));
      expect(some.every(({ hash }) => heads.has(hash))).to.equal(true);
      expect(some.length > 0).to.equal(heads.size > 0);
    }
  });
});
