import { expect } from "chai";

import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import { FINAL_DEPTH, Fork, type ForkNode } from "../../../helpers/keeper/scenarioFork.ts";
import { atMost } from "../../../../testing/lies.ts";
import { type StagedSource } from "../../../../testing/StagedSource.ts";
import { Seen } from "../../../../testing/Seen.ts";
import { wordsOf } from "../../../helpers/keeper/World.ts";

const REGRESSION = "Unknown(height-regression)";
/** Units of the settlement token in a deposit that is lost with its block. */
const LOST = 500_000_000n;
/** A pool with a node that lags says an ancestor for less than this. */
const PATIENCE_MS = 3_000;

describe("Scenario: a silent rollback", function () {
  this.timeout(60_000);
  let fork: Fork;
  let here: ForkNode;
  let lines: Record<"a" | "b" | "c", StagedSource>;
  let driver: InProcessKeeper;
  let seen: Seen;

  before(async () => {
    fork = await Fork.open(107, 0);
    here = fork.here;
  });

  after(() => fork.close());

  beforeEach(async () => {
    await here.mine(FINAL_DEPTH);
    lines = fork.lines("a", "b", "c");
    driver = await fork.keeper(lines);
    seen = new Seen(driver.effects);
  });

  async function wait(ms: number): Promise<void> {
    for (let waitedMs = 0; waitedMs < ms; waitedMs += 500) {
      await driver.follow();
      await driver.tick(500);
    }
  }

  async function expectRebuilt(): Promise<void> {
    const rebuilt = await fork.keeper(fork.lines("a"), { keys: {} });
    expect(wordsOf(driver.keeper.books)).to.deep.equal(wordsOf(rebuilt.keeper.books));
    expect(driver.keeper.books.tip?.hash).to.equal((await here.head()).hash);
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
  }

  for (const depth of [1, 5, FINAL_DEPTH + 2]) {
    it(`of ${depth} is waited for: Unknown, nothing taken back, nothing signed, until there are others (A7)`, async () => {
      const desk = await fork.desk(here.rpc);
      await fork.depositOn(here, LOST);
      await driver.follow();
      await desk.serve();
      seen = new Seen(driver.effects);
      const from = driver.keeper.books.tip;
      await here.send("anvil_rollback", depth);
      await here.send("anvil_dropAllTransactions");
      await wait(PATIENCE_MS + 1_000);
      expect(seen.said.at(-1)).to.equal(REGRESSION);
      expect(driver.keeper.books.tip?.hash).to.equal(from?.hash);
      expect(seen.all("rolled-back")).to.deep.equal([]);
      seen.expectUnsigned();
      if (depth > FINAL_DEPTH) return;
      await here.part(depth + 1);
      await wait(500);
      expect(seen.all("rolled-back").map((effect) => effect.depth)).to.deep.equal([depth]);
      seen.expectCalm();
      await expectRebuilt();
      // Who waits for new heads and looks at nothing else has paid for what is not there.
      await desk.serve();
      expect(await desk.lossBy(here.rpc)).to.equal(LOST);
    });
  }

  it("from which the node comes back with the same blocks leaves no trace (A7)", async () => {
    const height = (await here.head()).number;
    const back = height - 3;
    for (const line of Object.values(lines)) line.lie = atMost(back);
    await wait(PATIENCE_MS + 1_000);
    expect(seen.said.at(-1)).to.equal(REGRESSION);
    for (const number of [back + 1, back + 2, height]) {
      for (const line of Object.values(lines)) line.lie = atMost(number);
      await wait(500);
    }
    expect(seen.said.at(-1)).to.equal("InSync");
    expect(seen.ended).to.include("height-regression");
    expect(seen.all("rolled-back")).to.deep.equal([]);
    seen.expectCalm();
    await expectRebuilt();
  });

  it("that is short is not said: a pool answers with a node that lags, now and then (A7)", async () => {
    const height = (await here.head()).number;
    for (let poll = 0; poll < 12; poll += 1) {
      for (const line of Object.values(lines)) line.lie = poll % 2 === 0 ? atMost(height - 2) : null;
      await wait(500);
    }
    expect(seen.said.filter((word) => word !== "InSync")).to.deep.equal([]);
    expect(seen.begun).to.deep.equal([]);
    seen.expectCalm();
  });

  it("of one source of three is that source's alone (A7)", async () => {
    lines.a.lie = atMost((await here.head()).number - 5);
    await wait(PATIENCE_MS + 1_000);
    await here.mine();
    await wait(500);
    expect(seen.said).to.deep.equal(["InSync"]);
    expect(seen.begun).to.deep.equal([]);
    expect(driver.keeper.books.tip?.hash).to.equal((await here.head()).hash);
  });

  it("of two sources of three leaves one voice for what is above: Unknown, nothing signed, nothing taken back (A7)", async () => {
    const from = driver.keeper.books.tip;
    const old = (await here.head()).number;
    lines.a.lie = lines.b.lie = atMost(old - 5);
    await wait(PATIENCE_MS + 2_000);
    const after = new Seen(driver.effects);
    await here.mine();
    await wait(2_000);
    expect(after.said).to.deep.equal(["Unknown(no-quorum)"]);
    expect(seen.all("rolled-back")).to.deep.equal([]);
    expect(driver.keeper.books.tip?.number).to.equal((from?.number ?? 0) + 1);
    after.expectUnsigned();
    lines.a.lie = lines.b.lie = null;
    await wait(500);
    await expectRebuilt();
  });
});
