import { expect } from "chai";
import { MaxUint256, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { approveKeeper, bondKeeper } from "../../helpers/keepers.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import {
  addKeepers,
  attesterAt,
  DAY,
  deployKeepers,
  pauserAt,
  sorted,
  STATUS,
  TERMS,
  type Keepers,
} from "./deployKeepers.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const { bond: BOND } = TERMS;
const MILLION = 1_000_000n;
const REWARD = (BOND * BigInt(TERMS.challengerPpm)) / MILLION;
const BURN = BOND - REWARD;
const BURNED = "0x000000000000000000000000000000000000dEaD";
const SEED = 5_101;

async function fixture(): Promise<Keepers> {
  const system = await deployKeepers(connection, { joinDelay: 0 });
  await addKeepers(system, 7);
  return system;
}

describe("KeeperRegistry > slash", () => {
  let system: Keepers;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  const statusOf = async (index: number) => Number((await system.keeperRegistry.keeperOf(attesterAt(index))).status);

  it("takes the bonds of active, bonded and unbonding keepers, and changes the set once", async () => {
    const { keeperRegistry, probe, users } = system;
    const challenger = users[0]!.address;
    await keeperRegistry.requestExit(attesterAt(0));
    await approveKeeper(system, attesterAt(9), pauserAt(9));
    await bondKeeper(system, attesterAt(9));
    const sent = await probe.slash([0, 1, 2, 9].map(attesterAt), challenger);
    for (const index of [0, 1, 2, 9]) {
      await expect(sent).to.emit(keeperRegistry, "KeeperSlashed").withArgs(attesterAt(index), challenger, REWARD, BURN);
      expect(await keeperRegistry.keeperOf(attesterAt(index))).to.deep.equal([
        pauserAt(index),
        STATUS.Slashed,
        await time.latest(),
      ]);
      expect(await keeperRegistry.stakeOf(attesterAt(index))).to.deep.equal([system.admin.address, 0]);
      expect((await keeperRegistry.keyOf(pauserAt(index))).isPausing).to.equal(false);
    }
    await expect(sent).to.emit(probe, "Slashed").withArgs(4);
    // Of six seats two are vacant now, and four keepers are fewer than their quorum.
    expect(await keeperRegistry.members()).to.deep.equal(sorted([3, 4, 5, 6].map(attesterAt)));
    expect([await keeperRegistry.size(), await keeperRegistry.quorum()]).to.deep.equal([6n, 5n]);
    const changed = keeperRegistry.getEvent("KeeperSetChanged").fragment.topicHash;
    const names = (await sent.wait())!.logs.map(({ topics }) => topics[0]);
    expect(names.filter((name) => name === changed)).to.have.lengthOf(1);
    expect(names.indexOf(changed)).to.equal(4);
    expect(await keeperRegistry.setId()).to.equal(9);
    expect(await keeperRegistry.rewardOf(challenger)).to.deep.equal([4n * REWARD, 0]);
    expect(await keeperRegistry.burnable()).to.deep.equal([4n * BURN, 0]);
  });

  it("skips who has nothing to lose, and then changes nothing", async () => {
    const { keeperRegistry, probe, users } = system;
    await keeperRegistry.requestExit(attesterAt(0));
    await time.increase(TERMS.unbonding);
    await keeperRegistry.withdrawBond(attesterAt(0));
    await approveKeeper(system, attesterAt(9), pauserAt(9));
    await probe.slash([attesterAt(1)], users[0]!.address);
    const before = [await keeperRegistry.commitment(), await keeperRegistry.burnable()];
    // Withdrawn, convicted before, approved, a pause key, a stranger.
    const harmless = [attesterAt(0), attesterAt(1), attesterAt(9), pauserAt(2), attesterAt(30)];
    const sent = await probe.slash(harmless, users[1]!.address);
    await expect(sent).to.emit(probe, "Slashed").withArgs(0);
    await expect(sent).not.to.emit(keeperRegistry, "KeeperSlashed");
    await expect(sent).not.to.emit(keeperRegistry, "KeeperSetChanged");
    expect([await keeperRegistry.commitment(), await keeperRegistry.burnable()]).to.deep.equal(before);
    expect(await keeperRegistry.rewardOf(users[1]!.address)).to.deep.equal([0, 0]);
    expect([await statusOf(0), await statusOf(1), await statusOf(9), await statusOf(30)]).to.deep.equal([
      STATUS.Withdrawn,
      STATUS.Slashed,
      STATUS.Approved,
      STATUS.None,
    ]);
    // Who was approved bonds all the same, and pays for what it signs from then on.
    await bondKeeper(system, attesterAt(9));
  });

  it("takes a bond once, also from one who is named twice", async () => {
    const { keeperRegistry, probe, users } = system;
    await expect(probe.slash([attesterAt(3), attesterAt(3)], users[0]!.address))
      .to.emit(probe, "Slashed")
      .withArgs(1);
    expect(await keeperRegistry.count()).to.equal(6);
    await expect(probe.slash([attesterAt(3)], users[1]!.address))
      .to.emit(probe, "Slashed")
      .withArgs(0);
    expect(await keeperRegistry.burnable()).to.deep.equal([BURN, 0]);
  });

  it("convicts all members, and the registry goes on with others", async () => {
    const { keeperRegistry, probe, users } = system;
    await probe.slash([6, 0, 3, 1, 5, 2, 4].map(attesterAt), users[0]!.address);
    expect(await keeperRegistry.members()).to.deep.equal([]);
    expect([await keeperRegistry.size(), await keeperRegistry.quorum()]).to.deep.equal([7n, 5n]);
    await addKeepers(system, 15, 8);
    expect([await keeperRegistry.size(), await keeperRegistry.count()]).to.deep.equal([7n, 7n]);
    expect(await keeperRegistry.members()).to.deep.equal(sorted([8, 9, 10, 11, 12, 13, 14].map(attesterAt)));
  });

  describe("the unbonding as the time to convict", () => {
    it("is not cut short by leaving first", async () => {
      const { keeperRegistry, probe, users } = system;
      await networkHelpers.mine();
      await keeperRegistry.requestExit(attesterAt(0));
      await probe.slash([attesterAt(0)], users[0]!.address);
      await time.increase(TERMS.unbonding);
      await expect(keeperRegistry.withdrawBond(attesterAt(0)))
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryWrongStatus")
        .withArgs(attesterAt(0), STATUS.Slashed);
    });

    it("reaches a keeper that governance removed, the day before its end", async () => {
      const { keeperRegistry, probe, users } = system;
      await keeperRegistry.remove(attesterAt(0));
      await time.increase(TERMS.unbonding - DAY);
      await expect(probe.slash([attesterAt(0)], users[0]!.address))
        .to.emit(probe, "Slashed")
        .withArgs(1);
    });

    for (const isFirst of [true, false]) {
      it(`at its last second: ${isFirst ? "whoever withdraws first has nothing to lose" : "a conviction first"}`, async () => {
        const { keeperRegistry, probe, users } = system;
        await keeperRegistry.requestExit(attesterAt(0));
        const releaseAt = (await time.latest()) + TERMS.unbonding;
        await time.setNextBlockTimestamp(releaseAt);
        if (isFirst) await keeperRegistry.withdrawBond(attesterAt(0));
        const sent = probe.slash([attesterAt(0)], users[0]!.address);
        await expect(sent)
          .to.emit(probe, "Slashed")
          .withArgs(isFirst ? 0 : 1);
        expect(await statusOf(0)).to.equal(isFirst ? STATUS.Withdrawn : STATUS.Slashed);
      });
    }

    it("lasts until the bond is withdrawn", async () => {
      const { keeperRegistry, probe, users } = system;
      await keeperRegistry.requestExit(attesterAt(0));
      await time.increase(10 * TERMS.unbonding);
      await expect(probe.slash([attesterAt(0)], users[0]!.address))
        .to.emit(probe, "Slashed")
        .withArgs(1);
    });
  });

  describe("what it earns and burns", () => {
    it(`is the bond to the unit, and never pays who convicts itself, whatever the share (seed ${SEED})`, async () => {
      const random = new SeededRandom(SEED);
      for (let round = 0; round < 30; round += 1) {
        const bond = random.uint(96) || 1n;
        const challengerPpm = [0, 1, 500_000][round] ?? random.below(500_001);
        const one = await deployKeepers(connection, { bond, challengerPpm, minKeepers: 1 });
        const { keeperRegistry, bondToken, probe, users } = one;
        const liar = users[0]!;
        await addKeepers(one, 1, 0, liar.address);
        await probe.slash([attesterAt(0)], liar.address);
        const { earned: reward } = await keeperRegistry.rewardOf(liar.address);
        const { earned: burned } = await keeperRegistry.burnable();
        const label = `${bond} at ${challengerPpm}`;
        expect(reward + burned, label).to.equal(bond);
        expect(reward, label).to.equal((bond * BigInt(challengerPpm)) / MILLION);
        expect(2n * reward <= bond, label).to.equal(true);
        if (reward > 0n) await keeperRegistry.connect(liar).claimReward(liar.address);
        await keeperRegistry.burn();
        expect(await bondToken.balanceOf(liar.address), label).to.equal(reward);
        expect(await bondToken.balanceOf(BURNED), label).to.equal(burned);
        expect(await bondToken.balanceOf(keeperRegistry.target), label).to.equal(0n);
      }
    });

    it("is paid to whom the challenger says, once, and adds up over convictions", async () => {
      const { keeperRegistry, bondToken, probe, users } = system;
      const [challenger, heir] = [users[0]!, users[1]!];
      await probe.slash([0, 1].map(attesterAt), challenger.address);
      await expect(keeperRegistry.connect(challenger).claimReward(ZeroAddress)).to.be.revertedWithCustomError(
        keeperRegistry,
        "KeeperRegistryZeroAddress",
      );
      await expect(keeperRegistry.connect(heir).claimReward(heir.address))
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNothingDue")
        .withArgs(heir.address);
      await expect(keeperRegistry.connect(challenger).claimReward(heir.address))
        .to.emit(keeperRegistry, "RewardClaimed")
        .withArgs(challenger.address, heir.address, 2n * REWARD);
      await expect(keeperRegistry.connect(challenger).claimReward(heir.address))
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNothingDue")
        .withArgs(challenger.address);
      await probe.slash([attesterAt(2)], challenger.address);
      await probe.slash([attesterAt(3)], users[2]!.address);
      await keeperRegistry.connect(challenger).claimReward(heir.address);
      expect(await bondToken.balanceOf(heir.address)).to.equal(3n * REWARD);
      expect(await keeperRegistry.rewardOf(challenger.address)).to.deep.equal([3n * REWARD, 3n * REWARD]);
      expect(await keeperRegistry.rewardOf(users[2]!.address)).to.deep.equal([REWARD, 0]);
    });

    it("is not lost on the registry itself", async () => {
      const { keeperRegistry, probe, users } = system;
      await probe.slash([attesterAt(0)], users[0]!.address);
      await expect(keeperRegistry.connect(users[0]!).claimReward(keeperRegistry.target))
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryBondDiffers")
        .withArgs(0, REWARD);
    });

    it("is burned by anyone, once", async () => {
      const { keeperRegistry, bondToken, probe, users } = system;
      await expect(keeperRegistry.burn())
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNothingDue")
        .withArgs(BURNED);
      await probe.slash([attesterAt(0)], users[0]!.address);
      await expect(keeperRegistry.connect(users[4]!).burn()).to.emit(keeperRegistry, "BondsBurned").withArgs(BURN);
      await expect(keeperRegistry.burn()).to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNothingDue");
      await probe.slash([attesterAt(1)], users[0]!.address);
      await keeperRegistry.burn();
      expect(await bondToken.balanceOf(BURNED)).to.equal(2n * BURN);
      expect(await keeperRegistry.burnable()).to.deep.equal([2n * BURN, 2n * BURN]);
    });
  });

  describe("with a hostile token", () => {
    it("convicts where the token refuses challenger and burning, and pays both later", async () => {
      const { keeperRegistry, bondToken, probe, users } = system;
      const [challenger] = users;
      for (const account of [challenger!.address, BURNED]) await bondToken.setBlocked(account, true);
      await probe.slash([0, 1].map(attesterAt), challenger!.address);
      const attempts = [
        () => keeperRegistry.connect(challenger!).claimReward(challenger!),
        () => keeperRegistry.burn(),
      ];
      for (const attempt of attempts) {
        await expect(attempt()).to.be.revertedWithCustomError(bondToken, "MockTokenBlocked");
      }
      // The challenger is not stuck: it names another receiver.
      await keeperRegistry.connect(challenger!).claimReward(users[1]!.address);
      await bondToken.setBlocked(BURNED, false);
      await keeperRegistry.burn();
      expect(await bondToken.balanceOf(keeperRegistry.target)).to.equal(5n * BOND);
    });

    it("convicts where every transfer fails, answers false, or takes more", async () => {
      for (const token of ["HookToken", "FalseToken", "GreedyToken"] as const) {
        const hostile = await deployKeepers(connection, { joinDelay: 0 }, token);
        await addKeepers(hostile, 5);
        const { keeperRegistry, bondToken, probe, users } = hostile;
        // The hook calls the registry's `bind`, which refuses it.
        const bind = keeperRegistry.interface.encodeFunctionData("bind", [users[0]!.address, users[0]!.address]);
        if ("setHook" in bondToken) await bondToken.setHook(keeperRegistry.target, bind);
        if ("setFalse" in bondToken) await bondToken.setFalse(true, true);
        if ("setExtra" in bondToken) await bondToken.setExtra(MaxUint256 / 2n);
        await expect(probe.slash([attesterAt(0)], users[0]!.address))
          .to.emit(probe, "Slashed")
          .withArgs(1);
        await expect(keeperRegistry.connect(users[0]!).claimReward(users[0]!.address)).to.revert(connection.ethers);
        await expect(keeperRegistry.burn()).to.revert(connection.ethers);
        expect(await bondToken.balanceOf(keeperRegistry.target), token).to.equal(5n * BOND);
        expect(await keeperRegistry.rewardOf(users[0]!.address), token).to.deep.equal([REWARD, 0]);
      }
    });
  });
});
