import { expect } from "chai";
import { network } from "hardhat";

import { approveKeeper, bondKeeper } from "../../helpers/keepers.ts";
import {
  addKeepers,
  attesterAt,
  DAY,
  deployKeepers,
  pauserAt,
  STATUS,
  TERMS,
  type BondTokens,
  type Keepers,
} from "./deployKeepers.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const { bond: BOND } = TERMS;

/** Five active keepers; the first is the user's, and leaving. */
async function leaving<Name extends keyof BondTokens = "MockToken">(token?: Name): Promise<Keepers<Name>> {
  const system = await deployKeepers(connection, { joinDelay: 0 }, token);
  if (token === "FeeToken") await (system.bondToken as BondTokens["FeeToken"]).setPercent(0);
  const { keeperRegistry, users } = system;
  await addKeepers(system, 1, 0, users[0]!.address);
  await addKeepers(system, 5, 1);
  await keeperRegistry.connect(users[0]!).requestExit(attesterAt(0));
  return system;
}

async function release(): Promise<void> {
  await time.increase(TERMS.unbonding);
}

async function statusOf({ keeperRegistry }: Keepers<keyof BondTokens>, index: number): Promise<number> {
  return Number((await keeperRegistry.keeperOf(attesterAt(index))).status);
}

describe("KeeperRegistry > bonds", () => {
  describe("bond", () => {
    it("takes exactly the bond from whoever calls, for the owner", async () => {
      const system = await deployKeepers(connection);
      const { keeperRegistry, bondToken, users } = system;
      const [owner, payer] = [users[0]!, users[1]!];
      await approveKeeper(system, attesterAt(0), pauserAt(0), owner);
      await bondToken.mint(payer.address, BOND + 5n);
      await bondToken.connect(payer).approve(keeperRegistry.target, BOND + 5n);
      const sent = keeperRegistry.connect(payer).bond(attesterAt(0));
      await expect(sent).to.changeTokenBalances(connection.ethers, bondToken, [payer, keeperRegistry], [-BOND, BOND]);
      // The first four are founders.
      await expect(sent)
        .to.emit(keeperRegistry, "KeeperBonded")
        .withArgs(attesterAt(0), payer.address, BOND, await time.latest());
      expect(await keeperRegistry.stakeOf(attesterAt(0))).to.deep.equal([owner.address, BOND]);
      expect(await keeperRegistry.keeperOf(attesterAt(0))).to.deep.equal([
        pauserAt(0),
        STATUS.Bonded,
        await time.latest(),
      ]);
    });

    it("leaves the keeper approved when the token does not pay, or pays less", async () => {
      const poor = await deployKeepers(connection);
      await approveKeeper(poor, attesterAt(0), pauserAt(0));
      await expect(poor.keeperRegistry.bond(attesterAt(0))).to.be.revertedWithCustomError(
        poor.bondToken,
        "ERC20InsufficientAllowance",
      );
      expect(await statusOf(poor, 0)).to.equal(STATUS.Approved);
      const fee = await deployKeepers(connection, {}, "FeeToken");
      await approveKeeper(fee, attesterAt(0), pauserAt(0));
      await expect(bondKeeper(fee, attesterAt(0)))
        .to.be.revertedWithCustomError(fee.keeperRegistry, "KeeperRegistryBondDiffers")
        .withArgs((BOND * 99n) / 100n, BOND);
      expect(await statusOf(fee, 0)).to.equal(STATUS.Approved);
      expect(await fee.keeperRegistry.stakeOf(attesterAt(0))).to.deep.equal([fee.admin.address, 0]);
    });

    it("survives a token that convicts the keeper while its bond is on its way", async () => {
      const system = await deployKeepers(connection, {}, "HookToken");
      const { keeperRegistry, bondToken, probe, users } = system;
      await approveKeeper(system, attesterAt(0), pauserAt(0));
      const slash = probe.interface.encodeFunctionData("slash", [[attesterAt(0)], users[0]!.address]);
      await bondToken.setHook(probe.target, slash);
      await bondKeeper(system, attesterAt(0));
      expect(await statusOf(system, 0)).to.equal(STATUS.Slashed);
      const { earned } = await keeperRegistry.rewardOf(users[0]!.address);
      expect(earned + (await keeperRegistry.burnable()).earned).to.equal(BOND);
      expect(await bondToken.balanceOf(keeperRegistry.target)).to.equal(BOND);
    });

    it("survives a token that activates the keeper while its bond is on its way", async () => {
      const system = await deployKeepers(connection, {}, "HookToken");
      const { keeperRegistry, bondToken } = system;
      await approveKeeper(system, attesterAt(0), pauserAt(0));
      const activate = keeperRegistry.interface.encodeFunctionData("activate", [attesterAt(0)]);
      await bondToken.setHook(keeperRegistry.target, activate);
      await bondKeeper(system, attesterAt(0));
      expect(await statusOf(system, 0)).to.equal(STATUS.Active);
      expect(await keeperRegistry.members()).to.deep.equal([attesterAt(0)]);
      expect((await keeperRegistry.stakeOf(attesterAt(0))).amount).to.equal(BOND);
    });
  });

  describe("withdrawBond", () => {
    it("pays the owner once, from the end of the unbonding on, to the second, whoever calls", async () => {
      const system = await leaving();
      const { keeperRegistry, bondToken, users } = system;
      const releaseAt = (await time.latest()) + TERMS.unbonding;
      await time.setNextBlockTimestamp(releaseAt - 1);
      await expect(keeperRegistry.withdrawBond(attesterAt(0)))
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryTooEarly")
        .withArgs(attesterAt(0), releaseAt);
      await time.setNextBlockTimestamp(releaseAt);
      const sent = keeperRegistry.connect(users[7]!).withdrawBond(attesterAt(0));
      await expect(sent).to.changeTokenBalances(
        connection.ethers,
        bondToken,
        [users[0]!, keeperRegistry, users[7]!],
        [BOND, -BOND, 0n],
      );
      await expect(sent).to.emit(keeperRegistry, "BondWithdrawn").withArgs(attesterAt(0), users[0]!.address, BOND);
      expect(await keeperRegistry.keeperOf(attesterAt(0))).to.deep.equal([pauserAt(0), STATUS.Withdrawn, releaseAt]);
      expect(await keeperRegistry.stakeOf(attesterAt(0))).to.deep.equal([users[0]!.address, 0]);
      await expect(keeperRegistry.withdrawBond(attesterAt(0)))
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryWrongStatus")
        .withArgs(attesterAt(0), STATUS.Withdrawn);
    });

    it("waits where the token refuses the owner, who can be convicted meanwhile", async () => {
      const system = await leaving();
      const { keeperRegistry, bondToken, users, probe } = system;
      await bondToken.setBlocked(users[0]!.address, true);
      await release();
      await expect(keeperRegistry.withdrawBond(attesterAt(0)))
        .to.be.revertedWithCustomError(bondToken, "MockTokenBlocked")
        .withArgs(users[0]!.address);
      expect(await statusOf(system, 0)).to.equal(STATUS.Unbonding);
      await expect(probe.slash([attesterAt(0)], users[1]!.address))
        .to.emit(probe, "Slashed")
        .withArgs(1);
    });

    it("waits where the token answers false, whether it moves anything or not", async () => {
      const system = await leaving("FalseToken");
      const { keeperRegistry, bondToken, users } = system;
      await release();
      for (const isMoving of [false, true]) {
        await bondToken.setFalse(true, isMoving);
        await expect(keeperRegistry.withdrawBond(attesterAt(0)))
          .to.be.revertedWithCustomError(keeperRegistry, "SafeERC20FailedOperation")
          .withArgs(bondToken.target);
      }
      await bondToken.setFalse(false, false);
      await keeperRegistry.withdrawBond(attesterAt(0));
      expect(await bondToken.balanceOf(users[0]!.address)).to.equal(BOND);
    });

    it("never lets the token take more than the bond, which would be the others'", async () => {
      const system = await leaving("GreedyToken");
      const { keeperRegistry, bondToken, users } = system;
      await release();
      await bondToken.setExtra(1);
      await expect(keeperRegistry.withdrawBond(attesterAt(0)))
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryBondDiffers")
        .withArgs(BOND + 1n, BOND);
      expect(await bondToken.balanceOf(keeperRegistry.target)).to.equal(5n * BOND);
      await bondToken.setExtra(0);
      await keeperRegistry.withdrawBond(attesterAt(0));
      expect(await bondToken.balanceOf(users[0]!.address)).to.equal(BOND);
    });

    it("lets a fee be its receiver's", async () => {
      const system = await leaving("FeeToken");
      const { keeperRegistry, bondToken, users } = system;
      await release();
      await bondToken.setPercent(2);
      await keeperRegistry.withdrawBond(attesterAt(0));
      expect(await bondToken.balanceOf(users[0]!.address)).to.equal((BOND * 98n) / 100n);
      expect(await bondToken.balanceOf(keeperRegistry.target)).to.equal(4n * BOND);
    });

    it("has nothing left to convict once the token is called", async () => {
      const system = await leaving("HookToken");
      const { keeperRegistry, bondToken, probe, users } = system;
      await release();
      const both = [attesterAt(0), attesterAt(1)];
      const slash = probe.interface.encodeFunctionData("slash", [both, users[1]!.address]);
      await bondToken.setHook(probe.target, slash);
      await expect(keeperRegistry.withdrawBond(attesterAt(0)))
        .to.emit(probe, "Slashed")
        .withArgs(1);
      expect([await statusOf(system, 0), await statusOf(system, 1)]).to.deep.equal([STATUS.Withdrawn, STATUS.Slashed]);
      expect(await bondToken.balanceOf(users[0]!.address)).to.equal(BOND);
      expect(await bondToken.balanceOf(keeperRegistry.target)).to.equal(4n * BOND);
    });
  });

  describe("a token that comes back", () => {
    const BACK = {
      bond: (index: number) => [attesterAt(index)],
      withdrawBond: () => [attesterAt(0)],
      claimReward: () => [attesterAt(0)],
      burn: () => [],
    };

    for (const [name, args] of Object.entries(BACK)) {
      it(`finds ${name} closed from within every function that moves tokens`, async () => {
        const system = await leaving("HookToken");
        const { keeperRegistry, bondToken, probe, admin } = system;
        await probe.slash([attesterAt(4)], admin.address);
        await release();
        for (const index of [8, 9]) await approveKeeper(system, attesterAt(index), pauserAt(index));
        const data = keeperRegistry.interface.encodeFunctionData(name as "bond", args(9) as [string]);
        await bondToken.setHook(keeperRegistry.target, data);
        const attempts = [
          () => bondKeeper(system, attesterAt(8)),
          () => keeperRegistry.withdrawBond(attesterAt(0)),
          () => keeperRegistry.claimReward(admin.address),
          () => keeperRegistry.burn(),
        ];
        for (const attempt of attempts) {
          await expect(attempt()).to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryReentered");
        }
        await bondToken.setHook(bondToken.target, bondToken.interface.encodeFunctionData("decimals"));
        for (const attempt of attempts) await attempt();
      });
    }
  });

  it("does not count what somebody gives away", async () => {
    const system = await leaving();
    const { keeperRegistry, bondToken, admin, users } = system;
    await bondToken.mint(keeperRegistry.target, 7n);
    await release();
    await keeperRegistry.withdrawBond(attesterAt(0));
    expect(await bondToken.balanceOf(users[0]!.address)).to.equal(BOND);
    await addKeepers(system, 6, 5);
    await time.increase(DAY);
    expect(await bondToken.balanceOf(keeperRegistry.target)).to.equal(5n * BOND + 7n);
    await expect(keeperRegistry.burn()).to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNothingDue");
    await expect(keeperRegistry.claimReward(admin.address)).to.be.revertedWithCustomError(
      keeperRegistry,
      "KeeperRegistryNothingDue",
    );
  });
});
