import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { attest, falsify, postAttested, postCheckpoint } from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";
import { GRADES, hardPause, pause, readHead, sendResume } from "../../helpers/guard.ts";
import { OrderBook, UNIT } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const INCIDENT = id("incident");
const DAY = 86_400;
const WIND_DOWN = 30 * DAY;
const [ETH, BTC] = [1, 2];

/** Two accounts with a position in ETH, a fresh checkpoint. */
async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection, { keeperCount: 4 });
  const [buyer, seller] = system.users;
  for (const user of [buyer!, seller!]) await depositUsd(system, user, 10_000_000_000n);
  await new OrderBook(system).trade(buyer!, seller!, { size: UNIT });
  await postCheckpoint(system);
  await networkHelpers.mine();
  return system;
}

/** Keepers, and no checkpoint yet. */
async function youngFixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4 });
}

describe("SyncGuard > wind-down", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  const pushed = async () => (await system.ledger.hotWord()).flags;
  const halt = async () => await hardPause(system, INCIDENT, await readHead(system));
  const refused = async (sent: Promise<unknown>, name: string, ...args: unknown[]) =>
    await expect(sent)
      .to.be.revertedWithCustomError(system.guard, name)
      .withArgs(...args);

  /** Refused one second before `possibleFrom`, and done at it. */
  async function startAt(possibleFrom: number) {
    await time.setNextBlockTimestamp(possibleFrom - 1);
    await refused(system.guard.startWindDown(), "GuardWindDownTooEarly", possibleFrom);
    await time.setNextBlockTimestamp(possibleFrom);
    return await system.guard.connect(system.users[5]).startWindDown();
  }

  /** All keepers are gone for ever. */
  async function windDown(): Promise<void> {
    await time.increase(WIND_DOWN);
    await system.guard.startWindDown();
  }

  describe("start", () => {
    it("comes by itself when all keepers are gone for ever: at the newest checkpoint, by anybody, to the second", async () => {
      const { checkpointTime } = await system.ledger.hotWord();
      const witness = await system.registry.newestNumber();
      const windDownAt = Number(checkpointTime) + WIND_DOWN;
      const sent = startAt(windDownAt);
      await expect(sent).to.emit(system.guard, "WindDownStarted").withArgs(windDownAt, witness, checkpointTime);
      expect(await pushed()).to.equal(GRADES.windDown);
      const { witnessNumber, startedAt, nonce } = await system.guard.incident();
      expect([witnessNumber, startedAt, nonce]).to.deep.equal([witness, checkpointTime, 1n]);
      expect((await system.guard.halt()).windDownAt).to.equal(windDownAt);
      expect(await system.guard.claimsUntil()).to.equal(BigInt(windDownAt) + (await system.guard.CLAIM_PERIOD()));
      expect(await system.guard.witnessNumber()).to.equal(witness);
    });

    it("keeps witness and begin of a soft pause that nobody ended", async () => {
      await time.increase(600);
      await pause(system, 0, INCIDENT, await readHead(system));
      const before = await system.guard.incident();
      await windDown();
      const after = await system.guard.incident();
      expect([after.witnessNumber, after.startedAt]).to.deep.equal([before.witnessNumber, before.startedAt]);
    });

    it("comes after a long halt, though checkpoints are posted, and no further hard pause delays it", async () => {
      await halt();
      const { haltedAt } = await system.guard.halt();
      await time.increase(20 * DAY);
      await hardPause(system, id("another"), await readHead(system));
      await postCheckpoint(system);
      await startAt(Number(haltedAt) + WIND_DOWN);
      expect((await system.guard.incident()).startedAt).to.equal(haltedAt);
    });

    it("counts from the newest checkpoint when that is older than the halt", async () => {
      const { checkpointTime } = await system.ledger.hotWord();
      await time.increase(20 * DAY);
      await halt();
      await startAt(Number(checkpointTime) + WIND_DOWN);
    });

    it("does not come at once when a conviction leaves no checkpoint at all", async () => {
      system = await networkHelpers.loadFixture(youngFixture);
      const lie = falsify(await attest(system), 0);
      await postAttested(system, lie);
      await convict(system, lie, { signers: [system.keepers[0]!.attester] });
      expect((await system.ledger.hotWord()).checkpointTime).to.equal(0);
      const { haltedAt } = await system.guard.halt();
      await startAt(Number(haltedAt) + WIND_DOWN);
    });

    it("cannot be repeated", async () => {
      await windDown();
      const { windDownAt } = await system.guard.halt();
      await time.increase(WIND_DOWN);
      await refused(system.guard.startWindDown(), "GuardWindDown", windDownAt);
    });
  });

  describe("no way back", () => {
    beforeEach(windDown);

    it("refuses to resume, whoever signs", async () => {
      const { windDownAt } = await system.guard.halt();
      await time.increase(DAY);
      await postCheckpoint(system);
      await refused(sendResume(system), "GuardWindDown", windDownAt);
      await refused(system.guard.liftSoft(), "GuardNotLiftable", 0, 0, await system.registry.newestNumber());
      expect(await pushed()).to.equal(GRADES.windDown);
    });

    it("takes soft and hard pauses without effect, and uses no budget", async () => {
      const before = await system.guard.incident();
      const sent = [await pause(system, 0, INCIDENT, await readHead(system)), await halt()];
      for (const tx of sent) expect((await tx.wait())!.logs).to.deep.equal([]);
      expect(await system.guard.incident()).to.deep.equal(before);
      expect((await system.keeperRegistry.keyOf(system.keepers[0]!.pauser.address)).booksUntil).to.equal(0);
    });

    it("keeps the witness while checkpoints follow, unless a conviction voids it", async () => {
      await networkHelpers.loadFixture(fixture);
      const good = await system.registry.newestNumber();
      const lie = falsify(await attest(system), 0);
      await postAttested(system, lie);
      await windDown();
      const before = await system.guard.incident();
      expect(before.witnessNumber).to.equal(lie.attestation.blockNumber);
      await postCheckpoint(system);
      expect(await system.guard.witnessNumber()).to.equal(before.witnessNumber);
      await convict(system, lie, { signers: [system.keepers[0]!.attester] });
      const after = await system.guard.incident();
      expect([after.witnessNumber, after.startedAt]).to.deep.equal([good, before.startedAt]);
      expect(await pushed()).to.equal(GRADES.windDown);
    });
  });

  describe("prices", () => {
    const settle = async (instrument: number, user: number) =>
      await system.ledger.settleExpiry(accountOf(system.users[user]!), instrument);

    it("are fixed in a wind-down only", async () => {
      await halt();
      await refused(system.guard.fixPrice(ETH, 1), "GuardNotWindDown");
      await refused(system.guard.fixPriceByGovernance(ETH, 1), "GuardNotWindDown");
    });

    it("are those of the incident, whatever came later, once, and everybody becomes flat", async () => {
      const { ledger, instruments, oracle, ethFeed, guard } = system;
      await ethFeed.update(3_100n * 10n ** 8n);
      const roundId = await ethFeed.latestRound();
      await time.increase(3_600);
      await halt();
      await time.increase(60);
      await ethFeed.update(1n * 10n ** 8n);
      await windDown();
      const { startedAt } = await guard.incident();
      await expect(guard.fixPrice(ETH, roundId - 1n))
        .to.be.revertedWithCustomError(oracle, "OracleNotLastRound")
        .withArgs(1, roundId - 1n, startedAt);
      await expect(settle(ETH, 0)).to.be.revertedWithCustomError(ledger, "LedgerNotSettled").withArgs(ETH);

      await guard.connect(system.users[4]).fixPrice(ETH, roundId);
      expect(await instruments.payoffOf(ETH)).to.deep.equal([3_100n * UNIT, true]);
      await expect(guard.fixPrice(ETH, roundId))
        .to.be.revertedWithCustomError(instruments, "InstrumentAlreadySettled")
        .withArgs(ETH);

      const before = await ledger.quoteOf(accountOf(system.users[0]!));
      for (const user of [0, 1]) await settle(ETH, user);
      expect(await ledger.openCountOf(accountOf(system.users[0]!))).to.equal(0);
      expect(await ledger.openCountOf(accountOf(system.users[1]!))).to.equal(0);
      expect((await ledger.quoteOf(accountOf(system.users[0]!))) - before).to.equal(3_100n * UNIT);
    });

    it("come from governance a week later where no feed can prove one, to the second", async () => {
      const { guard, instruments, users } = system;
      await windDown();
      const possibleFrom = Number((await guard.halt()).windDownAt) + 7 * DAY;
      const price = 60_000n * UNIT;
      await expect(guard.connect(users[0]).fixPriceByGovernance(BTC, price))
        .to.be.revertedWithCustomError(guard, "AccessManagedUnauthorized")
        .withArgs(users[0]!.address);
      await time.setNextBlockTimestamp(possibleFrom - 1);
      await refused(guard.fixPriceByGovernance(BTC, price), "GuardWindDownTooEarly", possibleFrom);
      await time.setNextBlockTimestamp(possibleFrom);
      await guard.fixPriceByGovernance(BTC, price);
      expect(await instruments.payoffOf(BTC)).to.deep.equal([price, true]);
    });
  });
});
