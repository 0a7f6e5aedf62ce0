import { expect } from "chai";

import { Ancestry } from "../../../keeper/chain/agree/Ancestry.ts";
import { Votes, type ServedHead, type Voter } from "../../../keeper/chain/agree/Votes.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";

/** A tree of blocks, parents by name: `a2` is block 2 of branch a. */
const PARENTS: Readonly<Record<string, string>> = { a2: "g1", a3: "a2", a4: "a3", b2: "g1", b3: "b2", b4: "b3" };

const hashOf = (name: string): Hash => `0x${Buffer.from(name).toString("hex").padEnd(64, "0")}`;
const head = (name: string): ServedHead => ({ number: Number(name.slice(1)), hash: hashOf(name) });
const nameOf = new Map([...Object.keys(PARENTS), "g1"].map((name) => [hashOf(name), name]));

const tree = new Ancestry((hash) => {
  const name = nameOf.get(hash);
  return name === undefined ? undefined : { number: head(name).number, parentHash: hashOf(PARENTS[name] ?? "none") };
});

/** Sources named after their operators: `x1` and `x2` are two of x. */
function voters(...ids: string[]): Voter[] {
  return ids.map((id) => ({ id, operator: id[0]! }));
}

function votesOf(ids: string[], served: Readonly<Record<string, string>>): Votes {
  const votes = new Votes(voters(...ids));
  for (const [source, name] of Object.entries(served)) votes.serve(source, head(name));
  return votes;
}

describe("Votes", () => {
  it("needs a majority of the configured operators, whoever answers", () => {
    const quorums = [
      ["x1"],
      ["x1", "y1"],
      ["x1", "y1", "z1"],
      ["w1", "x1", "y1", "z1"],
      ["v1", "w1", "x1", "y1", "z1"],
    ].map((ids) => new Votes(voters(...ids)).quorum);
    expect(quorums).to.deep.equal([1, 2, 2, 3, 3]);
    const votes = votesOf(["x1", "y1", "z1"], { x1: "a2" });
    votes.withdraw("x1");
    expect(votes.quorum).to.equal(2);
  });

  it("has heard a quorum when k operators serve something, each of them counted once", () => {
    const ids = ["x1", "x2", "x3", "y1", "z1"];
    expect(votesOf(ids, {}).isHeard).to.equal(false);
    expect(votesOf(ids, { x1: "a2", x2: "a3", x3: "b2" }).isHeard).to.equal(false);
    const votes = votesOf(ids, { x1: "a2", y1: "b2" });
    expect(votes.isHeard).to.equal(true);
    votes.withdraw("y1");
    expect(votes.isHeard).to.equal(false);
  });

  it("counts an operator with three sources once", () => {
    const votes = votesOf(["x1", "x2", "x3", "y1", "z1"], { x1: "a2", x2: "a2", x3: "a2" });
    expect(votes.operatorCount).to.equal(3);
    expect(votes.votesFor(head("a2"), tree)).to.equal(1);
    expect(votes.sourcesOf(head("a2"), tree)).to.deep.equal(["x1", "x2", "x3"]);
  });

  it("lets a descendant vote for its ancestors, and one that is behind abstain", () => {
    const votes = votesOf(["x1", "y1", "z1"], { x1: "a4", y1: "a3", z1: "a2" });
    const counts = ["a2", "a3", "a4", "b3"].map((name) => votes.votesFor(head(name), tree));
    expect(counts).to.deep.equal([3, 2, 1, 0]);
  });

  it("gives no vote to a branch for another one, however high", () => {
    const votes = votesOf(["x1", "y1", "z1"], { x1: "b4", y1: "a3", z1: "a3" });
    expect(votes.votesFor(head("a3"), tree)).to.equal(2);
    expect(votes.best(tree)).to.include({ ...head("a3"), votes: 2 });
  });

  it("follows the newest block of the branch that more operators serve", () => {
    const votes = votesOf(["x1", "y1", "z1"], { x1: "a3", y1: "a4", z1: "b4" });
    expect(votes.best(tree)).to.deep.include({ ...head("a4"), votes: 1, sources: ["y1"] });
  });

  it("follows the higher, then the smaller hash, of two branches with equal votes", () => {
    expect(votesOf(["x1", "y1"], { x1: "a3", y1: "b4" }).best(tree)).to.include(head("b4"));
    for (const served of [
      { x1: "a3", y1: "b3" },
      { y1: "b3", x1: "a3" },
    ]) {
      expect(votesOf(["x1", "y1"], served).best(tree)).to.include(head("a3"));
    }
  });

  it("counts the votes of a branch from where it parts, whatever the newest block of it has", () => {
    const votes = votesOf(["w1", "x1", "y1", "z1", "v1"], { w1: "a2", x1: "a3", y1: "a4", z1: "b3", v1: "b3" });
    expect(votes.leaves(tree).map(({ hash }) => nameOf.get(hash))).to.deep.equal(["a4", "b3"]);
    expect(votes.leaves(tree).map((leaf) => leaf.votes)).to.deep.equal([1, 2]);
  });

  it("forgets a source that is withdrawn, and takes the last head of each", () => {
    const votes = votesOf(["x1", "y1"], { x1: "a2", y1: "b2" });
    votes.serve("x1", head("b3"));
    votes.withdraw("y1");
    expect(votes.best(tree)).to.deep.include({ ...head("b3"), votes: 1 });
    votes.withdraw("x1");
    expect(votes.best(tree)).to.equal(null);
  });

  it("does not count a source that was not declared", () => {
    const votes = votesOf(["x1", "y1"], { x1: "a2", stranger: "a2" });
    expect(votes.votesFor(head("a2"), tree)).to.equal(1);
  });
});
