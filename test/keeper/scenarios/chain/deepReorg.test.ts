import { expect } from "chai";

import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import { FINAL, FINAL_DEPTH, Fork, type ForkNode } from "../../../helpers/keeper/scenarioFork.ts";
import { Seen } from "../../../../testing/Seen.ts";
import { wordsOf } from "../../../helpers/keeper/World.ts";

const { confirmations } = FINAL;
/** Units of the settlement token in a deposit that a reorg takes away. */
const LOST = 500_000_000n;

describe("Scenario: a reorg deeper than the confirmations, above what is final", function () {
  this.timeout(60_000);
  let fork: Fork;
  let here: ForkNode;
  let driver: InProcessKeeper;

  before(async () => {
    fork = await Fork.open(102, 0);
    here = fork.here;
  });

  after(() => fork.close());

  beforeEach(async () => {
    driver = await fork.keeper(fork.lines("a", "b", "c"));
  });

  async function mineAndFollow(count: number): Promise<void> {
    for (let block = 0; block < count; block += 1) {
      await here.mine();
      await driver.follow();
      await driver.tick(1_000);
    }
  }

  async function expectRebuilt(): Promise<void> {
    const rebuilt = await fork.keeper(fork.lines("a"), { keys: {} });
    expect(wordsOf(driver.keeper.books)).to.deep.equal(wordsOf(rebuilt.keeper.books));
    expect(driver.keeper.books.tip?.hash).to.equal((await here.head()).hash);
  }

  it("is not deep when exactly as many blocks are replaced as are normal (A4)", async () => {
    await mineAndFollow(FINAL_DEPTH);
    const seen = new Seen(driver.effects);
    await here.reorg(confirmations);
    await driver.follow();
    expect(seen.all("rolled-back").map(({ depth }) => depth)).to.deep.equal([confirmations]);
    expect(seen.begun).to.deep.equal([]);
    seen.expectCalm();
  });

  for (const depth of [confirmations + 1, FINAL_DEPTH]) {
    it(`of depth ${depth} is said at once, and nothing is signed until it lies deep enough (A4)`, async () => {
      await mineAndFollow(FINAL_DEPTH + 1);
      const desk = await fork.desk(here.rpc, { confirmations });
      await fork.depositOn(here, LOST);
      await mineAndFollow(confirmations);
      await desk.serve();
      const from = (await here.head()).number;
      const seen = new Seen(driver.effects);
      await here.reorg(depth);
      await driver.follow();
      expect(seen.all("rolled-back").map((effect) => effect.depth)).to.deep.equal([depth]);
      expect(seen.begun).to.deep.equal(["deep-reorg"]);
      expect(seen.alerts("deep-reorg")).to.deep.equal(["critical"]);
      // What the books say is right: it is only too early to sign it.
      expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
      await mineAndFollow(from + confirmations - (await here.head()).number);
      expect(seen.ended).to.deep.equal([]);
      seen.expectUnsigned();
      await mineAndFollow(1);
      expect(seen.ended).to.deep.equal(["deep-reorg"]);
      await mineAndFollow(FINAL_DEPTH);
      expect(seen.attested.length).to.be.greaterThan(0);
      // The round that is signed then may have begun before: it is of the branch that replaced the other.
      expect(Math.min(...seen.attested)).to.be.greaterThan(from - depth);
      seen.expectCalm();
      await expectRebuilt();
      // Who counts confirmations and is done then has paid for what is not there.
      await desk.serve();
      expect(await desk.lossBy(here.rpc)).to.equal(LOST);
    });
  }

  it("and a second, shallower one from lower down: the first is not over sooner for that (A4)", async () => {
    await mineAndFollow(FINAL_DEPTH + 1);
    const seen = new Seen(driver.effects);
    const from = (await here.head()).number;
    await here.send("anvil_reorg", FINAL_DEPTH - 1, []);
    await here.send("anvil_rollback", 3);
    await here.mine();
    await driver.follow();
    await here.reorg(confirmations + 1);
    await driver.follow();
    expect((await here.head()).number).to.be.lessThan(from + confirmations);
    await mineAndFollow(from + confirmations - (await here.head()).number);
    seen.expectUnsigned();
    expect(seen.ended).to.deep.equal([]);
    await mineAndFollow(1);
    expect(seen.ended).to.deep.equal(["deep-reorg"]);
    await expectRebuilt();
  });

  it("that two of three sources serve is followed and said, the third is left behind and says nothing (A4)", async () => {
    await mineAndFollow(FINAL_DEPTH + 1);
    const seen = new Seen(driver.effects);
    await here.reorg(confirmations + 2);
    const head = await here.head();
    await driver.hear("a", head);
    expect(seen.begun).to.deep.equal([]);
    await driver.hear("b", head);
    expect(seen.begun).to.include("deep-reorg");
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    seen.expectUnsigned();
    await driver.hear("c", head);
    await expectRebuilt();
  });

  it("takes a pause away but not its cause: the pause is sent again, for the new head (A4, G8)", async () => {
    const acting = await fork.keeper(fork.lines("a", "b", "c"), { keys: { pause: fork.truth.pauser } });
    await fork.tamper(here);
    const cause = (await here.head()).number;
    await acting.follow();
    await here.mine(confirmations + 1);
    await acting.follow();
    expect(acting.incident).to.include({ blockNumber: cause });
    const sent = acting.all("broadcast").length;
    expect(sent).to.be.greaterThan(0);
    await here.reorg(confirmations + 1);
    await acting.follow();
    expect(acting.keeper.conditions.map(({ kind }) => kind)).to.include("deep-reorg");
    expect(acting.verdict.kind).to.equal("Diverged");
    expect(acting.all("broadcast").length).to.be.greaterThan(sent);
    expect(acting.incident).to.include({ state: "acting", blockNumber: cause });
  });
});
