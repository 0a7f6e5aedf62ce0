import { expect } from "chai";

import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { readRemembered, type Remembered } from "../../../keeper/loop/Remembered.ts";
import type { IncidentReport } from "../../../keeper/loop/ports.ts";
import { readHead, resume } from "../../helpers/guard.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { World } from "../../helpers/keeper/World.ts";

const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);

describe("What an earlier run left of its incidents", function () {
  this.timeout(60_000);
  let world: World;

  beforeEach(async () => {
    world = await World.open({ keeperCount: 4 });
  });

  afterEach(() => world.close());

  const recordsOf = (driver: InProcessKeeper): Remembered =>
    readRemembered(driver.all("journal").map(({ kind, body }) => ({ kind, body })));
  const statesOf = (driver: InProcessKeeper): string[] => [
    ...new Set(driver.all("incident").map(({ report }) => `${report.id} ${report.state}`)),
  ];

  it("is closed by the next run when the guard has resumed, and reminded of until then", async () => {
    const before = world.keeper();
    await before.follow();
    await before.deliver({ type: "order", id: "1", order: { kind: "pause", reason: "drill" }, nowMs: 1 });
    await before.follow();
    expect(before.incident?.state).to.equal("resuming");
    const { id } = before.incident!;
    const after = world.keeper({ options: { remembered: recordsOf(before) } });
    await after.follow();
    expect(statesOf(after)).to.deep.equal([`${id} resuming`]);
    await resume(world.system);
    await after.follow();
    expect(statesOf(after)).to.deep.equal([`${id} resuming`, `${id} closed`]);
    // The run after that knows that it is over.
    const all = [...before.all("journal"), ...after.all("journal")].map(({ kind, body }) => ({ kind, body }));
    const last = world.keeper({ options: { remembered: readRemembered(all) } });
    await last.follow();
    expect(statesOf(last)).to.deep.equal([]);
  });

  it("is orphaned when its block is gone, and mended when nothing differs any more", async () => {
    const { number: blockNumber, hash } = await readHead(world.system);
    await world.mine(2);
    const report: IncidentReport = {
      ...{ id: `0x${"a1".repeat(32)}`, state: "contained", cause: "illegal", contract: "PositionLedger" },
      ...{ blockNumber, blockHash: hash as `0x${string}`, detail: "x", transaction: null, containedIn: null },
    };
    const gone: IncidentReport = { ...report, id: `0x${"a2".repeat(32)}`, blockHash: `0x${"ee".repeat(32)}` };
    const incidents = new Map([report, gone].map((one) => [one.id, one] as const));
    const driver = world.keeper({ options: { remembered: { bids: [], incidents } } });
    await driver.follow();
    const states = new Map(driver.all("incident").map(({ report: { id, state } }) => [id, state]));
    expect([states.get(report.id), states.get(gone.id)]).to.deep.equal(["closed", "orphaned"]);
  });

  it("is the same incident when its block can no longer be proved and a later one shows it", async () => {
    const { number: blockNumber, hash } = await readHead(world.system);
    const earlier: IncidentReport = {
      ...{ id: `0x${"b1".repeat(32)}`, state: "acting", cause: "unexplained-write", contract: "PositionLedger" },
      ...{ blockNumber, blockHash: hash as `0x${string}`, detail: "x", transaction: null, containedIn: null },
    };
    const options = { remembered: { bids: [], incidents: new Map([[earlier.id, earlier]]) } };
    const driver = world.keeper({ options, policy: { mode: "act" } });
    await world.tamper("PositionLedger", TAMPERED, 1n);
    await world.mine();
    await driver.follow();
    await driver.tick();
    await driver.follow();
    expect(driver.verdict.kind).to.equal("Diverged");
    expect(driver.incident).to.include({ id: earlier.id, blockNumber });
    await world.mine();
    await driver.follow();
    expect(driver.incident?.state).to.equal("contained");
  });
});
