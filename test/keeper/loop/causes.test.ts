import { expect } from "chai";

import type { Hex } from "../../../keeper/lib/hex.ts";
import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { World } from "../../helpers/keeper/World.ts";
import { OrderBook, UNIT } from "../../helpers/orders.ts";

const USD = 1_000_000n;

describe("Keeper and the causes of a divergence", function () {
  this.timeout(60_000);

  it("finds the code of a contract changed, though no word did", async () => {
    const world = await World.open();
    const driver = world.keeper();
    await driver.follow();
    const code = (await world.send("eth_getCode", world.addresses.CollateralVault, "latest")) as Hex;
    await world.send("hardhat_setCode", world.addresses.CollateralVault, `${code}00`);
    await world.mine();
    await driver.follow();
    const { verdict } = driver;
    if (verdict.kind !== "Diverged") throw new Error(verdict.kind);
    expect(verdict.findings).to.have.length(1);
    expect(verdict.findings[0]).to.include({ cause: "code-changed", contract: "CollateralVault" });
    expect(driver.incident?.state).to.equal("contained");
    expect(await world.flags()).to.equal(3n);
    await world.close();
  });

  it("finds a write without an event by a flawed ledger, and names account and value", async () => {
    const world = await World.open({ module: "FlawedLockstep" });
    const [thief] = world.system.users;
    await depositUsd(world.system, thief!, 50n * USD);
    const driver = world.keeper();
    await driver.follow();
    await world.system.ledger.connect(thief!).migrateQuote(accountOf(thief!), 10n ** 24n);
    await driver.follow();
    await driver.tick();
    expect(driver.verdict).to.include({ kind: "Diverged" });
    expect(driver.incident).to.include({ cause: "unexplained-write", contract: "PositionLedger", state: "contained" });
    const account = accountOf(thief!).toLowerCase();
    expect(driver.located).to.have.length(1);
    expect(driver.located[0]).to.include({ variable: `_accounts[${account}]`, account });
    expect(driver.located[0]?.before).to.contain(String(50n * 10n ** 18n));
    expect(driver.located[0]?.after).to.contain(String(10n ** 24n));
    expect(await world.flags()).to.equal(3n);
    await world.close();
  });

  it("finds a word that was changed long before the first block that can be proven", async () => {
    const world = await World.open({ module: "FlawedLockstep" });
    const [thief] = world.system.users;
    await world.system.ledger.connect(thief!).migrateQuote(accountOf(thief!), 10n ** 24n);
    await world.mine(20);
    const driver = world.keeper({ options: { proofDepth: 4 } });
    await driver.follow();
    expect(driver.incident).to.include({ cause: "unexplained-write", contract: "PositionLedger", state: "contained" });
    expect(await world.flags()).to.equal(3n);
    await world.close();
  });

  it("finds a trade that margin forbids, though roots and events agree (G18)", async () => {
    const world = await World.open({ module: "LaxLockstep" });
    const [poor, accomplice] = world.system.users;
    const driver = world.keeper();
    await driver.follow();
    await new OrderBook(world.system).trade(poor!, accomplice!, { size: 100n * UNIT });
    const block = Number(await world.send("eth_blockNumber"));
    await driver.hear("hardhat", { number: block, hash: await hashOf(world, block) });
    const { verdict } = driver;
    if (verdict.kind !== "Diverged") throw new Error(verdict.kind);
    expect(new Set(verdict.findings.map(({ cause }) => cause))).to.deep.equal(new Set(["illegal"]));
    expect(driver.keeper.books.roots()).to.deep.equal(await world.roots(await hashOf(world, block)));
    await driver.follow();
    expect(driver.incident).to.include({ cause: "illegal", contract: "PositionLedger", state: "contained" });
    expect(await world.flags()).to.equal(3n);
    await world.close();
  });

  it("is InSync on the same trade between owners who can afford it", async () => {
    const world = await World.open({ module: "LaxLockstep" });
    const [buyer, seller] = world.system.users;
    for (const user of [buyer!, seller!]) await depositUsd(world.system, user, 100_000n * USD);
    const driver = world.keeper();
    await new OrderBook(world.system).trade(buyer!, seller!, { size: 100n * UNIT });
    await driver.follow();
    expect(driver.verdict.kind).to.equal("InSync");
    await world.close();
  });
});

async function hashOf(world: World, number: number): Promise<Hex> {
  const block = await world.send("eth_getBlockByNumber", `0x${number.toString(16)}`, false);
  return (block as { hash: Hex }).hash;
}
