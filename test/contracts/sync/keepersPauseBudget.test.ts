import { expect } from "chai";
import { network } from "hardhat";

import { approveKeeper, bondKeeper } from "../../helpers/keepers.ts";
import { addKeepers, attesterAt, CLASS, deployKeepers, GAS, pauserAt, TERMS, type Keepers } from "./deployKeepers.ts";
import { NEVER, type Incidents, type PauseClass, type PauseTimes } from "./PauseModel.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const TIMES: PauseTimes = { coolDown: 7_200, softTime: 3_600, viewTime: 1_200 };
const { Books, View } = CLASS;

async function fixture(): Promise<Keepers> {
  const system = await deployKeepers(connection, { joinDelay: 0 });
  await addKeepers(system, 5);
  return system;
}

describe("KeeperRegistry > usePause", () => {
  let system: Keepers;
  let start: number;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    start = (await time.latest()) + 1_000;
  });

  /** Keeper 0 pauses `at` seconds after the start. */
  const pause = async (at: number, wanted: PauseClass, incidents: Partial<Incidents> = {}, index = 0) => {
    await time.setNextBlockTimestamp(start + at);
    const { generation = 0, liftedAt = -start } = incidents;
    const terms = { ...TIMES, generation, liftedAt: start + liftedAt };
    return await system.probe.usePause(pauserAt(index), wanted, terms, GAS);
  };

  const expectPause = async (at: number, wanted: PauseClass, duration: number, incidents: Partial<Incidents> = {}) => {
    await expect(pause(at, wanted, incidents))
      .to.emit(system.keeperRegistry, "PauseUsed")
      .withArgs(attesterAt(0), wanted, incidents.generation ?? 0, start + at + duration);
  };

  /** `armedAt` in seconds after the start; null for as long as the incident stands. */
  const expectRefusal = async (
    at: number,
    wanted: PauseClass,
    armedAt: number | null,
    incidents: Partial<Incidents> = {},
  ) => {
    await expect(pause(at, wanted, incidents))
      .to.be.revertedWithCustomError(system.keeperRegistry, "KeeperRegistryNotRearmed")
      .withArgs(attesterAt(0), armedAt === null ? NEVER : start + armedAt);
  };

  it("refuses every key that is not the pause key of an active keeper", async () => {
    const { keeperRegistry, probe, admin } = system;
    await keeperRegistry.requestExit(attesterAt(1));
    await time.increase(TERMS.unbonding);
    await keeperRegistry.withdrawBond(attesterAt(1));
    await keeperRegistry.remove(attesterAt(2));
    await probe.slash([attesterAt(3)], admin.address);
    await approveKeeper(system, attesterAt(8), pauserAt(8));
    await approveKeeper(system, attesterAt(9), pauserAt(9));
    await bondKeeper(system, attesterAt(9));
    start = (await time.latest()) + 1_000;
    const refused = [attesterAt(0), pauserAt(30), ...[1, 2, 3, 8, 9].map(pauserAt)];
    for (const key of refused) {
      const terms = { ...TIMES, generation: 0, liftedAt: 0 };
      for (const wanted of [Books, View]) {
        await expect(probe.usePause(key, wanted, terms))
          .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNotPauser")
          .withArgs(key);
      }
    }
    await keeperRegistry.activate(attesterAt(9));
    await pause(0, Books, {}, 9);
  });

  it("gives the soft time for the books, and the time of a view for a view, and remembers them", async () => {
    await expectPause(0, Books, TIMES.softTime, { generation: 3 });
    const { keeperRegistry } = system;
    const books = [attesterAt(0), true, start + TIMES.softTime, 0, 3];
    expect(await keeperRegistry.keyOf(pauserAt(0))).to.deep.equal(books);
    await expect(pause(10, View, { generation: 4 }, 1))
      .to.emit(keeperRegistry, "PauseUsed")
      .withArgs(attesterAt(1), View, 4, start + 10 + TIMES.viewTime);
    const view = [attesterAt(1), true, 0, start + 10 + TIMES.viewTime, 4];
    expect(await keeperRegistry.keyOf(pauserAt(1))).to.deep.equal(view);
  });

  describe("within one incident", () => {
    it("allows nothing after the books, for however long it stands", async () => {
      await expectPause(0, Books, TIMES.softTime);
      for (const at of [1, TIMES.softTime, TIMES.softTime + TIMES.coolDown, 1_000_000]) {
        await expectRefusal(at, Books, null);
        await expectRefusal(at + 1, View, null);
      }
    });

    it("allows the books after a view, for the rest of the soft time, and then nothing", async () => {
      await expectPause(0, View, TIMES.viewTime);
      await expectRefusal(1, View, null);
      await expectPause(900, Books, TIMES.softTime - TIMES.viewTime);
      await expectRefusal(901, Books, null);
      await expectRefusal(902, View, null);
    });

    it("shortens the books after a view, also when the cool-down has passed", async () => {
      await expectPause(0, View, TIMES.viewTime);
      await expectPause(TIMES.viewTime + TIMES.coolDown + 1, Books, TIMES.softTime - TIMES.viewTime);
    });

    it("does not take the books of a view's keeper, although it paused for them long ago", async () => {
      await expectPause(0, Books, TIMES.softTime);
      await expectPause(1_000_000, View, TIMES.viewTime, { generation: 5, liftedAt: 900_000 });
      await expectPause(1_000_001, Books, TIMES.softTime - TIMES.viewTime, { generation: 5, liftedAt: 900_000 });
      await expectRefusal(1_000_002, Books, null, { generation: 5, liftedAt: 900_000 });
    });

    it("does not take the pause of another keeper", async () => {
      await expectPause(0, Books, TIMES.softTime);
      await pause(1, Books, {}, 1);
      await pause(2, View, {}, 2);
    });
  });

  describe("after its incident", () => {
    /** When a pause of an hour at 0 was lifted, and from when on its keeper is armed. */
    const ENDS = [
      { name: "was lifted after the pause", liftedAt: 5_000, armedAt: 5_000 + TIMES.coolDown },
      { name: "was lifted by a quorum during it", liftedAt: 100, armedAt: TIMES.softTime + TIMES.coolDown },
    ];

    for (const { name, liftedAt, armedAt } of ENDS) {
      it(`waits for the cool-down, to the second, where the incident ${name}`, async () => {
        const incidents = { generation: 1, liftedAt };
        await expectPause(0, Books, TIMES.softTime);
        await expectRefusal(armedAt - 2, View, armedAt, incidents);
        await expectRefusal(armedAt - 1, Books, armedAt, incidents);
        await expectPause(armedAt, Books, TIMES.softTime, incidents);
      });
    }

    it("waits to the second after a view", async () => {
      const incidents = { generation: 1, liftedAt: 5_000 };
      const armedAt = 5_000 + TIMES.coolDown;
      await expectPause(0, View, TIMES.viewTime);
      await expectRefusal(armedAt - 1, View, armedAt, incidents);
      await expectPause(armedAt, View, TIMES.viewTime, incidents);
    });

    it("has the whole soft time again once the view is armed, and not a second before", async () => {
      const { softTime, viewTime, coolDown } = TIMES;
      const incidents = { generation: 1, liftedAt: 5_000 };
      await expectPause(0, View, viewTime);
      const snapshot = await networkHelpers.takeSnapshot();
      await expectPause(5_000 + coolDown - 1, Books, softTime - viewTime, incidents);
      await snapshot.restore();
      await expectPause(5_000 + coolDown, Books, softTime, incidents);
    });

    it("does not wait for the end of a later incident", async () => {
      const armedAt = TIMES.softTime + TIMES.coolDown;
      const later = { generation: 2, liftedAt: armedAt - 1 };
      await expectPause(0, Books, TIMES.softTime);
      await expectRefusal(armedAt - 1, Books, armedAt, later);
      await expectPause(armedAt, Books, TIMES.softTime, later);
    });
  });
});
