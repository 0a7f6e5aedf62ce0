import { expect } from "chai";

import { PROFILES } from "../../../../keeper/domain/chainProfile.ts";
import type { Hex } from "../../../../keeper/lib/hex.ts";
import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import { Fork, type ForkNode } from "../../../helpers/keeper/scenarioFork.ts";
import { atMost } from "../../../../testing/lies.ts";
import { type StagedSource } from "../../../../testing/StagedSource.ts";
import { Seen } from "../../../../testing/Seen.ts";
import { wordsOf } from "../../../helpers/keeper/World.ts";

describe("Scenario: a pause whose cause is orphaned, and the twin liar", function () {
  this.timeout(60_000);
  let fork: Fork;
  let here: ForkNode;
  /** The branch that diverges and loses. */
  let lost: ForkNode;
  let lines: Record<"a" | "b" | "c", StagedSource>;
  let driver: InProcessKeeper;
  let sent: Hex[];

  before(async () => {
    fork = await Fork.openOriginal();
    here = fork.here;
  });

  after(() => fork.close());

  beforeEach(async () => {
    lost = await fork.startTwin();
    await fork.tamper(lost);
    // As high as the truth is by now, so that it can be followed.
    await lost.part((await here.head()).number - (await lost.head()).number + 2);
    lines = fork.lines("a", "b", "c");
    sent = [];
    driver = await fork.keeper(lines, {
      keys: { pause: fork.truth.pauser },
      broadcast: ({ raw }) => Promise.resolve(void sent.push(raw)),
      options: { chain: PROFILES.local },
    });
    await here.part(1);
  });

  async function turn(to: ForkNode, ...names: ("a" | "b" | "c")[]): Promise<void> {
    for (const name of names) {
      lines[name].rpc = to.rpc;
      await driver.hear(name, await to.head());
    }
  }

  /** Whatever was signed for the lost branch is refused here, and nobody is restricted. */
  async function expectRefused(): Promise<void> {
    expect(sent.length).to.be.greaterThan(0);
    for (const raw of sent) await here.send("eth_sendRawTransaction", raw).catch(() => undefined);
    await here.mine(2);
    expect(await fork.truth.flags()).to.equal(0n);
  }

  async function expectHealed(): Promise<void> {
    await driver.follow();
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    expect(driver.keeper.pauses.current).to.equal(null);
    expect(driver.keeper.books.tip?.hash).to.equal((await here.head()).hash);
    const rebuilt = await fork.keeper(fork.lines("a"), { keys: {}, options: { chain: PROFILES.local } });
    expect(wordsOf(driver.keeper.books)).to.deep.equal(wordsOf(rebuilt.keeper.books));
  }

  it("of which the pause is mined again by the branch that won: it reverts there (G8)", async () => {
    // Of a block of its own, so that the reorg can take it and include its pause again.
    await turn(lost, "a", "b", "c");
    const [pause] = sent;
    await lost.send("eth_sendRawTransaction", pause);
    await lost.mine();
    await driver.follow();
    expect(driver.incident?.state).to.equal("contained");
    await here.send("eth_sendRawTransaction", pause);
    await here.mine(3);
    await turn(here, "a", "b", "c");
    expect(driver.incident?.state).to.equal("orphaned");
    await expectRefused();
    await expectHealed();
  });

  it("which one source after another leaves: orphaned with the second, refused by the chain (G8)", async () => {
    await turn(lost, "a", "b", "c");
    expect(driver.incident).to.include({ state: "acting", cause: "unexplained-write" });
    await here.mine(1);
    await turn(here, "a");
    expect(driver.incident?.state).to.equal("acting");
    await turn(here, "b");
    expect(driver.incident?.state).to.equal("orphaned");
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    await expectRefused();
    await turn(here, "c");
    await expectHealed();
  });

  it("which one of three never leaves: what it shows is judged beside, and pauses only its own chain (G7, G8)", async () => {
    await turn(lost, "a", "b", "c");
    await here.mine(2);
    await turn(here, "a", "b");
    const left = new Seen(driver.effects);
    for (let block = 0; block < 6; block += 1) {
      await lost.mine();
      await here.mine();
      await turn(lost, "c");
      await turn(here, "a", "b");
      await driver.tick(1_000);
    }
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    // Whoever invents branches is paid no more than a few pauses.
    expect(left.all("broadcast").filter(({ purpose }) => purpose === "side-pause").length).to.be.at.most(4);
    await expectRefused();
    await turn(here, "c");
    await expectHealed();
  });

  it("which the node loses by a silent rollback: over as soon as another block is there (A7, G8)", async () => {
    await turn(lost, "a", "b", "c");
    const fell = (await lost.head()).number - 2;
    for (const line of Object.values(lines)) line.lie = atMost(fell);
    for (let waitedMs = 0; waitedMs <= 4_000; waitedMs += 500) {
      await driver.follow();
      await driver.tick(500);
    }
    // It was proved of a block that may yet come back.
    expect(driver.verdict.kind).to.equal("Diverged");
    for (const line of Object.values(lines)) [line.rpc, line.lie] = [here.rpc, null];
    await driver.follow();
    expect(driver.incident?.state).to.equal("orphaned");
    await expectRefused();
    await expectHealed();
  });

  it("which only the last of three sources shows, consistent in all: nothing is attested, no pause stays (G7)", async () => {
    const keyed = await fork.keeper(lines, { options: { chain: PROFILES.local } });
    const of = new Seen(keyed.effects);
    lines.c.rpc = lost.rpc;
    for (const source of ["a", "b"] as const) {
      lines[source].isDead = true;
      await keyed.deliver({ type: "source-down", source, reason: "cut off", nowMs: keyed.nowMs });
    }
    for (let block = 0; block < 9; block += 1) {
      await lost.mine();
      await keyed.hear("c", await lost.head());
      await keyed.tick(1_000);
    }
    expect(of.said).to.not.include("InSync");
    expect(of.attested).to.deep.equal([]);
    for (const { raw } of of.all("broadcast")) sent.push(raw);
    await expectRefused();
    lines.a.isDead = lines.b.isDead = false;
    await keyed.follow();
    expect(keyed.verdict).to.include({ kind: "InSync", isWitnessed: true });
    expect(keyed.incident?.state).to.equal("orphaned");
  });

  it("which comes again in a branch of its own: another incident, for a block that is of this chain (G8)", async () => {
    await turn(lost, "a", "b", "c");
    const first = driver.incident?.id;
    await here.mine(1);
    await turn(here, "a", "b", "c");
    expect(driver.incident?.state).to.equal("orphaned");
    await fork.tamper(here);
    await driver.follow();
    expect(driver.incident).to.include({ state: "acting", blockNumber: (await here.head()).number });
    expect(driver.incident?.id).to.not.equal(first);
    await here.send("eth_sendRawTransaction", sent.at(-1));
    await here.mine();
    await driver.follow();
    expect(driver.incident?.state).to.equal("contained");
    expect(await fork.truth.flags()).to.equal(3n);
  });
});
