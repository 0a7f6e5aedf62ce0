import { expect } from "chai";
import { id, MaxUint256 } from "ethers";
import { network } from "hardhat";

import { deployLockstep, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { attest, postAttested, postCheckpoint, type Attested } from "../../helpers/attestations.ts";
import { attestLike, CAUSES, GRADES, pause, readHead, sendResume } from "../../helpers/guard.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const DAY = 86_400;
/** Long, so that a year has few enough steps to mine. */
const LONG = {
  staleLimitSeconds: 2 * DAY,
  viewTimeSeconds: 2 * DAY,
  softTimeSeconds: 8 * DAY,
  coolDownSeconds: 8 * DAY,
} as const;

async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection, { keeperCount: 4 });
  await postCheckpoint(system);
  return system;
}

async function longFixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4, parameters: LONG });
}

describe("SyncGuard > pause budgets", () => {
  let system: Lockstep;
  let names = 0;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  /** Lets keeper `index` pause for the head, which nobody has judged. */
  async function pauseHead(index: number, cause: number = CAUSES.books) {
    await networkHelpers.mine();
    names += 1;
    return await pause(system, index, id(`incident ${names}`), await readHead(system), cause);
  }

  async function expectNotRearmed(index: number, cause: number, until: bigint | number) {
    await expect(pauseHead(index, cause))
      .to.be.revertedWithCustomError(system.keeperRegistry, "KeeperRegistryNotRearmed")
      .withArgs(system.keepers[index]!.attester.address, until);
  }

  it("INV-6: each keeper pauses once until the pause is lifted and it has cooled down, to the second", async () => {
    await pauseHead(0);
    await expectNotRearmed(0, CAUSES.books, MaxUint256);
    await pauseHead(1);

    await time.increase(TIMES.softTimeSeconds);
    await postCheckpoint(system);
    expect(await system.ledger.flags()).to.equal(GRADES.synced);
    const rearmedAt = Number((await system.guard.incident()).liftedAt) + TIMES.coolDownSeconds;
    for (const index of [0, 1]) await expectNotRearmed(index, CAUSES.books, rearmedAt);
    await networkHelpers.mine();
    const head = await readHead(system);
    await time.setNextBlockTimestamp(rearmedAt - 1);
    await expect(pause(system, 0, id("too early"), head)).to.be.revertedWithCustomError(
      system.keeperRegistry,
      "KeeperRegistryNotRearmed",
    );
    await time.setNextBlockTimestamp(rearmedAt);
    await pause(system, 0, id("in time"), head);
    expect(await system.ledger.flags()).to.equal(GRADES.degraded);
  });

  it("keeps the pause for the books when one for a view was used, shorter by that", async () => {
    await pauseHead(0, CAUSES.view);
    const viewUntil = (await system.guard.incident()).softUntil;
    expect(viewUntil).to.equal((await readHead(system)).timestamp + TIMES.viewTimeSeconds);
    await expectNotRearmed(0, CAUSES.view, MaxUint256);
    await pauseHead(0);
    const { softUntil } = await system.guard.incident();
    const shortened = TIMES.softTimeSeconds - TIMES.viewTimeSeconds;
    expect(softUntil).to.equal((await readHead(system)).timestamp + shortened);
    await expectNotRearmed(0, CAUSES.view, MaxUint256);
  });

  it("is re-armed by a quorum that resumes early, after the cool-down since the pause would have ended", async () => {
    await pauseHead(0);
    const { softUntil } = await system.guard.incident();
    await networkHelpers.mine();
    await postCheckpoint(system);
    await sendResume(system);
    expect(await system.ledger.flags()).to.equal(GRADES.synced);
    await expectNotRearmed(0, CAUSES.books, Number(softUntil) + TIMES.coolDownSeconds);
    await pauseHead(1);
  });

  for (const seed of [1, 2]) {
    it(`F6: lets one key that tries for a year pause at most the soft time a cycle (seed ${seed})`, async () => {
      system = await networkHelpers.loadFixture(longFixture);
      const random = new SeededRandom(seed);
      const template = await attest(system);
      const { ledger } = system;
      const begin = await time.latest();
      const { softTimeSeconds: soft, coolDownSeconds: coolDown } = LONG;
      const step = DAY;
      let [paused, running, longest] = [0, 0, 0];
      while ((await time.latest()) < begin + 365 * DAY) {
        const causes = random.bool() ? [CAUSES.books, CAUSES.view] : [CAUSES.view, CAUSES.books];
        for (const cause of causes) if (random.bool()) await pauseHead(0, cause).catch(expectRefusal);
        const isPaused = ((await ledger.hotWord()).flags & GRADES.degraded) !== 0n;
        await time.increase(step);
        await postAttested(system, await attestLike(system, template as Attested));
        running = isPaused ? running + step : 0;
        if (isPaused) paused += step;
        longest = Math.max(longest, running);
      }
      // A pause ends with the first checkpoint after its time, a step late at most; one for a view and one for the books.
      const most = soft + 2 * step;
      expect(longest).to.be.at.most(most);
      const share = paused / (365 * DAY);
      expect(share).to.be.at.most(most / (most + coolDown));
      expect(share).to.be.at.least(0.2);
    });
  }

  function expectRefusal(error: unknown): void {
    expect(String(error)).to.contain("KeeperRegistryNotRearmed");
  }
});
