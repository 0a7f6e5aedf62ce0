import { expect } from "chai";

import { FINAL, FINAL_DEPTH, Fork, type ForkNode } from "../../../helpers/keeper/scenarioFork.ts";
import { Seen } from "../../../../testing/Seen.ts";
import { SourcesRig } from "../../../helpers/keeper/sourcesRig.ts";
import { UNIT } from "../../../helpers/orders.ts";

const USD = 1_000_000n;
const { confirmations } = FINAL;
/** The second node behind a proxy. */
const TWIN = 1;

describe("Scenario over sockets: reorgs and branches", function () {
  this.timeout(60_000);
  let fork: Fork;
  let here: ForkNode;
  let rig: SourcesRig;

  before(async () => {
    fork = await Fork.open(140, 1);
    here = fork.here;
  });

  after(() => fork.close());

  afterEach(() => rig.stop());

  async function start(transports: readonly ("http" | "ws")[], finality = "finalized"): Promise<void> {
    rig = await SourcesRig.start(fork.truth, {
      transports,
      upstreams: [here.node.url, fork.twin.node.url],
      flags: () => ({ finality, ...(finality === "depth" ? {} : { confirmations: String(confirmations) }) }),
    });
    await rig.untilInSync();
  }

  const untilSaid = (what: string): Promise<void> =>
    rig.until(what, () => new Seen(rig.effects, 0).said.at(-1) === what);

  async function mine(count: number): Promise<void> {
    for (let block = 0; block < count; block += 1) {
      await here.mine();
      await rig.untilInSync();
    }
  }

  for (const transport of ["ws", "http"] as const) {
    it(`a reorg drops one deposit and moves another, by ${transport} (A1, A2)`, async () => {
      await start([transport]);
      const before = fork.quoteBy(rig);
      const kept = await fork.signDeposit(7n * USD);
      await here.send("eth_sendRawTransaction", kept);
      await here.mine();
      await here.send("eth_sendRawTransaction", await fork.signDeposit(100n * USD));
      await mine(1);
      expect(fork.quoteBy(rig)).to.equal(before + 107n * UNIT);
      const seen = rig.seen();
      await here.reorg(2, [[kept, 1]]);
      await rig.untilInSync();
      expect(fork.quoteBy(rig)).to.equal(before + 7n * UNIT);
      expect(seen.begun).to.deep.equal([]);
      await rig.expectSound(seen);
    });
  }

  it("a reorg deeper than the confirmations is said, and nothing is signed until it is over (A4)", async () => {
    await start(["ws", "ws", "http"]);
    await mine(FINAL_DEPTH);
    const from = (await here.head()).number;
    const seen = rig.seen();
    await here.reorg(confirmations + 2);
    await rig.untilInSync();
    await mine(from + confirmations - (await here.head()).number);
    expect(seen.alerts("deep-reorg")).to.deep.equal(["critical"]);
    expect(seen.ended).to.not.include("deep-reorg");
    const until = seen.all("condition").length;
    seen.expectUnsigned();
    await mine(2);
    expect(seen.all("condition").length).to.be.greaterThan(until);
    expect(seen.ended).to.include("deep-reorg");
    await rig.expectSound(seen);
  });

  it("a silent rollback is Unknown until others are mined, although no head is pushed (A7)", async () => {
    await start(["ws"]);
    const tip = rig.keeper.books.tip?.hash;
    const seen = rig.seen();
    await here.send("anvil_rollback", 5);
    await untilSaid("Unknown(height-regression)");
    expect(rig.keeper.books.tip?.hash).to.equal(tip);
    expect(seen.all("rolled-back")).to.deep.equal([]);
    const after = rig.seen();
    await rig.until("tags", () => after.all("request").length > 2);
    after.expectUnsigned();
    await here.part(6);
    await rig.untilInSync();
    expect(seen.all("rolled-back").map(({ depth }) => depth)).to.deep.equal([5]);
    seen.expectCalm();
  });

  for (const [name, rule] of [
    ["as each second node of its pool", { method: "*", action: "pool" }],
    // What it says is its newest block it denies when it is asked for it by hash.
    [
      "in each second poll",
      { method: "eth_getBlockByNumber", match: '"latest"', every: 2, action: "upstream", index: TWIN },
    ],
  ] as const) {
    it(`another branch's block ${name} is an equivocation, and the others are followed (A8, A9)`, async () => {
      await start(["http", "ws", "ws"], "depth");
      await fork.twin.part(1 + Math.max(0, (await here.head()).number - (await fork.twin.head()).number));
      await here.mine((await fork.twin.head()).number - (await here.head()).number);
      await rig.untilInSync();
      const seen = rig.seen();
      rig.liar.setRules([rule]);
      await rig.until("equivocation", () => seen.all("equivocation").length > 0);
      const [shown] = seen.all("equivocation");
      expect(shown?.source).to.equal(rig.source(0).id);
      const known = await Promise.all(
        (shown?.heads ?? []).map(async ({ hash }) => (await here.send("eth_getBlockByHash", hash, false)) !== null),
      );
      expect(new Set(known)).to.deep.equal(new Set([true, false]));
      expect(rig.source(0).state).to.equal("suspended");
      await mine(4);
      expect(new Set(seen.said)).to.deep.equal(new Set(["InSync"]));
      await rig.expectSound(seen);
    });

    it(`another branch's block ${name}, and no other source: Unknown, nothing signed (A8)`, async () => {
      await start(["http"], "depth");
      await fork.twin.part(1 + Math.max(0, (await here.head()).number - (await fork.twin.head()).number));
      await here.mine((await fork.twin.head()).number - (await here.head()).number);
      await rig.untilInSync();
      rig.liar.setRules([rule]);
      await untilSaid("Unknown(no-source)");
      const seen = rig.seen();
      await here.mine();
      await fork.twin.mine();
      await rig.until("asked again", () => seen.all("request").length > 3);
      expect(rig.source(0).state).to.equal("suspended");
      seen.expectUnsigned();
    });
  }

  it("a branch without the final block, that one of three serves, is that one's lie (A5)", async () => {
    await start(["ws", "ws", "ws"]);
    await here.mine(FINAL_DEPTH + 4);
    await rig.untilInSync();
    await rig.until("final", () => (rig.keeper.finalBlock?.number ?? 0) > (rig.keeper.books.tip?.number ?? 0) - 10);
    const seen = rig.seen();
    await rig.liar.setUpstream(TWIN);
    await fork.twin.part(2);
    await rig.until("quarantine", () => seen.quarantined.length > 0);
    await mine(3);
    expect(seen.quarantined).to.deep.equal([rig.source(0).id]);
    expect(seen.all("latch")).to.deep.equal([]);
    await rig.expectSound(seen);
  });

  it("a branch without the final block, that all serve, is a consensus fault: latched, nothing signed (A5)", async () => {
    await start(["ws", "http", "ws"]);
    await rig.until("final", () => (rig.keeper.finalBlock?.number ?? 0) > (rig.keeper.books.tip?.number ?? 0) - 10);
    const tip = rig.keeper.books.tip?.hash;
    const seen = rig.seen();
    for (const proxy of rig.proxies) await proxy.setUpstream(TWIN);
    await fork.twin.part((await here.head()).number - (await fork.twin.head()).number + 3);
    await untilSaid("Unknown(consensus-fault)");
    expect(seen.all("latch")).to.have.length(1);
    expect(rig.keeper.books.tip?.hash).to.equal(tip);
    const after = rig.seen();
    for (const proxy of rig.proxies) await proxy.setUpstream(0);
    await here.mine(3);
    await rig.until("heads", () =>
      rig.keeper.sources().some(({ head }) => head?.number === rig.keeper.books.tip?.number),
    );
    await untilSaid("Unknown(consensus-fault)");
    expect(after.said).to.not.include("InSync");
    expect(seen.all("rolled-back")).to.deep.equal([]);
    seen.expectUnsigned();
  });
});
