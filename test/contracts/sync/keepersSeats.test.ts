import { expect } from "chai";
import { network } from "hardhat";

import { approveKeeper, bondKeeper } from "../../helpers/keepers.ts";
import {
  addKeepers,
  attesterAt,
  commitmentOf,
  deployKeepers,
  NO_QUORUM,
  pauserAt,
  quorumOf,
  sorted,
  STATUS,
  TERMS,
  type Keepers,
} from "./deployKeepers.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const MAX_KEEPERS = 32;

async function of(keepers: number, slashed = 0): Promise<Keepers> {
  const system = await deployKeepers(connection, { joinDelay: 0 });
  await addKeepers(system, keepers);
  const convicted = Array.from({ length: slashed }, (_, index) => attesterAt(index));
  if (slashed > 0) await system.probe.slash(convicted, system.admin.address);
  return system;
}

async function readSeats({ keeperRegistry }: Keepers) {
  const [size, count, quorum] = await Promise.all([
    keeperRegistry.size(),
    keeperRegistry.count(),
    keeperRegistry.quorum(),
  ]);
  return [size, count, quorum].map(Number);
}

describe("KeeperRegistry > seats", () => {
  it("asks for two thirds of the seats and one more, from 1 to 32, and has no more seats", async () => {
    const system = await deployKeepers(connection, { minKeepers: 1, joinDelay: 0 });
    const { keeperRegistry } = system;
    for (let size = 1; size <= MAX_KEEPERS; size += 1) {
      await addKeepers(system, size, size - 1);
      expect(await readSeats(system), `of ${size}`).to.deep.equal([size, size, quorumOf(size)]);
      expect(await keeperRegistry.setId()).to.equal(size);
    }
    const members = await keeperRegistry.members();
    expect(members).to.deep.equal(sorted(Array.from({ length: MAX_KEEPERS }, (_, index) => attesterAt(index))));
    expect(await keeperRegistry.commitment()).to.equal(commitmentOf(32n, 22n, members));
    await approveKeeper(system, attesterAt(32), pauserAt(32));
    await bondKeeper(system, attesterAt(32));
    await expect(keeperRegistry.activate(attesterAt(32)))
      .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryTooMany")
      .withArgs(MAX_KEEPERS);
    // The seat that a convicted one leaves vacant is no additional one.
    await system.probe.slash([attesterAt(7)], system.admin.address);
    await keeperRegistry.activate(attesterAt(32));
    expect(await readSeats(system)).to.deep.equal([32, 32, 22]);
  });

  it("lets nothing pass with fewer seats than the minimum", async () => {
    const system = await deployKeepers(connection);
    for (let size = 1; size < TERMS.minKeepers; size += 1) {
      await addKeepers(system, size, size - 1);
      expect(await readSeats(system)).to.deep.equal([size, size, Number(NO_QUORUM)]);
      const { keeperRegistry } = system;
      const commitment = commitmentOf(BigInt(size), NO_QUORUM, await keeperRegistry.members());
      expect(await keeperRegistry.commitment()).to.equal(commitment);
    }
    await addKeepers(system, 4, 3);
    expect(await readSeats(system)).to.deep.equal([4, 4, 3]);
  });

  describe("of convicted keepers", () => {
    it("INV-27: stay vacant, so that the quorum does not shrink, until others take them", async () => {
      const system = await of(7, 2);
      expect(await readSeats(system)).to.deep.equal([7, 5, 5]);
      await addKeepers(system, 8, 7);
      expect(await readSeats(system)).to.deep.equal([7, 6, 5]);
      await addKeepers(system, 10, 8);
      expect(await readSeats(system)).to.deep.equal([8, 8, 6]);
    });

    it("are closed by governance, one by one, down to the minimum", async () => {
      const system = await of(5, 2);
      const { keeperRegistry, probe } = system;
      const sent = keeperRegistry.closeSeat();
      await expect(sent).to.emit(keeperRegistry, "SeatClosed").withArgs(4);
      const members = sorted([2, 3, 4].map(attesterAt));
      const commitment = commitmentOf(7n, 3n, members);
      await expect(sent).to.emit(probe, "KeeperSetSeen").withArgs(7, commitment);
      expect(await readSeats(system)).to.deep.equal([4, 3, 3]);
      await expect(keeperRegistry.closeSeat())
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryTooFew")
        .withArgs(3, 4);
      await addKeepers(system, 6, 5);
      await expect(keeperRegistry.closeSeat())
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNoVacancy")
        .withArgs(4, 4);
    });
  });

  describe("requestExit", () => {
    it("is the owner's, who may be nobody else's", async () => {
      const system = await of(5);
      const { keeperRegistry, users } = system;
      await addKeepers(system, 6, 5, users[0]!.address);
      for (const caller of [system.admin, users[1]!]) {
        await expect(keeperRegistry.connect(caller).requestExit(attesterAt(5)))
          .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNotOwner")
          .withArgs(attesterAt(5), caller.address);
      }
      const sent = await keeperRegistry.connect(users[0]!).requestExit(attesterAt(5));
      const now = await time.latest();
      await expect(sent)
        .to.emit(keeperRegistry, "KeeperUnbonding")
        .withArgs(attesterAt(5), now + TERMS.unbonding);
      expect(await keeperRegistry.keeperOf(attesterAt(5))).to.deep.equal([pauserAt(5), STATUS.Unbonding, now]);
      expect((await keeperRegistry.keyOf(pauserAt(5))).isPausing).to.equal(false);
      expect(await readSeats(system)).to.deep.equal([5, 5, 4]);
      expect(await keeperRegistry.stakeOf(attesterAt(5))).to.deep.equal([users[0]!.address, TERMS.bond]);
    });

    /** Keepers, how many of them are convicted, and who must be left of those that are. */
    const REFUSED = [
      { keepers: 4, slashed: 0, left: 3, required: 4 },
      { keepers: 6, slashed: 2, left: 3, required: 4 },
      { keepers: 7, slashed: 2, left: 4, required: 5 },
      { keepers: 10, slashed: 3, left: 6, required: 7 },
    ] as const;

    for (const { keepers, slashed, left, required } of REFUSED) {
      it(`is refused when ${left} of ${keepers - 1} seats were left, unless halted`, async () => {
        const system = await of(keepers, slashed);
        const { keeperRegistry, probe } = system;
        await expect(keeperRegistry.requestExit(attesterAt(keepers - 1)))
          .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryTooFew")
          .withArgs(left, required);
        await probe.setHalted(true);
        await expect(keeperRegistry.requestExit(attesterAt(keepers - 1))).not.to.emit(probe, "QuorumLossSeen");
        expect((await readSeats(system)).slice(0, 2)).to.deep.equal([keepers - 1, left]);
      });
    }

    for (const [keepers, slashed] of [[5, 0] as const, [6, 1] as const, [8, 2] as const]) {
      it(`is free for one of ${keepers - slashed} in ${keepers} seats, and for the next one not`, async () => {
        const system = await of(keepers, slashed);
        await system.keeperRegistry.requestExit(attesterAt(keepers - 1));
        await expect(system.keeperRegistry.requestExit(attesterAt(keepers - 2))).to.be.revertedWithCustomError(
          system.keeperRegistry,
          "KeeperRegistryTooFew",
        );
      });
    }

    it("of a bonded keeper leaves the set alone", async () => {
      const system = await of(4);
      const { keeperRegistry } = system;
      await approveKeeper(system, attesterAt(9), pauserAt(9));
      await bondKeeper(system, attesterAt(9));
      const before = await keeperRegistry.commitment();
      await expect(keeperRegistry.requestExit(attesterAt(9))).not.to.emit(keeperRegistry, "KeeperSetChanged");
      expect(await keeperRegistry.commitment()).to.equal(before);
      expect((await keeperRegistry.keeperOf(attesterAt(9))).status).to.equal(STATUS.Unbonding);
    });
  });

  describe("remove", () => {
    it("halts when fewer than a quorum or the minimum are left, once", async () => {
      const minimum = await of(4);
      await expect(minimum.keeperRegistry.remove(attesterAt(0)))
        .to.emit(minimum.probe, "QuorumLossSeen")
        .withArgs(5);
      await expect(minimum.keeperRegistry.remove(attesterAt(1))).not.to.emit(minimum.probe, "QuorumLossSeen");
      const vacant = await of(7, 2);
      await expect(vacant.keeperRegistry.remove(attesterAt(6)))
        .to.emit(vacant.probe, "QuorumLossSeen")
        .withArgs(9);
      expect(await readSeats(vacant)).to.deep.equal([6, 4, 5]);
    });

    it("does not halt while enough are left, nor while there never were", async () => {
      const enough = await of(5);
      await expect(enough.keeperRegistry.remove(attesterAt(0))).not.to.emit(enough.probe, "QuorumLossSeen");
      expect(await readSeats(enough)).to.deep.equal([4, 4, 3]);
      const founding = await of(3);
      await expect(founding.keeperRegistry.remove(attesterAt(0))).not.to.emit(founding.probe, "QuorumLossSeen");
    });

    it("starts unbonding of an active or a bonded one, and is done with an approved one", async () => {
      const system = await of(5);
      const { keeperRegistry, users } = system;
      const active = await keeperRegistry.remove(attesterAt(0));
      const releaseAt = (await time.latest()) + TERMS.unbonding;
      await expect(active).to.emit(keeperRegistry, "KeeperUnbonding").withArgs(attesterAt(0), releaseAt);
      expect((await keeperRegistry.keyOf(pauserAt(0))).isPausing).to.equal(false);
      await approveKeeper(system, attesterAt(9), pauserAt(9), users[0]!);
      await expect(keeperRegistry.remove(attesterAt(9)))
        .to.emit(keeperRegistry, "BondWithdrawn")
        .withArgs(attesterAt(9), users[0]!.address, 0);
      const { status, since } = await keeperRegistry.keeperOf(attesterAt(9));
      expect([status, since]).to.deep.equal([STATUS.Withdrawn, await time.latest()]);
      expect(await keeperRegistry.stakeOf(attesterAt(9))).to.deep.equal([users[0]!.address, 0]);
    });
  });
});
