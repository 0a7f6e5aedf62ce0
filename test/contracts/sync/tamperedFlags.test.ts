import { expect } from "chai";
import { id, toBeHex } from "ethers";
import { network } from "hardhat";

import { depositUsd, deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { postCheckpoint } from "../../helpers/attestations.ts";
import { GRADES, hardPause, pause, readHead } from "../../helpers/guard.ts";
import { readWitness } from "../../helpers/witness.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const INCIDENT = id("incident");
const AMOUNT = 100n * 10n ** 6n;
const WIND_DOWN_SECONDS = 30 * 86_400;
/** Bits of the flags in the ledger's hot word. */
const FLAGS_SHIFT = 64n;
const [INCREASE_RISK, HALT, WIND_DOWN] = [1n, 8n, 32n];

/** Four keepers and two checkpoints. */
async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection, { keeperCount: 4 });
  for (let post = 0; post < 2; post += 1) {
    await postCheckpoint(system);
    await networkHelpers.mine();
  }
  return system;
}

describe("SyncGuard > flags that were tampered with", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  const pushed = async () => (await system.ledger.hotWord()).flags;

  /** Sets and clears bits of the flags that no function of the system would. */
  async function tamper(set: bigint, cleared = 0n): Promise<void> {
    const ledger = system.ledger.target as string;
    const word = BigInt(await system.ethers.provider.getStorage(ledger, 0));
    const next = (word | (set << FLAGS_SHIFT)) & ~(cleared << FLAGS_SHIFT);
    await networkHelpers.setStorageAt(ledger, 0, toBeHex(next, 32));
    await networkHelpers.mine();
  }

  describe("the bit of the wind-down", () => {
    beforeEach(async () => {
      await tamper(WIND_DOWN);
    });

    it("keeps no keeper from pausing", async () => {
      await expect(pause(system, 0, INCIDENT, await readHead(system))).to.emit(system.guard, "SoftPaused");
      expect(await pushed()).to.equal(GRADES.degraded | WIND_DOWN);
    });

    it("keeps nobody from leaving by two witnesses", async () => {
      const [user] = system.users;
      await depositUsd(system, user!, AMOUNT);
      const attested = await postCheckpoint(system);
      await pause(system, 0, INCIDENT, await readHead(system));
      const { vault, usd } = system;
      const witness = await readWitness(system, attested, accountOf(user!), usd);
      const leaving = vault
        .connect(user!)
        .withdrawWitnessed(accountOf(user!), usd.target, AMOUNT, user!.address, witness);
      await expect(leaving).to.changeTokenBalance(system.ethers, usd, user!, AMOUNT);
    });

    it("keeps no quorum from halting", async () => {
      await expect(hardPause(system, INCIDENT, await readHead(system))).to.emit(system.guard, "HardPaused");
      expect(await pushed()).to.equal(GRADES.windDown);
    });

    it("does not lock everybody in: the wind-down still comes in its time", async () => {
      await hardPause(system, INCIDENT, await readHead(system));
      await time.increase(WIND_DOWN_SECONDS);
      await expect(system.guard.startWindDown()).to.emit(system.guard, "WindDownStarted");
      expect(await system.guard.claimsUntil()).not.to.equal(0);
    });
  });

  it("the halt's bit does not let a stranger begin the wind-down at once", async () => {
    await tamper(HALT);
    const { checkpointTime } = await system.ledger.hotWord();
    await expect(system.guard.startWindDown())
      .to.be.revertedWithCustomError(system.guard, "GuardWindDownTooEarly")
      .withArgs(Number(checkpointTime) + WIND_DOWN_SECONDS);
    await hardPause(system, INCIDENT, await readHead(system));
    const { haltedAt } = await system.guard.halt();
    expect(haltedAt).to.equal(await time.latest());
  });

  it("the bit of new risk does not leave the next incident with the witness of none", async () => {
    await tamper(INCREASE_RISK);
    const newest = await system.registry.newestNumber();
    expect(await system.guard.witnessNumber()).to.equal(newest);
    await pause(system, 0, INCIDENT, await readHead(system));
    const { witnessNumber, startedAt } = await system.guard.incident();
    expect([witnessNumber, startedAt]).to.deep.equal([newest, BigInt(await time.latest())]);
  });

  it("a bit that was cleared does not replace the witness of the incident that stands", async () => {
    const { number } = await readHead(system);
    await pause(system, 0, INCIDENT, await readHead(system));
    const before = await system.guard.incident();
    await postCheckpoint(system);
    await tamper(0n, GRADES.degraded);
    expect(await system.guard.witnessNumber()).to.equal(before.witnessNumber);
    await pause(system, 1, id("another"), await readHead(system));
    const after = await system.guard.incident();
    expect([after.witnessNumber, after.startedAt]).to.deep.equal([before.witnessNumber, before.startedAt]);
    expect(after.softBlock > BigInt(number)).to.equal(true);
  });
});
