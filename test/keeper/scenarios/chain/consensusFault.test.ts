import { expect } from "chai";

import type { Hash } from "../../../../keeper/lib/hex.ts";
import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import { readHeadOf } from "../../../../testing/Rpc.ts";
import { FINAL_DEPTH, Fork, type ForkNode } from "../../../helpers/keeper/scenarioFork.ts";
import { atMost } from "../../../../testing/lies.ts";
import { type StagedSource } from "../../../../testing/StagedSource.ts";
import { Seen } from "../../../../testing/Seen.ts";

const FAULT = "Unknown(consensus-fault)";
/** Units of the settlement token in a deposit that only the twin has. */
const LOST = 500_000_000n;

describe("Scenario: a branch without a block that was final", function () {
  this.timeout(60_000);
  let fork: Fork;
  let here: ForkNode;
  let lines: Record<"a" | "b" | "c", StagedSource>;
  let driver: InProcessKeeper;
  let seen: Seen;
  let tip: Hash | undefined;

  before(async () => {
    fork = await Fork.open(105, 1);
    here = fork.here;
    await here.mine(FINAL_DEPTH + 4);
    await fork.twin.part(FINAL_DEPTH + 8);
  });

  after(() => fork.close());

  beforeEach(async () => {
    lines = fork.lines("a", "b", "c");
    driver = await fork.keeper(lines);
    tip = driver.keeper.books.tip?.hash;
    expect(driver.keeper.finalBlock?.number).to.equal((await here.head()).number - FINAL_DEPTH);
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    seen = new Seen(driver.effects);
  });

  /** Points sources to the twin and lets the keeper hear of it. */
  async function turn(...names: ("a" | "b" | "c")[]): Promise<void> {
    for (const name of names) {
      lines[name].rpc = fork.twin.rpc;
      await driver.hear(name, await fork.twin.head());
    }
  }

  function expectFault(): void {
    expect(seen.said.at(-1)).to.equal(FAULT);
    expect(seen.all("latch")).to.have.length(1);
    expect(seen.alerts("consensus-fault")).to.deep.equal(["critical"]);
    expect(seen.begun).to.include("consensus-fault");
    expect(seen.all("rolled-back")).to.deep.equal([]);
    expect(driver.keeper.books.tip?.hash).to.equal(tip);
    seen.expectUnsigned();
  }

  function expectNoFault(): void {
    expect(seen.all("latch")).to.deep.equal([]);
    expect(seen.begun).to.not.include("consensus-fault");
    expect(seen.said).to.not.include(FAULT);
    seen.expectCalm();
  }

  it("that all serve at once is a consensus fault: latched, nothing followed, nothing signed, for good (A5)", async () => {
    const desk = await fork.desk(lines.a, { tag: "finalized" });
    await fork.depositOn(fork.twin, LOST);
    await fork.twin.mine(FINAL_DEPTH);
    for (const line of Object.values(lines)) line.rpc = fork.twin.rpc;
    await desk.serve();
    await driver.follow();
    expectFault();
    // That the sources come back changes nothing: a human decides.
    for (const line of Object.values(lines)) line.rpc = here.rpc;
    for (let block = 0; block < 9; block += 1) {
      await here.mine();
      await driver.follow();
      await driver.tick(1_000);
    }
    expect(new Set(seen.said)).to.deep.equal(new Set([FAULT]));
    expect(seen.all("latch")).to.have.length(1);
    seen.expectUnsigned();
    // Who waits for what one source calls final, and no more, has paid for what is not there.
    expect(await desk.lossBy(here.rpc)).to.equal(LOST);
  });

  for (const gapMs of [0, 300, 700, 1_600]) {
    it(`that they serve one after the other, ${gapMs} ms apart, is one with the second operator (A5)`, async () => {
      await turn("a");
      expectNoFault();
      for (let waitedMs = 0; waitedMs < gapMs; waitedMs += 100) await driver.tick(100);
      await turn("b");
      for (let waitedMs = 0; waitedMs < 3_000; waitedMs += 100) await driver.tick(100);
      expectFault();
    });
  }

  it("that one of three serves is its own lie: it is quarantined, the others are followed and signed (A5)", async () => {
    await turn("a");
    for (let waitedMs = 0; waitedMs < 5_000; waitedMs += 100) await driver.tick(100);
    expect(seen.quarantined).to.deep.equal(["a"]);
    for (let block = 0; block < 9; block += 1) {
      await here.mine();
      await driver.follow();
      await driver.tick(100);
    }
    expectNoFault();
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    expect(driver.keeper.books.tip?.hash).to.equal((await here.head()).hash);
    expect(seen.attested.length).to.be.greaterThan(0);
  });

  it("that is shorter than what was final is one as well (A5)", async () => {
    const final = driver.keeper.finalBlock?.number ?? 0;
    await fork.twin.mine(FINAL_DEPTH + 4);
    for (const name of ["a", "b"] as const) {
      Object.assign(lines[name], { rpc: fork.twin.rpc, lie: atMost(final - 1) });
      await driver.hear(name, await readHeadOf(lines[name]));
    }
    await driver.tick(100);
    expectFault();
  });

  it("that is only the way to it is none: all have lost blocks, and say so until they are back (A5, A7)", async () => {
    const held = (await here.head()).number - FINAL_DEPTH - 2;
    for (const line of Object.values(lines)) line.lie = atMost(held);
    await driver.follow();
    await driver.tick(3_000);
    await driver.tick(100);
    expect(seen.said.at(-1)).to.equal("Unknown(height-regression)");
    expect(driver.keeper.books.tip?.hash).to.equal(tip);
    seen.expectUnsigned();
    for (const line of Object.values(lines)) line.lie = null;
    await driver.follow();
    expect(seen.said.at(-1)).to.equal("InSync");
    expectNoFault();
  });

  it("that two of four serve is none, for two are no majority of four (A5)", async () => {
    const four = fork.lines("a", "b", "c", "d");
    const wide = await fork.keeper(four);
    const of = new Seen(wide.effects);
    four.a.rpc = four.b.rpc = fork.twin.rpc;
    await wide.follow();
    for (let waitedMs = 0; waitedMs < 5_000; waitedMs += 100) await wide.tick(100);
    expect(of.all("latch")).to.deep.equal([]);
    expect(of.all("rolled-back")).to.deep.equal([]);
    expect(of.quarantined).to.deep.equal(["a", "b"]);
    of.expectUnsigned();
  });

  it("that the only operator serves is one: it contradicts itself (A5)", async () => {
    const alone = fork.lines("a");
    const keeper = await fork.keeper(alone);
    const of = new Seen(keeper.effects);
    alone.a.rpc = fork.twin.rpc;
    await keeper.follow();
    expect(of.said).to.deep.equal([FAULT]);
    expect(of.all("latch")).to.have.length(1);
    of.expectUnsigned();
  });

  it("that appears while the books are still below it is one: not followed for that (A5)", async () => {
    await here.send("eth_sendRawTransaction", await fork.signDeposit(1_000_000n));
    await here.mine(FINAL_DEPTH + 2);
    // Blocks can be known and called final before their logs can be had.
    const withoutLogs: StagedSource["lie"] = (method, params, ask) => {
      if (/Receipt/.test(method)) throw new Error("not now");
      return ask(method, params);
    };
    for (const line of Object.values(lines)) line.lie = withoutLogs;
    await driver.follow();
    await driver.tick(1_000);
    expect(driver.keeper.books.tip?.hash).to.equal(tip);
    const final = driver.keeper.finalBlock?.number ?? 0;
    expect(final).to.be.greaterThan(driver.keeper.books.tip?.number ?? 0);
    await fork.twin.part(FINAL_DEPTH);
    for (const line of Object.values(lines)) [line.rpc, line.lie] = [fork.twin.rpc, null];
    await driver.follow();
    await driver.tick(1_000);
    expectFault();
  });

  it("by one block more than a reorg may take: exactly as deep as the final block is a fault (A5)", async () => {
    await here.reorg(FINAL_DEPTH + 1);
    await driver.follow();
    expectFault();
  });
});
