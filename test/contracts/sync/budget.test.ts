import { expect } from "chai";
import { id, MaxUint256 } from "ethers";
import { network } from "hardhat";

import { deployLockstep, depositUsd, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { attest, postAttested, postCheckpoint } from "../../helpers/attestations.ts";
import { attestLike, CAUSES, GRADES, hardPause, pause, readHead, sendResume } from "../../helpers/guard.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { readWitness } from "../../helpers/witness.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const DAY = 86_400;
const SEED = 1;
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

async function hastyFixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4, parameters: { ...LONG, coolDownSeconds: 1 } });
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

  /** One key pauses whenever it can; which share of `days` is paused, and the longest time at a stretch, seconds. */
  async function tryFor(days: number, random: SeededRandom): Promise<{ share: number; longest: number }> {
    const template = await attest(system);
    const begin = await time.latest();
    let [paused, running, longest] = [0, 0, 0];
    while ((await time.latest()) < begin + days * DAY) {
      const causes = random.bool() ? [CAUSES.books, CAUSES.view] : [CAUSES.view, CAUSES.books];
      for (const cause of causes) if (random.bool()) await pauseHead(0, cause).catch(expectRefusal);
      const isPaused = ((await system.ledger.hotWord()).flags & GRADES.degraded) !== 0n;
      await time.increase(DAY);
      await postAttested(system, await attestLike(system, template));
      running = isPaused ? running + DAY : 0;
      if (isPaused) paused += DAY;
      longest = Math.max(longest, running);
    }
    return { share: paused / (days * DAY), longest };
  }

  it(`F6: lets one key that tries for a year pause at most the soft time a cycle (seed ${SEED})`, async () => {
    system = await networkHelpers.loadFixture(longFixture);
    const { share, longest } = await tryFor(365, new SeededRandom(SEED));
    // A pause ends with the first checkpoint after its time, a step late at most; one for a view and one for the books.
    const most = LONG.softTimeSeconds + 2 * DAY;
    expect(longest).to.be.at.most(most);
    expect(share).to.be.at.most(most / (most + LONG.coolDownSeconds));
    expect(share).to.be.at.least(0.2);
  });

  it("F6: would let one key pause for nearly all the time, were it not for the cool-down", async () => {
    system = await networkHelpers.loadFixture(hastyFixture);
    const { share } = await tryFor(60, new SeededRandom(SEED));
    expect(share).to.be.at.least(0.8);
  });

  it("F6: lets who is flat leave while one key pauses, and all that is his", async () => {
    const { vault, usd, users } = system;
    const [user] = users;
    await depositUsd(system, user!, 1_000n);
    const attested = await postCheckpoint(system);
    await pauseHead(0);
    const account = accountOf(user!);
    const witness = await readWitness(system, attested, account, usd);
    await vault.connect(user).withdrawWitnessed(account, usd.target, 1_000n, user!.address, witness);
    expect(await usd.balanceOf(user!.address)).to.equal(1_000n);
    // Its owner has no way to make it longer.
    await expectNotRearmed(0, CAUSES.books, MaxUint256);
    const signers = [system.keepers[0]!.attester];
    await expect(hardPause(system, id("for ever"), await readHead(system), { signers })).to.be.revertedWithCustomError(
      system.guard,
      "QuorumTooFew",
    );
  });

  function expectRefusal(error: unknown): void {
    expect(String(error)).to.contain("KeeperRegistryNotRearmed");
  }
});
