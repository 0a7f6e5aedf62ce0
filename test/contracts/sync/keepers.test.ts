import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";

import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { attest, falsify } from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";

const connection = await network.create();
const { networkHelpers } = connection;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 2 });
}

describe("KeeperRegistry", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  it("binds its registry once, by the deployer", async () => {
    const { ethers, users, authority, registry } = system;
    const keepers = await ethers.deployContract("KeeperRegistry", [authority.target]);
    await expect(keepers.connect(users[0]!).bind(registry.target))
      .to.be.revertedWithCustomError(keepers, "KeeperRegistryNotDeployer")
      .withArgs(users[0]!.address);
    await expect(keepers.bind(ZeroAddress)).to.be.revertedWithCustomError(keepers, "KeeperRegistryZeroAddress");
    await expect(keepers.bind(registry.target)).to.emit(keepers, "KeeperRegistryBound").withArgs(registry.target);
    await expect(keepers.bind(registry.target)).to.be.revertedWithCustomError(keepers, "KeeperRegistryAlreadyBound");
  });

  it("is changed by governance, and jails for the checkpoint registry only", async () => {
    const { keeperRegistry, users, admin } = system;
    const [user] = users;
    const foreign = keeperRegistry.connect(user!);
    for (const attempt of [foreign.add(user!.address, user!.address), foreign.remove(user!.address)]) {
      await expect(attempt)
        .to.be.revertedWithCustomError(keeperRegistry, "AccessManagedUnauthorized")
        .withArgs(user!.address);
    }
    await expect(keeperRegistry.jail([], admin.address))
      .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNotCheckpointRegistry")
      .withArgs(admin.address);
  });

  it("INV-18: refuses zero keys, keys in use, and keys of keepers that were removed or convicted", async () => {
    const { keeperRegistry, keepers, users } = system;
    const [fresh, other] = users.map(({ address }) => address);
    await expect(keeperRegistry.add(ZeroAddress, fresh!)).to.be.revertedWithCustomError(
      keeperRegistry,
      "KeeperRegistryZeroAddress",
    );
    await expect(keeperRegistry.add(fresh!, ZeroAddress)).to.be.revertedWithCustomError(
      keeperRegistry,
      "KeeperRegistryZeroAddress",
    );
    const [first, second] = keepers.map(({ attester, pauser }) => [attester.address, pauser.address] as const);
    // Not in the other role either.
    await expect(keeperRegistry.add(first![1], fresh!))
      .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryKeyInUse")
      .withArgs(first![1]);
    await expect(keeperRegistry.add(fresh!, second![0]))
      .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryKeyInUse")
      .withArgs(second![0]);
    await convict(system, falsify(await attest(system), 0), { signers: [keepers[1]!.attester] });
    await keeperRegistry.remove(keepers[0]!.attester.address);
    for (const { attester, pauser } of keepers) {
      await expect(keeperRegistry.add(attester.address, fresh!))
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryKeyInUse")
        .withArgs(attester.address);
      await expect(keeperRegistry.add(other!, pauser.address))
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryKeyInUse")
        .withArgs(pauser.address);
      await expect(keeperRegistry.remove(attester.address))
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNotActive")
        .withArgs(attester.address);
      expect(await keeperRegistry.isActive(attester.address)).to.equal(false);
      expect(await keeperRegistry.attesterOf(pauser.address)).to.equal(ZeroAddress);
    }
    expect((await keeperRegistry.keeperOf(keepers[1]!.attester.address)).isJailed).to.equal(true);
  });

  it("starts a new set with every change", async () => {
    const { keeperRegistry, keepers, users } = system;
    const [attester, pauser] = users.map(({ address }) => address);
    expect(await keeperRegistry.setId()).to.equal(2);
    await expect(keeperRegistry.add(attester!, pauser!))
      .to.emit(keeperRegistry, "KeeperAdded")
      .withArgs(attester, pauser, 3, 3);
    const { address } = keepers[0]!.attester;
    await expect(keeperRegistry.remove(address)).to.emit(keeperRegistry, "KeeperRemoved").withArgs(address, 4, 2);
    const liar = keepers[1]!.attester;
    await expect(convict(system, falsify(await attest(system), 0), { signers: [liar], challenger: users[3]! }))
      .to.emit(keeperRegistry, "KeeperJailed")
      .withArgs(liar.address, users[3]!.address, 5, 1);
  });

  it("asks for two thirds of its keepers and one more, and for one signature when it has none", async () => {
    const { ethers, authority } = system;
    const keepers = await ethers.deployContract("KeeperRegistry", [authority.target]);
    const signers = await ethers.getSigners();
    const quorums = [await keepers.quorum()];
    for (let index = 0; index < 7; index += 1) {
      await keepers.add(signers[2 * index]!.address, signers[2 * index + 1]!.address);
      quorums.push(await keepers.quorum());
    }
    expect(quorums).to.deep.equal([1n, 1n, 2n, 3n, 3n, 4n, 5n, 5n]);
  });
});
