import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";

import { approveKeeper, bondKeeper } from "../../helpers/keepers.ts";
import {
  addKeepers,
  attesterAt,
  commitmentOf,
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

/** One keeper in each status; the other five are active, so that nothing is refused because too few are left. */
const STAGED = { Approved: 10, Bonded: 11, Active: 0, Unbonding: 1, Withdrawn: 2, Slashed: 3, None: 12 } as const;

async function fixture(): Promise<Keepers> {
  const system = await deployKeepers(connection);
  await addKeepers(system, 9);
  return system;
}

async function stagedFixture(): Promise<Keepers> {
  const system = await fixture();
  const { keeperRegistry, probe, admin } = system;
  await keeperRegistry.requestExit(attesterAt(STAGED.Withdrawn));
  await time.increase(TERMS.unbonding);
  await keeperRegistry.withdrawBond(attesterAt(STAGED.Withdrawn));
  await keeperRegistry.requestExit(attesterAt(STAGED.Unbonding));
  await probe.slash([attesterAt(STAGED.Slashed)], admin.address);
  await approveKeeper(system, attesterAt(STAGED.Approved), pauserAt(STAGED.Approved));
  await approveKeeper(system, attesterAt(STAGED.Bonded), pauserAt(STAGED.Bonded));
  await bondKeeper(system, attesterAt(STAGED.Bonded));
  return system;
}

describe("KeeperRegistry > membership", () => {
  describe("approve", () => {
    let system: Keepers;

    beforeEach(async () => {
      system = await networkHelpers.loadFixture(fixture);
    });

    it("refuses zero addresses and one key for both", async () => {
      const { keeperRegistry } = system;
      const [attester, pauser, owner] = [attesterAt(20), pauserAt(20), system.admin.address];
      for (const blank of [0, 1, 2]) {
        const [a, p, o] = [attester, pauser, owner].with(blank, ZeroAddress) as [string, string, string];
        await expect(keeperRegistry.approve(a, p, o)).to.be.revertedWithCustomError(
          keeperRegistry,
          "KeeperRegistryZeroAddress",
        );
      }
      await expect(keeperRegistry.approve(attester, attester, owner))
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryKeyInUse")
        .withArgs(attester);
    });

    it("enters both keys and stakes nothing", async () => {
      const { keeperRegistry, users } = system;
      const [attester, pauser, owner] = [attesterAt(20), pauserAt(20), users[0]!.address];
      await expect(keeperRegistry.approve(attester, pauser, owner))
        .to.emit(keeperRegistry, "KeeperApproved")
        .withArgs(attester, pauser, owner);
      expect(await keeperRegistry.keeperOf(attester)).to.deep.equal([pauser, STATUS.Approved, await time.latest()]);
      expect(await keeperRegistry.stakeOf(attester)).to.deep.equal([owner, 0]);
      for (const key of [attester, pauser]) {
        expect(await keeperRegistry.keyOf(key)).to.deep.equal([attester, false, 0, 0, 0]);
      }
      expect(await keeperRegistry.setId()).to.equal(9);
    });
  });

  describe("in every status", () => {
    let system: Keepers;

    beforeEach(async () => {
      system = await networkHelpers.loadFixture(stagedFixture);
    });

    it("stages what it says", async () => {
      for (const [name, index] of Object.entries(STAGED)) {
        const { status } = await system.keeperRegistry.keeperOf(attesterAt(index));
        expect(status, name).to.equal(STATUS[name as keyof typeof STATUS]);
        expect(await system.keeperRegistry.isActive(attesterAt(index)), name).to.equal(name === "Active");
        expect((await system.keeperRegistry.keyOf(pauserAt(index))).isPausing, name).to.equal(name === "Active");
      }
    });

    const ALLOWED = {
      bond: ["Approved"],
      activate: ["Bonded"],
      requestExit: ["Bonded", "Active"],
      remove: ["Approved", "Bonded", "Active"],
      withdrawBond: ["Unbonding"],
    } as const;

    for (const [step, statuses] of Object.entries(ALLOWED)) {
      const allowed: readonly string[] = statuses;
      it(`${step}: works for ${statuses.join(", ")} and for no other status`, async () => {
        const { keeperRegistry, bondToken, admin } = system;
        await bondToken.mint(admin.address, 10n * TERMS.bond);
        await bondToken.approve(keeperRegistry.target, 10n * TERMS.bond);
        await time.increase(TERMS.unbonding);
        for (const [name, index] of Object.entries(STAGED)) {
          const attester = attesterAt(index);
          const attempt = keeperRegistry[step as keyof typeof ALLOWED](attester);
          if (allowed.includes(name)) await attempt;
          else if (step === "requestExit" && name === "None") {
            await expect(attempt)
              .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNotOwner")
              .withArgs(attester, admin.address);
          } else {
            await expect(attempt, name)
              .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryWrongStatus")
              .withArgs(attester, STATUS[name as keyof typeof STATUS]);
          }
        }
      });
    }

    it("INV-18: never gives a key that is known to another keeper, in neither role, in no status", async () => {
      const { keeperRegistry, admin } = system;
      await keeperRegistry.remove(attesterAt(STAGED.Approved));
      for (const [name, index] of Object.entries(STAGED)) {
        if (name === "None") continue;
        for (const key of [attesterAt(index), pauserAt(index)]) {
          for (const pair of [[key, pauserAt(50)] as const, [attesterAt(50), key] as const]) {
            await expect(keeperRegistry.approve(...pair, admin.address), name)
              .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryKeyInUse")
              .withArgs(key);
          }
        }
      }
      await keeperRegistry.approve(attesterAt(50), pauserAt(50), admin.address);
    });
  });

  describe("activate", () => {
    it("waits for the join delay, to the second", async () => {
      const system = await networkHelpers.loadFixture(fixture);
      const { keeperRegistry } = system;
      await approveKeeper(system, attesterAt(20), pauserAt(20));
      const sent = await bondKeeper(system, attesterAt(20));
      const possibleFrom = (await time.latest()) + TERMS.joinDelay;
      await expect(sent)
        .to.emit(keeperRegistry, "KeeperBonded")
        .withArgs(attesterAt(20), system.admin.address, TERMS.bond, possibleFrom);
      await time.setNextBlockTimestamp(possibleFrom - 1);
      await expect(keeperRegistry.activate(attesterAt(20)))
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryTooEarly")
        .withArgs(attesterAt(20), possibleFrom);
      await time.setNextBlockTimestamp(possibleFrom);
      await keeperRegistry.connect(system.users[3]!).activate(attesterAt(20));
    });

    it("lets founders in at once, and again when removals have left too few seats", async () => {
      const system = await deployKeepers(connection);
      const { keeperRegistry } = system;
      await addKeepers(system, 4);
      await approveKeeper(system, attesterAt(4), pauserAt(4));
      await bondKeeper(system, attesterAt(4));
      await expect(keeperRegistry.activate(attesterAt(4))).to.be.revertedWithCustomError(
        keeperRegistry,
        "KeeperRegistryTooEarly",
      );
      await keeperRegistry.remove(attesterAt(0));
      await keeperRegistry.activate(attesterAt(4));
      expect(await keeperRegistry.quorum()).to.equal(3);
    });

    it("keeps the delay where convictions left seats vacant: nobody convicts others to get in at once", async () => {
      const system = await deployKeepers(connection);
      const { keeperRegistry, probe, admin } = system;
      await addKeepers(system, 4);
      await approveKeeper(system, attesterAt(4), pauserAt(4));
      await bondKeeper(system, attesterAt(4));
      await probe.slash([0, 1, 2].map(attesterAt), admin.address);
      await expect(keeperRegistry.activate(attesterAt(4))).to.be.revertedWithCustomError(
        keeperRegistry,
        "KeeperRegistryTooEarly",
      );
    });

    it("seats it in order, lets it pause, and tells the registry of the new set last", async () => {
      const system = await networkHelpers.loadFixture(fixture);
      const { keeperRegistry, probe } = system;
      await approveKeeper(system, attesterAt(20), pauserAt(20));
      await bondKeeper(system, attesterAt(20));
      await time.increase(TERMS.joinDelay);
      const sent = await keeperRegistry.activate(attesterAt(20));
      const expected = sorted([...Array.from({ length: 9 }, (_, index) => attesterAt(index)), attesterAt(20)]);
      const commitment = commitmentOf(10n, 7n, expected);
      await expect(sent).to.emit(keeperRegistry, "KeeperActivated").withArgs(attesterAt(20));
      await expect(sent)
        .to.emit(keeperRegistry, "KeeperSetChanged")
        .withArgs(10, 10, 7, (members: string[]) => expected.join() === [...members].join(), commitment);
      await expect(sent).to.emit(probe, "KeeperSetSeen").withArgs(10, commitment);
      const names = (await sent.wait())!.logs.map(({ topics }) => topics[0]);
      const order = [
        keeperRegistry.getEvent("KeeperActivated"),
        keeperRegistry.getEvent("KeeperSetChanged"),
        probe.getEvent("KeeperSetSeen"),
      ].map(({ fragment }) => fragment.topicHash);
      expect(names).to.deep.equal(order);
      expect(await keeperRegistry.commitment()).to.equal(commitment);
      expect(await keeperRegistry.members()).to.deep.equal(expected);
      expect((await keeperRegistry.keyOf(pauserAt(20))).isPausing).to.equal(true);
      expect((await keeperRegistry.keyOf(attesterAt(20))).isPausing).to.equal(false);
    });
  });
});
