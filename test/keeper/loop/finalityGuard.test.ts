import { expect } from "chai";

import { Ancestry } from "../../../keeper/chain/agree/Ancestry.ts";
import type { ServedHead } from "../../../keeper/chain/agree/Votes.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import type { Agreement } from "../../../keeper/loop/Agreement.ts";
import { Canonical } from "../../../keeper/loop/Canonical.ts";
import { newBlock, type FetchedBlock } from "../../../keeper/loop/FetchedBlock.ts";
import { FinalityGuard, type Linked } from "../../../keeper/loop/FinalityGuard.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { BlockTree, lineOf, type TreeBlock } from "../../helpers/keeper/blockTree.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

const TREES = 60;
const TRIALS = 60;

/** Whether one of two blocks is the other or lies below it. */
const isOneLine = (one: TreeBlock, other: TreeBlock): boolean =>
  lineOf(one).includes(other) || lineOf(other).includes(one);

/** What the guard looks at: books on one branch of a tree, a final block, and whose heads are served. */
class Desk {
  /** Sources that were said to contradict the final block. */
  readonly blamed: string[] = [];
  readonly guard: FinalityGuard;
  readonly #canonical: Canonical;

  /**
   * @param tip newest block of the books; null for empty ones
   * @param knows headers that are known beside those of the books
   * @param depth blocks that the books hold
   */
  constructor(
    tree: BlockTree,
    options: {
      readonly tip: TreeBlock | null;
      readonly final: TreeBlock | null;
      readonly heads: ReadonlyMap<string, ServedHead>;
      readonly knows?: (block: TreeBlock) => boolean;
      readonly depth?: number;
    },
  ) {
    const { tip, final, heads, knows = () => true, depth = 8_192 } = options;
    this.#canonical = new Canonical(depth);
    for (const { number, hash, parent } of tip === null ? [] : lineOf(tip).reverse()) {
      const header = { number, parentHash: parent?.hash ?? "0x" } as unknown as FetchedBlock["header"];
      this.#canonical.push(Object.assign(newBlock(hash, false, 0), { header }));
    }
    const header = tree.headers(knows);
    const ancestry = new Ancestry(
      (hash) => header(hash) ?? this.#canonical.link(hash),
      (number) => this.#canonical.at(number),
    );
    const agreement: Partial<Agreement> = {
      finality: { final } as unknown as Agreement["finality"],
      ancestry,
      sourcesWhose: (fulfils) => [...heads].flatMap(([source, head]) => (fulfils(head) ? [source] : [])),
      contradict: (sources) => void this.blamed.push(...sources),
    };
    this.guard = new FinalityGuard({
      canonical: this.#canonical,
      agreement: agreement as Agreement,
    });
  }

