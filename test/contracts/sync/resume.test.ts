import { expect } from "chai";
import { id, toBeHex, ZeroHash } from "ethers";
import { network } from "hardhat";

import { deployLockstep, depositUsd, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { impersonate } from "../../helpers/assets.ts";
import { attest, falsify, postAttested, postCheckpoint } from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";
import { certifyResume, GRADES, hardPause, pause, readHead, sendResume } from "../../helpers/guard.ts";
import { OrderBook, UNIT } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const INCIDENT = id("incident");
const BTC_PRICE = 60_000n * UNIT;

/** Two accounts with a position in ETH, two with one in BTC, a fresh checkpoint, four keepers. */
async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection, { keeperCount: 4 });
  const [first, second, third, fourth] = system.users;
  for (const user of system.users.slice(0, 4)) await depositUsd(system, user, 100_000_000_000n);
  const orders = new OrderBook(system);
  await orders.trade(first!, second!, { size: 2n * UNIT });
  await orders.trade(third!, fourth!, { instrument: 2, size: UNIT / 10n, price: BTC_PRICE });
  await postCheckpoint(system);
  await networkHelpers.mine();
  return system;
}

describe("SyncGuard > resume", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  const refused = async (sent: Promise<unknown>, name: string, ...args: unknown[]) =>
    await expect(sent)
      .to.be.revertedWithCustomError(system.guard, name)
      .withArgs(...args);
  const pushed = async () => (await system.ledger.hotWord()).flags;
  const halt = async () => await hardPause(system, INCIDENT, await readHead(system));
  const tradeEth = async () => await new OrderBook(system).trade(system.users[0]!, system.users[1]!);
  const reduceEth = async () => await new OrderBook(system).trade(system.users[1]!, system.users[0]!);
  const tradeBtc = async () =>
    await new OrderBook(system).trade(system.users[2]!, system.users[3]!, {
      instrument: 2,
      size: UNIT / 100n,
      price: BTC_PRICE,
    });

  /** Halts, waits for the cool-down and posts: everything that a resume needs but its certificate. */
  async function haltUntilReady(): Promise<void> {
    await halt();
    await time.increase(TIMES.coolDownSeconds);
    await postCheckpoint(system);
  }

  describe("of a halt", () => {
    it("lifts everything, starts the grace and counts the incident as ended, carried by anybody", async () => {
      await haltUntilReady();
      const { checkpointNumber } = await certifyResume(system);
      const sent = sendResume(system, { carrier: system.users[4]! });
      const { timestamp } = await sent.then(async () => await readHead(system));
      await expect(sent).to.emit(system.guard, "Resumed").withArgs(INCIDENT, checkpointNumber, 1, timestamp);
      const { flags, graceUntil } = await system.ledger.hotWord();
      expect([flags, graceUntil]).to.deep.equal([GRADES.synced, BigInt(timestamp + TIMES.graceSeconds)]);
      const { generation, liftedAt, nonce } = await system.guard.incident();
      expect([generation, liftedAt, nonce]).to.deep.equal([1n, BigInt(timestamp), 2n]);
      expect((await system.guard.halt()).clearedNonce).to.equal(2);
      expect(await system.guard.witnessNumber()).to.equal(checkpointNumber);
      await tradeEth();
    });

    it("F10: leaves nobody to be liquidated during the grace", async () => {
      await haltUntilReady();
      await sendResume(system);
      const { graceUntil } = await system.ledger.hotWord();
      await expect(system.auction.start(accountOf(system.users[0]!), 1))
        .to.be.revertedWithCustomError(system.auction, "AuctionInGrace")
        .withArgs(graceUntil);
    });

    it("F10: sells nobody within the grace of whom a price gap during the halt asks for more", async () => {
      const { auction, ethFeed, ledger } = system;
      const account = accountOf(system.users[0]!);
      await new OrderBook(system).trade(system.users[0]!, system.users[1]!, { size: 298n * UNIT });
      const healthy = await networkHelpers.takeSnapshot();
      // Without a halt, and its grace, the gap sells her at once.
      await ethFeed.update(2_750n * 10n ** 8n);
      await auction.start(account, 1);
      await healthy.restore();

      await haltUntilReady();
      await ethFeed.update(2_750n * 10n ** 8n);
      await expect(auction.start(account, 1)).to.be.revertedWithCustomError(auction, "AuctionRestricted");
      await sendResume(system);
      const { graceUntil } = await ledger.hotWord();
      await expect(auction.start(account, 1)).to.be.revertedWithCustomError(auction, "AuctionInGrace");
      await time.setNextBlockTimestamp(graceUntil - 1n);
      await expect(auction.start(account, 1)).to.be.revertedWithCustomError(auction, "AuctionInGrace");
      // Whoever adds margin meanwhile is not sold after it, either.
      const end = await networkHelpers.takeSnapshot();
      await time.setNextBlockTimestamp(graceUntil);
      await auction.start(account, 1);
      await end.restore();
      await depositUsd(system, system.users[0]!, 50_000_000_000n);
      await time.setNextBlockTimestamp(graceUntil + 9n);
      await expect(auction.start(account, 1)).to.be.revertedWithCustomError(auction, "AuctionHealthy");
    });

    it("waits for the cool-down, to the second", async () => {
      await halt();
      await networkHelpers.mine();
      await postCheckpoint(system);
      const possibleFrom = Number((await system.guard.halt()).pausedAt) + TIMES.coolDownSeconds;
      await time.setNextBlockTimestamp(possibleFrom - 1);
      await refused(sendResume(system), "GuardCoolDown", possibleFrom);
      await time.setNextBlockTimestamp(possibleFrom);
      await sendResume(system);
      expect(await pushed()).to.equal(GRADES.synced);
    });

    it("waits for the cool-down since the newest hard pause, not since the first", async () => {
      await halt();
      await time.increase(TIMES.coolDownSeconds - 60);
      await hardPause(system, id("another"), await readHead(system));
      const { haltedAt, pausedAt } = await system.guard.halt();
      expect(pausedAt).to.be.greaterThan(haltedAt);
      await time.increase(120);
      await postCheckpoint(system);
      await refused(sendResume(system), "GuardCoolDown", Number(pausedAt) + TIMES.coolDownSeconds);
      await time.increaseTo(Number(pausedAt) + TIMES.coolDownSeconds);
      await sendResume(system);
    });

    it("needs a checkpoint of a block after the halt's", async () => {
      const head = await readHead(system);
      await hardPause(system, INCIDENT, head);
      const { haltBlock } = await system.guard.halt();
      await postCheckpoint(system, Number(haltBlock));
      await time.increase(TIMES.coolDownSeconds);
      await refused(sendResume(system), "GuardCheckpointTooOld", haltBlock, haltBlock + 1n);
      await postCheckpoint(system, Number(haltBlock) + 1);
      await sendResume(system);
    });

    it("needs the cause, the digest and a checkpoint that nobody convicted", async () => {
      await haltUntilReady();
      const wrong = id("another");
      await refused(sendResume(system, { certificate: { incidentId: wrong } }), "GuardWrongIncident", wrong, INCIDENT);
      const { digest, blockNumber } = await system.registry.newest();
      const forged = { certificate: { checkpointDigest: wrong } };
      await refused(sendResume(system, forged), "GuardWrongCheckpoint", wrong, digest);

      await networkHelpers.mine();
      const lie = falsify(await attest(system), 0);
      await postAttested(system, lie);
      await convict(system, lie, { signers: [system.keepers[3]!.attester] });
      await time.increase(TIMES.coolDownSeconds);
      const certificate = {
        checkpointNumber: BigInt(lie.attestation.blockNumber),
        checkpointDigest: await system.registry.hashAttestation(lie.attestation),
      };
      const { haltBlock } = await system.guard.halt();
      await refused(
        sendResume(system, { certificate }),
        "GuardCheckpointTooOld",
        certificate.checkpointNumber,
        haltBlock + 1n,
      );
      expect(blockNumber).to.be.lessThan(haltBlock);
    });

    it("is refused while custody is short of what is owed, and needs no more than that", async () => {
      const { vault, usd, admin } = system;
      await haltUntilReady();
      const { held } = await vault.assetOf(usd.target);
      const thief = await impersonate(system, vault.target as string);
      await usd.connect(thief).transfer(admin.address, 1n);
      await refused(sendResume(system), "GuardCustodyShort", held - 1n, held);
      await usd.connect(admin).transfer(vault.target, 1n);
      await sendResume(system);
      expect(await pushed()).to.equal(GRADES.synced);
    });

    it("G21: leaves the instrument of a dead feed to reductions, and resumes the other", async () => {
      await haltUntilReady();
      const updatedAt = (await time.latest()) - TIMES.feedMaxAgeSeconds - 1;
      await system.ethFeed.updateAt(3_000n * 10n ** 8n, updatedAt);
      await sendResume(system);
      await tradeBtc();
      await expect(tradeEth())
        .to.be.revertedWithCustomError(system.oracle, "OracleStalePrice")
        .withArgs(1, updatedAt, TIMES.feedMaxAgeSeconds);
      await reduceEth();
      // Who resumes all or nothing would wait for this one for ever, and nobody could trade the other.
      await time.increase(TIMES.feedMaxAgeSeconds);
      await postCheckpoint(system);
      await expect(system.oracle.price(1)).to.be.revertedWithCustomError(system.oracle, "OracleStalePrice");
    });

    it("leaves the stale grade to itself", async () => {
      await haltUntilReady();
      await time.increase(TIMES.staleLimitSeconds + 1);
      await sendResume(system);
      expect(await pushed()).to.equal(GRADES.synced);
      expect(await system.ledger.flags()).to.equal(GRADES.degraded);
    });

    it("keeps the flag that the fund is short", async () => {
      await haltUntilReady();
      const fund = await impersonate(system, system.fund.target as string);
      await system.ledger.connect(fund).setFundShort(true);
      await sendResume(system);
      expect(await pushed()).to.equal(16);
    });
  });

  describe("of a soft pause", () => {
    it("ends it early, without a cool-down", async () => {
      await pause(system, 0, INCIDENT, await readHead(system));
      await networkHelpers.mine();
      await postCheckpoint(system);
      const sent = sendResume(system, { certificate: { incidentId: INCIDENT } });
      await expect(sent).to.emit(system.guard, "Resumed");
      await expect(sent).not.to.emit(system.guard, "SoftLifted");
      expect(await pushed()).to.equal(GRADES.synced);
    });

    it("needs a checkpoint of a block after the judged one", async () => {
      const head = await readHead(system);
      await pause(system, 0, INCIDENT, head);
      await postCheckpoint(system, head.number);
      await refused(sendResume(system), "GuardCheckpointTooOld", head.number, head.number + 1);
    });

    it("refuses a convicted checkpoint", async () => {
      await pause(system, 0, INCIDENT, await readHead(system));
      await networkHelpers.mine(2);
      const lie = falsify(await attest(system), 0);
      await postAttested(system, lie);
      const digest = await system.registry.hashAttestation(lie.attestation);
      const certificate = { checkpointNumber: BigInt(lie.attestation.blockNumber), checkpointDigest: digest };
      await convict(system, lie, { signers: [system.keepers[3]!.attester] });
      // As a guard that was not halted by it would see it.
      await unhalt();
      await refused(sendResume(system, { certificate }), "GuardWrongCheckpoint", digest, ZeroHash);
      const nothing = { ...certificate, checkpointDigest: ZeroHash };
      await refused(sendResume(system, { certificate: nothing }), "GuardWrongCheckpoint", ZeroHash, ZeroHash);
    });

    /** Takes the time of the hard pause out of the guard's word, which nothing else can: slot 5, bits 40 to 79. */
    async function unhalt(): Promise<void> {
      const guard = system.guard.target as string;
      const word = BigInt(await system.ethers.provider.getStorage(guard, 5));
      await networkHelpers.setStorageAt(guard, 5, toBeHex(word & ~(((1n << 40n) - 1n) << 40n), 32));
      expect((await system.guard.halt()).pausedAt).to.equal(0);
    }

    it("is refused when nothing stands", async () => {
      await expect(sendResume(system)).to.be.revertedWithCustomError(system.guard, "GuardNotPaused");
      await pause(system, 0, INCIDENT, await readHead(system));
      await networkHelpers.mine();
      await postCheckpoint(system);
      const certificate = await certifyResume(system);
      await sendResume(system);
      await expect(sendResume(system, { certificate })).to.be.revertedWithCustomError(system.guard, "GuardNotPaused");
    });
  });
});
