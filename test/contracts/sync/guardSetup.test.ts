import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { deployLockstep, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";

const connection = await network.create();
const { networkHelpers } = connection;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4 });
}

describe("SyncGuard > setup", () => {
  let system: Lockstep;
  const { staleLimitSeconds: stale, viewTimeSeconds: view, softTimeSeconds: soft } = TIMES;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  async function deploy({ viewTime = view as number, softTime = soft as number, zero = -1, changed = {} }) {
    const factory = await system.ethers.getContractFactory("SyncGuard");
    const { authority, ledger, keeperRegistry } = system;
    const parts = [authority.target, ledger.target, keeperRegistry.target].with(zero, ZeroAddress);
    const times = { viewTime, softTime, coolDown: 1, grace: 2, windDownTime: 3, claimPeriod: 4, ...changed };
    const given = zero < 0 ? [authority.target, ledger.target, keeperRegistry.target] : parts;
    return await factory.deploy(given[0]!, given[1]!, given[2]!, times, ZeroAddress);
  }

  it("INV-4: refuses a soft pause, whole or shortened by a view's, that does not outlast a checkpoint", async () => {
    for (const [viewTime, softTime] of [
      [stale - 1, soft],
      [stale, 2 * stale - 1],
      [view, view],
    ] as const) {
      await expect(deploy({ viewTime, softTime }))
        .to.be.revertedWithCustomError(system.guard, "GuardBadTimes")
        .withArgs(stale, viewTime, softTime);
    }
    const guard = await deploy({ viewTime: stale, softTime: 2 * stale });
    const names = ["VIEW_TIME", "SOFT_TIME", "COOL_DOWN", "GRACE", "WIND_DOWN_TIME", "CLAIM_PERIOD"] as const;
    const times = [];
    for (const name of names) times.push(Number(await guard[name]()));
    expect(times).to.deep.equal([stale, 2 * stale, 1, 2, 3, 4]);
  });

  it("refuses no cool-down, and a wind-down or its claims in no time", async () => {
    for (const changed of [{ coolDown: 0 }, { windDownTime: 0 }, { claimPeriod: 0 }]) {
      await expect(deploy({ changed })).to.be.revertedWithCustomError(system.guard, "GuardBadTimes");
    }
  });

  it("refuses zero modules", async () => {
    for (const zero of [0, 1, 2]) {
      await expect(deploy({ zero })).to.be.revertedWithCustomError(system.guard, "GuardZeroAddress");
    }
  });

  it("takes instruments and oracle from the ledger", async () => {
    const guard = await deploy({});
    expect(await guard.INSTRUMENTS()).to.equal(system.instruments.target);
    expect(await guard.ORACLE()).to.equal(system.oracle.target);
  });

  it("binds its registry once, by the deployer", async () => {
    const { users, registry } = system;
    const guard = await deploy({});
    await expect(guard.connect(users[0]).bind(registry.target))
      .to.be.revertedWithCustomError(guard, "GuardNotDeployer")
      .withArgs(users[0]!.address);
    await expect(guard.bind(ZeroAddress)).to.be.revertedWithCustomError(guard, "GuardZeroAddress");
    await expect(guard.bind(registry.target)).to.emit(guard, "GuardBound").withArgs(registry.target);
    expect((await guard.halt()).isUsed).to.equal(true);
    await expect(guard.bind(registry.target)).to.be.revertedWithCustomError(guard, "GuardAlreadyBound");
  });

  it("hears of checkpoints and convictions from the registry only, of a lost quorum from the keepers' only", async () => {
    const { guard, admin } = system;
    for (const call of [guard.onCheckpoint(1), guard.onConviction(ZeroHash, 1)]) {
      await expect(call).to.be.revertedWithCustomError(guard, "GuardNotRegistry").withArgs(admin.address);
    }
    await expect(guard.onQuorumLost(1))
      .to.be.revertedWithCustomError(guard, "GuardNotKeeperRegistry")
      .withArgs(admin.address);
  });

  it("has judged nothing, not even block zero, before the first pause", async () => {
    expect(await system.guard.isJudged(0)).to.equal(false);
    expect(await system.guard.claimsUntil()).to.equal(0);
    expect(await system.guard.isHalted()).to.equal(false);
  });
});
