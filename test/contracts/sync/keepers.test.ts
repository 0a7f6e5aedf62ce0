import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";

import { attesterAt, deployKeepers, pauserAt, TERMS, type Keepers, type Terms } from "./deployKeepers.ts";

const connection = await network.create();
const { networkHelpers } = connection;
/** Neither of the two that count as local. */
const OTHER_CHAIN = 424_242;

async function fixture(): Promise<Keepers> {
  return await deployKeepers(connection);
}

describe("KeeperRegistry > setup", () => {
  let system: Keepers;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  const deploy = async (terms: Partial<Terms>, { ethers, authority, bondToken } = system) =>
    await ethers.deployContract("KeeperRegistry", [authority.target, bondToken.target, { ...TERMS, ...terms }]);

  it("refuses terms that protect nobody", async () => {
    const { ethers, authority, keeperRegistry } = system;
    await expect(
      ethers.deployContract("KeeperRegistry", [authority.target, ZeroAddress, TERMS]),
    ).to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryZeroAddress");
    const bad: Partial<Terms>[] = [
      { bond: 0n },
      { unbonding: 0 },
      { challengerPpm: 500_001 },
      { minKeepers: 0 },
      { minKeepers: 33 },
    ];
    for (const terms of bad) {
      const { minKeepers, challengerPpm } = { ...TERMS, ...terms };
      await expect(deploy(terms))
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryBadTerms")
        .withArgs(minKeepers, challengerPpm);
    }
    await deploy({ challengerPpm: 500_000, minKeepers: 32, joinDelay: 0, unbonding: 1, bond: 1n });
  });

  it("asks for four keepers at least, except on a local chain", async () => {
    await deploy({ minKeepers: 1 });
    const local = await network.create({ network: "default", override: { chainId: 1_337 } });
    await deployKeepers(local, { minKeepers: 1 });
    await local.close();
    const there = await network.create({ network: "default", override: { chainId: OTHER_CHAIN } });
    const foreign = await deployKeepers(there, { minKeepers: 4 });
    await expect(deploy({ minKeepers: 3 }, foreign))
      .to.be.revertedWithCustomError(foreign.keeperRegistry, "KeeperRegistryBadTerms")
      .withArgs(3, TERMS.challengerPpm);
    await there.close();
  });

  it("tells its terms", async () => {
    const { keeperRegistry, bondToken } = system;
    expect(await keeperRegistry.BOND_TOKEN()).to.equal(bondToken.target);
    expect(await keeperRegistry.BOND()).to.equal(TERMS.bond);
    expect(await keeperRegistry.MIN_KEEPERS()).to.equal(TERMS.minKeepers);
    expect(await keeperRegistry.JOIN_DELAY()).to.equal(TERMS.joinDelay);
    expect(await keeperRegistry.UNBONDING()).to.equal(TERMS.unbonding);
    expect(await keeperRegistry.CHALLENGER_PPM()).to.equal(TERMS.challengerPpm);
  });

  it("binds registry and guard once, by the deployer, and takes no bond before", async () => {
    const { ethers, admin, users, authority, bondToken, probe } = system;
    const keepers = await ethers.deployContract("KeeperRegistry", [authority.target, bondToken.target, TERMS]);
    const [registry, guard] = [probe.target, users[5]!.address];
    await expect(keepers.connect(users[0]!).bind(registry, guard))
      .to.be.revertedWithCustomError(keepers, "KeeperRegistryNotDeployer")
      .withArgs(users[0]!.address);
    for (const pair of [[ZeroAddress, guard] as const, [registry, ZeroAddress] as const]) {
      await expect(keepers.bind(...pair)).to.be.revertedWithCustomError(keepers, "KeeperRegistryZeroAddress");
    }
    await keepers.approve(attesterAt(0), pauserAt(0), admin.address);
    await expect(keepers.bond(attesterAt(0))).to.be.revertedWithCustomError(keepers, "KeeperRegistryNotBound");
    await expect(keepers.bind(registry, guard)).to.emit(keepers, "KeeperRegistryBound").withArgs(registry, guard);
    await expect(keepers.bind(registry, guard)).to.be.revertedWithCustomError(keepers, "KeeperRegistryAlreadyBound");
  });

  it("is governed by its authority, convicts for the checkpoint registry and pauses for the guard only", async () => {
    const { keeperRegistry, users, admin } = system;
    const [user] = users;
    const foreign = keeperRegistry.connect(user!);
    const governed = [
      () => foreign.approve(attesterAt(0), pauserAt(0), user!.address),
      () => foreign.remove(attesterAt(0)),
      () => foreign.closeSeat(),
    ];
    for (const attempt of governed) {
      await expect(attempt())
        .to.be.revertedWithCustomError(keeperRegistry, "AccessManagedUnauthorized")
        .withArgs(user!.address);
    }
    await expect(keeperRegistry.slash([], admin.address))
      .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNotCheckpointRegistry")
      .withArgs(admin.address);
    const terms = { generation: 0, liftedAt: 0, coolDown: 0, softTime: 3_600, viewTime: 1_200 };
    await expect(keeperRegistry.usePause(pauserAt(0), 0, terms))
      .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNotGuard")
      .withArgs(admin.address);
  });

  it("knows nothing before the first keeper, and lets nothing pass", async () => {
    const { keeperRegistry } = system;
    expect(await keeperRegistry.setId()).to.equal(0);
    expect(await keeperRegistry.count()).to.equal(0);
    expect(await keeperRegistry.members()).to.deep.equal([]);
    expect(await keeperRegistry.quorum()).to.equal(65_535);
    expect(BigInt(await keeperRegistry.commitment())).to.equal(0n);
  });
});
