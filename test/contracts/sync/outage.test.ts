import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";

import type { MockRoundFeed } from "../../../types/ethers-contracts/index.ts";
import { deployLockstep, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { postCheckpoint } from "../../helpers/attestations.ts";
import { GRADES, hardPause, pause, readHead } from "../../helpers/guard.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const [UP, DOWN] = [0, 1];
/** The phase of a proxied feed, in the upper bits of its round ids. */
const PHASE = 1n << 64n;
const STALE = TIMES.staleLimitSeconds;

interface Rollup extends Lockstep {
  readonly feed: MockRoundFeed;
}

/** A rollup whose sequencer is up since the beginning, with a fresh checkpoint. */
async function fixture(): Promise<Rollup> {
  const feed = await connection.ethers.deployContract("MockRoundFeed", [false]);
  await feed.set(1, UP, await time.latest(), 1);
  const parameters = { sequencerFeed: feed.target as string };
  const system = await deployLockstep(connection, { keeperCount: 4, parameters });
  await postCheckpoint(system);
  return { ...system, feed };
}

async function withoutSequencer(): Promise<Lockstep> {
  return await deployLockstep(connection);
}

describe("SyncGuard > creditOutage", () => {
  let system: Rollup;
  let posted: number;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    posted = await checkpointTime();
  });

  const checkpointTime = async () => Number((await system.ledger.hotWord()).checkpointTime);

  async function round(id_: bigint | number, answer: number, at: number) {
    await system.feed.set(id_, answer, at, id_);
  }

  /** Rounds `first` and the next: down at `from` seconds after the checkpoint, up at `to`, which has passed then. */
  async function outage(first: number, from: number, to: number): Promise<void> {
    if ((await time.latest()) < posted + to) await time.increaseTo(posted + to);
    await round(first, DOWN, posted + from);
    await round(first + 1, UP, posted + to);
  }

  async function expectNoOutage(down: bigint | number, up: bigint | number): Promise<void> {
    const before = await system.ledger.hotWord();
    await expect(system.guard.creditOutage(down, up))
      .to.be.revertedWithCustomError(system.guard, "GuardNoOutage")
      .withArgs(down, up);
    expect(await system.ledger.hotWord()).to.deep.equal(before);
  }

  it("does not count the outage as age of the checkpoint, for anybody who asks", async () => {
    await outage(2, 100, 700);
    const sent = system.guard.connect(system.users[3]).creditOutage(2, 3);
    await expect(sent)
      .to.emit(system.guard, "OutageCredited")
      .withArgs(posted + 100, posted + 700, posted + 600);
    await expect(sent)
      .to.emit(system.ledger, "HotWordPushed")
      .withArgs(0, posted + 600, 0);
    expect(await system.guard.creditedAt()).to.equal(posted + 700);
    await time.increaseTo(posted + 600 + STALE);
    expect(await system.ledger.isStale()).to.equal(false);
    await time.increase(1);
    expect(await system.ledger.isStale()).to.equal(true);
  });

  it("starts the grace when it ends the stale grade", async () => {
    await outage(2, 100, 100 + STALE);
    await time.increaseTo(posted + STALE + 200);
    expect(await system.ledger.flags()).to.equal(GRADES.degraded);
    await system.guard.creditOutage(2, 3);
    expect(await system.ledger.flags()).to.equal(GRADES.synced);
    const { timestamp } = await readHead(system);
    expect((await system.ledger.hotWord()).graceUntil).to.equal(timestamp + TIMES.graceSeconds);
  });

  it("starts no grace when nothing was stale, or still is", async () => {
    await outage(2, 100, 200);
    await system.guard.creditOutage(2, 3);
    expect((await system.ledger.hotWord()).graceUntil).to.equal(0);
    await outage(4, STALE + 500, STALE + 501);
    await system.guard.creditOutage(4, 5);
    expect(await system.ledger.isStale()).to.equal(true);
    expect((await system.ledger.hotWord()).graceUntil).to.equal(0);
  });

  it("leaves a soft pause as it is", async () => {
    await outage(2, 100, 200);
    await pause(system, 0, id("incident"), await readHead(system));
    await system.guard.creditOutage(2, 3);
    expect((await system.ledger.hotWord()).flags).to.equal(GRADES.degraded);
    expect(await checkpointTime()).to.equal(posted + 100);
  });

  it("credits each second once: not twice, and of overlapping outages only what is new", async () => {
    await outage(2, 100, 200);
    await system.guard.creditOutage(2, 3);
    await expectNoOutage(2, 3);
    await outage(4, 150, 300);
    await expect(system.guard.creditOutage(4, 5))
      .to.emit(system.guard, "OutageCredited")
      .withArgs(posted + 200, posted + 300, posted + 200);
    await outage(6, 110, 290);
    await expectNoOutage(6, 7);
  });

  it("credits nothing of before the newest checkpoint", async () => {
    await outage(2, -300, 50);
    await expect(system.guard.creditOutage(2, 3))
      .to.emit(system.guard, "OutageCredited")
      .withArgs(posted, posted + 50, posted + 50);
    await networkHelpers.mine();
    await postCheckpoint(system);
    const before = posted;
    posted = await checkpointTime();
    await outage(4, before - posted + 51, -1);
    await expectNoOutage(4, 5);
  });

  it("never lets a checkpoint be newer than the end of the outage", async () => {
    await outage(2, -1_000_000, 10);
    await system.guard.creditOutage(2, 3);
    expect(await checkpointTime()).to.equal(posted + 10);
  });

  it("refuses rounds that are not one after the other, or not of one phase", async () => {
    await outage(2, 100, 200);
    await round(4, UP, posted + 300);
    for (const [down, up] of [
      [2, 4],
      [3, 2],
      [2, 2],
      [0, 0],
    ] as const) {
      await expectNoOutage(down, up);
    }
    const last = PHASE - 1n;
    await round(last, DOWN, posted + 100);
    await round(PHASE, UP, posted + 200);
    await expectNoOutage(last, PHASE);
  });

  it("refuses rounds that do not say down, then up", async () => {
    await outage(2, 100, 200);
    for (const [down, up] of [
      [UP, UP],
      [DOWN, DOWN],
      [UP, DOWN],
      [2, UP],
    ] as const) {
      await round(10, down, posted + 100);
      await round(11, up, posted + 200);
      await expectNoOutage(10, 11);
    }
  });

  it("refuses rounds that never were, that answer for another, that go back in time or into the future", async () => {
    await outage(2, 100, 200);
    await expectNoOutage(20, 21);
    await round(30, DOWN, 0);
    await round(31, UP, posted + 100);
    await expectNoOutage(30, 31);
    await round(40, DOWN, posted + 200);
    await round(41, UP, posted + 200);
    await expectNoOutage(40, 41);
    await round(50, DOWN, posted + 100);
    await round(51, UP, (await time.latest()) + 3_600);
    await expectNoOutage(50, 51);
    for (const shifted of [2, 3]) {
      const snapshot = await networkHelpers.takeSnapshot();
      await system.feed.shift(shifted);
      await expectNoOutage(2, 3);
      await snapshot.restore();
    }
    await system.guard.creditOutage(2, 3);
  });

  it("credits nothing while the feed is down and while it was not updated", async () => {
    await time.increase(2 * STALE);
    await expectNoOutage(1, 2);
    await round(2, DOWN, posted + 100);
    await expectNoOutage(2, 3);
  });

  it("credits nothing while halted, where a conviction may have taken the age", async () => {
    await outage(2, 100, 200);
    await hardPause(system, id("incident"), await readHead(system));
    await expect(system.guard.creditOutage(2, 3)).to.be.revertedWithCustomError(system.guard, "GuardHalted");
  });

  it("is refused on a chain without a sequencer", async () => {
    const plain = await networkHelpers.loadFixture(withoutSequencer);
    await expect(plain.guard.creditOutage(2, 3)).to.be.revertedWithCustomError(plain.guard, "GuardNoSequencer");
  });
});