  /** The way from the books to a block. */
  linked({ hash, number }: TreeBlock, line: readonly TreeBlock[]): Linked {
    const above = line.findIndex((block) => this.#canonical.has(block.hash));
    const way = above < 0 ? line : line.slice(0, above);
    const hashes = way.map((block) => block.hash).reverse();
    const leaf = { hash, number, votes: 1, sources: [] };
    return { leaf, base: above < 0 ? null : line[above]!.hash, hashes };
  }

  refuses(leaf: TreeBlock): boolean {
    return this.guard.refuse([this.linked(leaf, lineOf(leaf))], 0).has(leaf.hash);
  }
}

describe("FinalityGuard", () => {
  const seed = chooseSeed(223);

  /** Random books, final blocks, branches and heads; all headers of the branch are known, as of every linked one. */
  function forRandomBranches(
    share: number,
    check: (desk: Desk, final: TreeBlock, leaf: TreeBlock, heads: ReadonlyMap<string, TreeBlock>) => void,
  ): void {
    const random = new SeededRandom(seed);
    for (let count = 0; count < TREES; count += 1) {
      const tree = BlockTree.random(random, 40);
      for (let trial = 0; trial < TRIALS; trial += 1) {
        const [tip, final, leaf] = [tree.pick(), tree.pick(), tree.pick()];
        const heads = new Map(["a", "b", "c"].map((source) => [source, tree.pick()]));
        const shown = new Set([...lineOf(leaf), ...tree.blocks.filter(() => random.below(100) < share)]);
        const isEmpty = random.below(8) === 0;
        const knows = (block: TreeBlock): boolean => shown.has(block);
        check(new Desk(tree, { tip: isEmpty ? null : tip, final, heads, knows }), final, leaf, heads);
      }
    }
  }

  it("refuses exactly the branches that go another way than the final block, where all headers are known", () => {
    const seen = { refused: 0, kept: 0 };
    forRandomBranches(100, (desk, final, leaf) => {
      const isRefused = desk.refuses(leaf);
      expect(isRefused).to.equal(!isOneLine(final, leaf));
      seen[isRefused ? "refused" : "kept"] += 1;
    });
    expect(Math.min(seen.refused, seen.kept)).to.be.greaterThan(100);
  });

  for (const share of [0, 30, 70]) {
    it(`refuses none that may lead to it, nor blames who serves what may, where ${share} % of headers are known`, () => {
      let refused = 0;
      forRandomBranches(share, (desk, final, leaf, heads) => {
        if (desk.refuses(leaf)) {
          refused += 1;
          expect(isOneLine(final, leaf)).to.equal(false);
        }
        for (const source of desk.blamed) expect(isOneLine(final, heads.get(source)!)).to.equal(false);
      });
      expect(refused).to.be.greaterThan(100);
    });
  }

  it("blames each source whose head is on the other way, where all headers are known, and nobody else", () => {
    let blamed = 0;
    forRandomBranches(100, (desk, final, leaf, heads) => {
      const way = [leaf.hash, ...desk.linked(leaf, lineOf(leaf)).hashes];
      const isRefused = desk.refuses(leaf);
      const expected = [...heads].filter(([, head]) => way.includes(head.hash) && !isOneLine(final, head));
      expect(desk.blamed).to.deep.equal(isRefused ? expected.map(([source]) => source) : []);
      blamed += desk.blamed.length;
    });
    expect(blamed).to.be.greaterThan(100);
  });

  describe("of a final block far above the books", () => {
    const tree = new BlockTree(new SeededRandom(seed));
    const old = tree.extend(tree.root, 30);
    const final = tree.extend(old, 260);
    const other = tree.add(old);
    const heads = new Map<string, ServedHead>([
      ["lagging", old],
      ["liar", other],
    ]);

    it("refuses no old block, nor an invented one, while the headers between are not known", () => {
      const between = new Set(lineOf(final).filter(({ number }) => number > old.number && number < final.number));
      const desk = new Desk(tree, { tip: old, final, heads, knows: (block) => !between.has(block) });
      expect([old, other].map((leaf) => desk.refuses(leaf))).to.deep.equal([false, false]);
      expect(desk.blamed).to.deep.equal([]);
    });

    it("refuses the invented one as soon as they are, and blames its source alone", () => {
      const desk = new Desk(tree, { tip: old, final, heads });
      expect([old, other].map((leaf) => desk.refuses(leaf))).to.deep.equal([false, true]);
      expect(desk.blamed).to.deep.equal(["liar"]);
    });

    it("refuses a branch that reaches its height without it, whatever is known", () => {
      const long = tree.extend(other, 260);
      const served = new Map<string, ServedHead>([
        ["liar", long],
        ["lagging", old],
      ]);
      const between = new Set(lineOf(final).filter(({ number }) => number > old.number && number < final.number));
      const desk = new Desk(tree, { tip: old, final, heads: served, knows: (block) => !between.has(block) });
      expect(desk.refuses(long)).to.equal(true);
      expect(desk.blamed).to.deep.equal(["liar"]);
    });
  });

  describe("of a final block that the books have let go of", () => {
    const tree = new BlockTree(new SeededRandom(seed));
    const tip = tree.extend(tree.root, 20);
    const line = lineOf(tip).reverse();
    const final = line[5]!;
    const head = tree.extend(tip, 2);
    const around = tree.extend(line[3]!, 30);
    const deskOf = (): Desk => new Desk(tree, { tip, final, heads: new Map([["liar", around]]), depth: 4 });

    it("refuses a branch around all that they hold, and none on top of what they hold", () => {
      const desk = deskOf();
      expect([desk.refuses(head), desk.refuses(line[18]!)]).to.deep.equal([false, false]);
      expect(desk.blamed).to.deep.equal([]);
      expect(desk.refuses(around)).to.equal(true);
      expect(desk.blamed).to.deep.equal(["liar"]);
    });
  });

  it("refuses nothing before there is a final block", () => {
    const random = new SeededRandom(seed + 1);
    const tree = BlockTree.random(random, 40);
    const desk = new Desk(tree, { tip: tree.pick(), final: null, heads: new Map([["a", tree.pick()]]) });
    for (const block of tree.blocks) expect(desk.refuses(block)).to.equal(false);
    expect([desk.blamed, desk.guard.isBelow(tree.root.hash), desk.guard.isBelow(null)]).to.deep.equal([
      [],
      false,
      false,
    ]);
  });

  it("calls blocks of the books below a final one that they hold, and none below one that they do not", () => {
    const tree = new BlockTree(new SeededRandom(seed));
    const tip = tree.extend(tree.root, 9);
    const line: Hash[] = lineOf(tip)
      .map(({ hash }) => hash)
      .reverse();
    const within = new Desk(tree, { tip, final: lineOf(tip)[5]!, heads: new Map() });
    expect(line.map((hash) => within.guard.isBelow(hash))).to.deep.equal(line.map((_, number) => number < 4));
    expect(within.guard.isBelow(null)).to.equal(true);
    const beyond = new Desk(tree, { tip, final: tree.add(tip), heads: new Map() });
    expect([...line, null].some((hash) => beyond.guard.isBelow(hash))).to.equal(false);
  });
});
