import { expect } from "chai";

import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import type { CoreOrder } from "../../../keeper/domain/Order.ts";
import { resume } from "../../helpers/guard.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { World } from "../../helpers/keeper/World.ts";

const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);

describe("Orders", function () {
  this.timeout(60_000);
  let world: World;
  let count = 0;

  beforeEach(async () => {
    world = await World.open({ keeperCount: 4 });
  });

  afterEach(() => world.close());

  async function order(
    driver: InProcessKeeper,
    what: CoreOrder,
  ): Promise<{ readonly ok: boolean; readonly detail: string }> {
    count += 1;
    const id = `order ${count}`;
    await driver.deliver({ type: "order", id, order: what, nowMs: driver.nowMs });
    const done = driver.all("order-done").filter((effect) => effect.id === id);
    expect(done).to.have.length(1);
    return done[0]!;
  }

  it("pauses new risk for the newest block, closes by itself, and leaves the key's budget for proved books alone", async () => {
    const driver = world.keeper();
    await driver.follow();
    const { ok } = await order(driver, { kind: "pause", reason: "exchange XY is on fire" });
    expect(ok).to.equal(true);
    await driver.follow();
    expect(await world.flags()).to.equal(3n);
    expect(driver.verdict.kind).to.equal("InSync");
    const states = driver.all("incident").map(({ report }) => `${report.cause} ${report.state}`);
    expect([...new Set(states)]).to.deep.equal([
      "ordered opened",
      "ordered acting",
      "ordered contained",
      "ordered resuming",
    ]);
    // What is proved afterwards is an incident of its own, which the restriction that stands contains already.
    await world.tamper("PositionLedger", TAMPERED, 1n);
    await world.mine();
    await driver.follow();
    expect(driver.incident).to.include({ cause: "unexplained-write", state: "contained" });
  });

  it("says why it does not pause", async () => {
    const fresh = world.keeper();
    expect(await order(fresh, { kind: "pause", reason: "x" })).to.include({ ok: false });
    const keyless = world.keeper({ keys: {} });
    await keyless.follow();
    expect((await order(keyless, { kind: "pause", reason: "x" })).detail).to.include("no pause key");
    const watching = world.keeper({ policy: { mode: "watch" } });
    await watching.follow();
    expect((await order(watching, { kind: "pause", reason: "x" })).detail).to.include("watch");
    expect([keyless.hasSigned, watching.hasSigned]).to.deep.equal([false, false]);
  });

  it("closes nothing that still differs, and nothing that it does not know", async () => {
    const driver = world.keeper();
    await driver.follow();
    await world.tamper("PositionLedger", TAMPERED, 1n);
    await world.mine();
    await driver.follow();
    const { id } = driver.incident!;
    const refused = await order(driver, { kind: "close-incident", incidentId: id, reason: "looks fine" });
    expect(refused).to.deep.include({ ok: false });
    expect(refused.detail).to.include("mended first");
    expect(driver.incident?.state).to.equal("contained");
    const unknown = await order(driver, { kind: "close-incident", incidentId: "0x12", reason: "x" });
    expect(unknown.detail).to.include("no open incident");
  });

  it("closes an incident that is mended before the guard is resumed", async () => {
    const driver = world.keeper();
    await driver.follow();
    await order(driver, { kind: "pause", reason: "drill" });
    await driver.follow();
    const { id } = driver.incident!;
    expect(await order(driver, { kind: "close-incident", incidentId: id, reason: "over" })).to.include({ ok: true });
    expect(driver.incident).to.include({ id, state: "closed" });
    const before = driver.all("incident").length;
    await resume(world.system);
    await driver.follow();
    expect(driver.all("incident")).to.have.length(before);
  });
});
