import { expect } from "chai";
import { id, toBeHex, Wallet, type ContractTransactionResponse } from "ethers";
import { network } from "hardhat";

import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { attest, falsify, postAttested, postCheckpoint, type Attested } from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";
import { pause, readHead } from "../../helpers/guard.ts";
import { addKeeper } from "../../helpers/keepers.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const PPM = 1_000_000n;
const KEEPERS = 6;

async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection, { keeperCount: KEEPERS, parameters: { minKeepers: 4 } });
  await postCheckpoint(system);
  return system;
}

/** With registry and guard in place; what one of the three does alone is tested beside this file. */
describe("KeeperRegistry > with registry and guard", () => {
  let system: Lockstep;
  let lie: Attested;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    lie = falsify(await attest(system), 0);
  });

  const attesterOf = (index: number) => system.keepers[index]!.attester;

  it("convicts for the bond, half of it at most for the challenger, and voids the certificates of before", async () => {
    const { keeperRegistry, registry, bondToken, users } = system;
    const [bond, share] = [await keeperRegistry.BOND(), await keeperRegistry.CHALLENGER_PPM()];
    const before = await attest(system);
    await convict(system, lie, { signers: [attesterOf(0)], challenger: users[0]! });
    expect([await keeperRegistry.size(), await keeperRegistry.count()]).to.deep.equal([6n, 5n]);
    const remaining = [1, 2, 3, 4, 5].map(attesterOf);
    await expect(postAttested(system, before, remaining)).to.be.revertedWithCustomError(
      registry,
      "RegistryWrongKeeperSet",
    );
    await keeperRegistry.connect(users[0]!).claimReward(users[0]!.address);
    expect(await bondToken.balanceOf(users[0]!.address)).to.equal((bond * share) / PPM);
    await expect(convict(system, lie, { signers: [attesterOf(0)] }))
      .to.be.revertedWithCustomError(registry, "RegistryNothingToConvict")
      .withArgs(lie.attestation.blockNumber);
    // Five of six still reach the quorum.
    await postAttested(system, await attest(system), remaining);
  });

  it("convicts who leaves in the same block, before or after", async () => {
    for (const isLeavingFirst of [true, false]) {
      const { keeperRegistry, ethers } = system;
      const snapshot = await networkHelpers.takeSnapshot();
      // Enough gas for both, and no estimate, which would not know of the first.
      const leave = async () => await keeperRegistry.requestExit(attesterOf(0).address, { gasLimit: 500_000 });
      const accuse = async () => await convict(system, lie, { signers: [attesterOf(0)] });
      await ethers.provider.send("evm_setAutomine", [false]);
      const sent: ContractTransactionResponse[] = [];
      for (const step of isLeavingFirst ? [leave, accuse] : [accuse, leave]) sent.push(await step());
      await networkHelpers.mine();
      await ethers.provider.send("evm_setAutomine", [true]);
      const receipts = await Promise.all(sent.map(({ hash }) => ethers.provider.getTransactionReceipt(hash)));
      expect(receipts[0]!.blockNumber).to.equal(receipts[1]!.blockNumber);
      expect(receipts.map((receipt) => receipt!.status)).to.deep.equal(isLeavingFirst ? [1, 1] : [1, 0]);
      expect((await keeperRegistry.stakeOf(attesterOf(0).address)).amount).to.equal(0n);
      expect((await keeperRegistry.keeperOf(attesterOf(0).address)).status).to.equal(6n);
      await snapshot.restore();
    }
  });

  it("halts when governance leaves fewer than the minimum, and then lets the others leave", async () => {
    const { keeperRegistry, guard } = system;
    for (const index of [0, 1]) await keeperRegistry.remove(attesterOf(index).address);
    expect(await guard.isHalted()).to.equal(false);
    await expect(keeperRegistry.requestExit(attesterOf(2).address))
      .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryTooFew")
      .withArgs(3, 4);
    await keeperRegistry.remove(attesterOf(3).address);
    expect(await guard.isHalted()).to.equal(true);
    expect(await guard.cause()).to.equal(toBeHex(await keeperRegistry.setId(), 32));
    await keeperRegistry.requestExit(attesterOf(2).address);
    expect(await keeperRegistry.quorum()).to.equal(65_535n);
  });

  it("follows the members: who joins signs and pauses, and who is gone does not", async () => {
    const { keeperRegistry, guard, registry, users } = system;
    await keeperRegistry.requestExit(attesterOf(0).address);
    const joiner = { attester: new Wallet(id("joiner")), pauser: users[1]! };
    await addKeeper(system, joiner.attester.address, joiner.pauser);
    const grown = { ...system, keepers: [...system.keepers, joiner] };
    const attested = await attest(system);
    const stale = [0, 1, 2, 3, 4].map(attesterOf);
    await expect(postAttested(system, attested, stale))
      .to.be.revertedWithCustomError(registry, "QuorumNotMember")
      .withArgs(attesterOf(0).address);
    await postAttested(system, attested, [...[1, 2, 3, 4].map(attesterOf), joiner.attester]);
    await expect(pause(system, 0, id("gone"), await readHead(system)))
      .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNotPauser")
      .withArgs(system.keepers[0]!.pauser.address);
    await expect(pause(grown, KEEPERS, id("new"), await readHead(system))).to.emit(guard, "SoftPaused");
  });
});
