import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "chai";

import { CrashWorld } from "../../../../scripts/crashes/CrashWorld.ts";
import type { KeeperProcess } from "../../../../scripts/crashes/KeeperProcess.ts";

const ACCOUNT = 7n;
const SEED = 11;
const BLOCK_MS = 700;

describe("Scenario: a keeper reads the chain and no transaction of its gets through", function () {
  this.timeout(240_000);
  let world: CrashWorld;
  let keeper: KeeperProcess | null = null;

  before(async () => {
    world = await CrashWorld.open({ seed: SEED });
  });

  beforeEach(() => world.reset());

  afterEach(async () => {
    keeper?.kill();
    await keeper?.ended;
  });

  after(() => world.close());

  const contained = async (child: KeeperProcess): Promise<void> => {
    await world.until("it is contained", () => child.incident?.state === "contained", child);
  };
  const alerts = (child: KeeperProcess): string[] => child.alerts.map(({ event }) => event);

  it("D11: says that no source takes the pause, and contains as soon as one does", async () => {
    keeper = await world.startInSync();
    const child = keeper;
    for (const proxy of world.proxies) proxy.rule("eth_send*: drop");
    const divergent = await world.tamper(ACCOUNT, 1n);
    await world.until("it says so", () => alerts(child).includes("pause-not-taken"), child);
    for (let block = 0; block < 2; block += 1) {
      await world.mine();
      await sleep(BLOCK_MS);
    }
    expect(await world.pausesSince(divergent)).to.deep.equal([]);
    expect(child.incident?.state).to.equal("acting");
    world.proxies[1]?.clear();
    const before = await world.sentBy(0);
    await world.until("the node has the pause", async () => (await world.sentBy(0, "pending")) > before, child);
    await world.mine();
    await contained(child);
    expect(await world.pausesSince(divergent)).to.have.lengthOf(1);
    expect(alerts(child).filter((event) => event === "pause-not-taken")).to.have.lengthOf(1);
  });

  it("D11: needs one source that takes it, and says nothing of the other", async () => {
    keeper = await world.startInSync();
    const child = keeper;
    world.proxies[0]?.rule("eth_send*: drop");
    const divergent = await world.tamper(ACCOUNT, 1n);
    const before = await world.sentBy(0);
    await world.until("the node has the pause", async () => (await world.sentBy(0, "pending")) > before, child);
    await world.mine();
    await contained(child);
    expect(await world.pausesSince(divergent)).to.have.lengthOf(1);
    expect(alerts(child)).to.not.include("pause-not-taken");
  });
});
