import { expect } from "chai";

import { PROFILES } from "../../../../keeper/domain/chainProfile.ts";
import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import type { Rpc } from "../../../../testing/Rpc.ts";
import { Fork, type ForkNode } from "../../../helpers/keeper/scenarioFork.ts";
import type { StagedSource } from "../../../../testing/StagedSource.ts";
import { Seen } from "../../../../testing/Seen.ts";

/** Units of the settlement token in a deposit that only the other branch has. */
const ELSEWHERE = 500_000_000n;

describe("Scenario: one source, two branches", function () {
  this.timeout(60_000);
  let fork: Fork;
  let here: ForkNode;
  let lines: Record<"a" | "b" | "c", StagedSource>;

  before(async () => {
    fork = await Fork.open(108, 2);
    here = fork.here;
    // Both go on from one block, each on its own, near enough to be no matter of finality.
    await here.part(2);
    await fork.twin.part(2);
  });

  after(() => fork.close());

  beforeEach(() => {
    lines = fork.lines("a", "b", "c");
  });

  /** Finality is another scenario: here only votes decide. */
  const follow = (rpcs: Readonly<Record<string, Rpc>>): Promise<InProcessKeeper> =>
    fork.keeper(rpcs, { options: { chain: PROFILES.local } });

  /** Each poll of these sources finds the other backend of their pool; both mine on meanwhile. */
  async function poll(driver: InProcessKeeper, count: number, ...pools: StagedSource[]): Promise<void> {
    for (let round = 0; round < count; round += 1) {
      if (round % 2 === 0) {
        await here.mine();
        await fork.twin.mine();
      }
      for (const line of pools) line.rpc = round % 2 === 0 ? fork.twin.rpc : here.rpc;
      await driver.follow();
      await driver.tick(500);
    }
  }

  it("is an equivocation with both heads: its vote is suspended, the others are followed (A8)", async () => {
    const driver = await follow(lines);
    const seen = new Seen(driver.effects);
    const desk = await fork.desk(lines.a);
    await here.mine();
    await fork.depositOn(fork.twin, ELSEWHERE);
    lines.a.rpc = fork.twin.rpc;
    await desk.serve();
    await poll(driver, 8, lines.a);
    const [shown] = seen.all("equivocation");
    expect(shown?.source).to.equal("a");
    expect(seen.begun).to.include("oscillation");
    const onBranches = shown?.heads.map(({ hash }) => hash) ?? [];
    const has = async (node: ForkNode): Promise<boolean> => {
      const found = await Promise.all(onBranches.map((hash) => node.send("eth_getBlockByHash", hash, false)));
      return found.some((block) => block !== null);
    };
    expect([await has(here), await has(fork.twin)]).to.deep.equal([true, true]);
    const after = new Seen(driver.effects);
    await poll(driver, 4, lines.a);
    expect(driver.keeper.sources().find(({ id }) => id === "a")?.state).to.equal("suspended");
    expect(after.said).to.deep.equal(["InSync"]);
    expect(after.reports.every(({ verdict }) => verdict.kind === "InSync" && verdict.isWitnessed)).to.equal(true);
    expect(after.all("rolled-back")).to.deep.equal([]);
    expect(driver.keeper.books.tip?.hash).to.equal((await here.head()).hash);
    seen.expectCalm();
    // Who believes each answer of the pool has paid for what is on the other branch.
    expect(await desk.lossBy(here.rpc)).to.equal(ELSEWHERE);
  });

  it("and no other source: Unknown, nothing signed while it goes back and forth (A8)", async () => {
    const one = fork.lines("a");
    const driver = await follow(one);
    await poll(driver, 6, one.a);
    const seen = new Seen(driver.effects);
    await poll(driver, 8, one.a);
    expect(new Seen(driver.effects, 0).said.at(-1)).to.equal("Unknown(no-source)");
    expect(seen.said).to.not.include("InSync");
    seen.expectUnsigned();
    // It has settled: after a while it is heard again.
    one.a.rpc = here.rpc;
    for (let waitedMs = 0; waitedMs < 12_000; waitedMs += 1_000) await driver.tick(1_000);
    await driver.follow();
    expect(driver.verdict.kind).to.equal("InSync");
    expect(driver.keeper.books.tip?.hash).to.equal((await here.head()).hash);
  });

  it("of two of three leaves one voice: Unknown, nothing signed (A8)", async () => {
    const driver = await follow(lines);
    await poll(driver, 6, lines.a, lines.b);
    const seen = new Seen(driver.effects);
    await poll(driver, 8, lines.a, lines.b);
    expect(seen.said.at(-1)).to.equal("Unknown(no-quorum)");
    expect(seen.said).to.not.include("InSync");
    seen.expectUnsigned();
  });

  it("once there and once back is a reorg and its reverse: no equivocation (A1, A8)", async () => {
    const driver = await follow(lines);
    const seen = new Seen(driver.effects);
    await here.mine();
    await fork.twin.mine(2);
    for (const line of Object.values(lines)) line.rpc = fork.twin.rpc;
    await driver.follow();
    await here.mine(2);
    for (const line of Object.values(lines)) line.rpc = here.rpc;
    await driver.follow();
    expect(seen.all("equivocation")).to.deep.equal([]);
    expect(seen.all("rolled-back")).to.have.length(2);
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    expect(driver.keeper.books.tip?.hash).to.equal((await here.head()).hash);
    seen.expectCalm();
  });

  it("one after another in a long line of reorgs, each to a new branch, is no equivocation (A8)", async () => {
    const driver = await follow(lines);
    const seen = new Seen(driver.effects);
    for (let reorg = 0; reorg < 5; reorg += 1) {
      await here.reorg(1);
      await driver.follow();
      await driver.tick(500);
    }
    expect(seen.all("equivocation")).to.deep.equal([]);
    expect(seen.all("rolled-back")).to.have.length(5);
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    seen.expectCalm();
  });

  it("of its own, valid in everything: the branch that k others serve is followed, the split is said (A9)", async () => {
    lines.a.rpc = fork.twin.rpc;
    const driver = await follow(lines);
    const desk = await fork.desk(lines.a, { confirmations: 1 });
    await fork.depositOn(fork.twin, ELSEWHERE);
    const seen = new Seen(driver.effects);
    for (let block = 0; block < 9; block += 1) {
      // The minority is faster: height is no vote.
      await fork.twin.mine(2);
      await here.mine();
      await driver.follow();
      await driver.tick(1_000);
    }
    expect(new Set(seen.said)).to.deep.equal(new Set(["InSync"]));
    expect(driver.keeper.conditions.map(({ kind }) => kind)).to.deep.equal(["split"]);
    expect(driver.keeper.books.tip?.hash).to.equal((await here.head()).hash);
    expect(seen.all("rolled-back")).to.deep.equal([]);
    expect(seen.attested.length).to.be.greaterThan(0);
    for (const { blockHash } of seen.attestations) {
      expect(await here.send("eth_getBlockByHash", blockHash, false)).to.not.equal(null);
    }
    seen.expectCalm();
    // That all of it is valid is no help to who asks that source alone.
    await desk.serve();
    expect(await desk.lossBy(here.rpc)).to.equal(ELSEWHERE);
  });

  it("each of three, each valid: nobody has k votes, Unknown, nothing signed (A9)", async () => {
    const driver = await follow(lines);
    const third = fork.twins[1]!;
    await third.part(3);
    lines.b.rpc = fork.twin.rpc;
    lines.c.rpc = third.rpc;
    await driver.follow();
    await driver.tick(1_000);
    const seen = new Seen(driver.effects);
    for (let block = 0; block < 9; block += 1) {
      await Promise.all([here, ...fork.twins].map((node) => node.mine()));
      await driver.follow();
      await driver.tick(1_000);
    }
    expect(seen.said).to.not.include("InSync");
    expect(seen.said.at(-1)).to.equal("Unknown(split)");
    seen.expectUnsigned();
  });
});
