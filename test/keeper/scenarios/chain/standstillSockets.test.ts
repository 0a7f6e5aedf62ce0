import { expect } from "chai";

import { ChaosRpc } from "../../../../scripts/chaos/ChaosRpc.ts";
import { FINAL_DEPTH, Fork, type ForkNode } from "../../../helpers/keeper/scenarioFork.ts";
import { Seen } from "../../../../testing/Seen.ts";
import { ServiceRig } from "../../../helpers/keeper/ServiceRig.ts";

/** Of Ethereum's profile. */
const STALL_MS = 1_800_000;
const HALT_MS = 120_000;
const POLL_MS = 12_000;

describe("Scenario over sockets: finality or the chain stands still", function () {
  this.timeout(60_000);
  let fork: Fork;
  let here: ForkNode;
  let proxies: ChaosRpc[];
  let rig: ServiceRig;
  /** How far the keeper's clock is ahead of this machine's. */
  let aheadMs: number;

  before(async () => {
    fork = await Fork.open(142, 0);
    here = fork.here;
  });

  after(() => fork.close());

  beforeEach(async () => {
    aheadMs = 0;
    proxies = await Promise.all([0, 1, 2].map(() => ChaosRpc.start({ upstreams: [here.node.url] })));
    rig = await ServiceRig.start({
      sources: proxies.map(({ wsUrl }) => wsUrl),
      deployment: fork.truth.market.chain.deployment,
      checkpointIntervalSeconds: 1,
      flags: { profile: "ethereum", finality: "finalized" },
      now: () => performance.now() + aheadMs,
    });
    await mine(1);
  });

  afterEach(async () => {
    await rig.stop();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  async function mine(count: number): Promise<void> {
    await here.mine(count);
    await rig.untilInSync((await here.head()).number);
  }

  it("finality pinned while heads move: the stall is said, InSync goes on, nothing is signed or paused (A11)", async () => {
    aheadMs += POLL_MS;
    await rig.until("finality", () => rig.all("finality").length > 0);
    const pinned = (await here.head()).number - FINAL_DEPTH;
    for (const proxy of proxies) proxy.setRules([{ action: "pin", tag: "finalized", to: pinned }]);
    const seen = new Seen(rig.effects);
    aheadMs += STALL_MS;
    await rig.until("stall", () => seen.begun.includes("finality-stall"));
    await mine(1);
    const after = new Seen(rig.effects);
    for (let block = 0; block < 9; block += 1) await mine(1);
    expect(after.said).to.deep.equal(["InSync"]);
    after.expectUnsigned();
    expect(seen.ended).to.not.include("finality-stall");
    for (const proxy of proxies) proxy.clear();
    aheadMs += HALT_MS / 2;
    await rig.until("over", () => seen.ended.includes("finality-stall"));
    seen.expectCalm();
  });

  it("no blocks for long is a halt: Unknown, nothing signed; then a burst is caught up with (A12, A13)", async () => {
    const { number } = await here.head();
    const seen = new Seen(rig.effects);
    aheadMs += HALT_MS;
    await rig.until("halt", () => seen.said.at(-1) === "Unknown(halted-chain)");
    expect(seen.begun).to.include("halted-chain");
    const after = new Seen(rig.effects);
    aheadMs += HALT_MS;
    await rig.until("asked", () => after.all("request").length > 3);
    after.expectCalm();
    // What was decided before may be on its way: a signature that waits for the journal, a transaction that is sent again.
    expect(after.attested.filter((height) => height > number)).to.deep.equal([]);
    await mine(40);
    expect(seen.ended).to.include("halted-chain");
    expect(seen.said.at(-1)).to.equal("InSync");
    seen.expectCalm();
  });
});
