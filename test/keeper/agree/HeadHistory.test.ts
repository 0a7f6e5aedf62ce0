import { expect } from "chai";

import { HeadHistory, type Move } from "../../../keeper/chain/agree/HeadHistory.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { BlockTree, type TreeBlock } from "../../helpers/keeper/blockTree.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

/** A load balancer mixes heights for less than this. */
const PATIENCE_MS = 3_000;
const WINDOW_MS = 60_000;
const MAX_LEFT = 16;

describe("HeadHistory", () => {
  const seed = chooseSeed(53);
  let random: SeededRandom;
  let tree: BlockTree;
  let history: HeadHistory;
  let nowMs: number;

  beforeEach(() => {
    random = new SeededRandom(seed);
    tree = new BlockTree(random);
    history = new HeadHistory();
    nowMs = 1_000_000;
  });

  const serve = (head: TreeBlock, afterMs = 100): Move => {
    nowMs += afterMs;
    return history.serve({ number: head.number, hash: head.hash }, nowMs, tree.ancestry().relate);
  };
  const voted = (): number | undefined => history.current?.number;

  it("votes for nothing before the first head, and for each head of a growing branch", () => {
    expect(history.current).to.equal(null);
    let head = tree.root;
    for (let count = 0; count < 5; count += 1) {
      head = tree.extend(head, 1 + random.below(3));
      expect([serve(head), voted()]).to.deep.equal(["follow", head.number]);
    }
  });

  it("stays at N while a pool with a node that lags says N-1 in between (B11)", () => {
    let head = tree.extend(tree.root, 5);
    for (let round = 0; round < 20; round += 1) {
      const next = tree.add(head);
      expect(serve(next)).to.equal("follow");
      expect([serve(head), voted()]).to.deep.equal(["stay", next.number]);
      expect([serve(next), voted()]).to.deep.equal(["follow", next.number]);
      head = next;
    }
    // However long it goes on: each time the pool says N, patience begins anew.
    const below = head.parent!;
    for (let round = 0; round < 10; round += 1) {
      expect(serve(below, PATIENCE_MS - 1)).to.equal("stay");
      expect(serve(below, PATIENCE_MS - 1)).to.equal("stay");
      expect(serve(head, 1)).to.equal("follow");
    }
  });

  it("believes an ancestor that alone is served for as long as the patience lasts", () => {
    const head = tree.extend(tree.root, 9);
    const below = head.parent!.parent!;
    serve(head);
    expect(serve(below)).to.equal("stay");
    expect(serve(below, PATIENCE_MS - 1)).to.equal("stay");
    expect([serve(below, 1), voted()]).to.deep.equal(["regress", below.number]);
    expect(serve(tree.extend(below, 1))).to.equal("follow");
  });

  it("takes the time from the first time that the source is behind, whichever ancestor it then serves", () => {
    const head = tree.extend(tree.root, 9);
    serve(head);
    expect(serve(head.parent!)).to.equal("stay");
    expect(serve(head.parent!.parent!, PATIENCE_MS)).to.equal("regress");
  });

  it("follows a reorg, and its reverse once", () => {
    const base = tree.extend(tree.root, 3);
    const [one, other] = [tree.extend(base, 2), tree.extend(base, 3)];
    serve(one);
    expect([serve(other), voted()]).to.deep.equal(["follow", other.number]);
    expect([serve(tree.add(one)), voted()]).to.deep.equal(["follow", one.number + 1]);
  });

  it("follows a source through reorgs to branches that are all new", () => {
    const base = tree.extend(tree.root, 3);
    for (let count = 0; count < 50; count += 1) expect(serve(tree.extend(base, 2))).to.equal("follow");
  });

  for (const [name, step] of [
    ["at the same heads", 0],
    ["each of which grows", 1],
  ] as const) {
    it(`catches one whose every second answer is of another branch within four heads, ${name} (A8)`, () => {
      const base = tree.extend(tree.root, 3);
      let [one, other] = [tree.extend(base, 2), tree.extend(base, 2)];
      const moves: Move[] = [];
      for (let round = 0; round < 4; round += 1) {
        moves.push(serve(one), serve(other));
        [one, other] = [tree.extend(one, step), tree.extend(other, step)];
      }
      expect(moves.slice(0, 3)).to.deep.equal(["follow", "follow", "follow"]);
      expect(new Set(moves.slice(3))).to.deep.equal(new Set(["oscillate"]));
      expect(history.branches.length).to.be.at.least(2);
    });
  }

  it("catches one that goes back and forth among three branches", () => {
    const base = tree.extend(tree.root, 3);
    const branches = [1, 2, 3].map(() => tree.extend(base, 2));
    const moves = [...branches, ...branches].map((head) => serve(head));
    expect(moves).to.deep.equal(["follow", "follow", "follow", "follow", "oscillate", "oscillate"]);
  });

  it("forgets returns and branches after a minute", () => {
    const base = tree.extend(tree.root, 3);
    const [one, other] = [tree.extend(base, 2), tree.extend(base, 2)];
    for (const head of [one, other, one, other, one, other]) {
      expect(serve(head, WINDOW_MS)).to.equal("follow");
    }
    // Within the window it is the second return that counts.
    expect(serve(one, WINDOW_MS - 1)).to.equal("follow");
    expect(serve(other, 1)).to.equal("oscillate");
  });

  it("starts anew when it is told to", () => {
    const base = tree.extend(tree.root, 3);
    const [one, other] = [tree.extend(base, 2), tree.extend(base, 2)];
    for (const head of [one, other, one]) serve(head);
    history.forget();
    expect([history.current, history.branches]).to.deep.equal([null, []]);
    for (const head of [other, one, other]) expect(serve(head)).to.equal("follow");
    history.forget();
    // What was ahead before it was forgotten is nothing to be behind of.
    expect(serve(base)).to.equal("follow");
  });

  it("follows what it cannot relate, and calls it no return", () => {
    const elsewhere = new BlockTree(random, 40);
    const one = tree.extend(tree.root, 3);
    for (let round = 0; round < 5; round += 1) {
      expect(serve(elsewhere.root)).to.equal("follow");
      expect(serve(one)).to.equal("follow");
    }
  });

  it("remembers no more than a few branches, whatever it is served", () => {
    const base = tree.extend(tree.root, 3);
    for (let count = 0; count < 500; count += 1) {
      serve(random.below(3) === 0 ? tree.pick() : tree.extend(base, 1 + random.below(2)), random.below(50));
      expect(history.branches.length).to.be.at.most(MAX_LEFT);
    }
    expect(history.branches.length).to.equal(MAX_LEFT);
  });
});
