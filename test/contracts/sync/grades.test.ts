import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";

import { deployLockstep, depositUsd, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import {
  attest,
  falsify,
  postAttested,
  postCheckpoint,
  readKeeperSet,
  signAttestation,
} from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";
import {
  CAUSES,
  GRADES,
  attestLike,
  certifyResume,
  deadline,
  inOneBlock,
  pause,
  readHead,
  sendResume,
} from "../../helpers/guard.ts";
import { OrderBook, UNIT } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const INCIDENT = id("incident");
const { degraded: DEGRADED, halted: HALTED } = GRADES;
const RING = 64;

/** Two accounts with money and a position each, a fresh checkpoint, four keepers. */
async function gracelessFixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4, parameters: { graceSeconds: 0 } });
}

async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection, { keeperCount: 4 });
  const [buyer, seller] = system.users;
  for (const user of [buyer!, seller!]) await depositUsd(system, user, 10_000_000_000n);
  await new OrderBook(system).trade(buyer!, seller!, { size: 2n * UNIT });
  await postCheckpoint(system);
  return system;
}

describe("SyncGuard > grades", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  const flags = async (): Promise<bigint> => await system.ledger.flags();
  const increase = async () => await new OrderBook(system).trade(system.users[0]!, system.users[1]!);
  const reduce = async () => await new OrderBook(system).trade(system.users[1]!, system.users[0]!);

  async function expectIncreaseRefused(): Promise<void> {
    await expect(increase())
      .to.be.revertedWithCustomError(system.ledger, "LedgerIncreaseRestricted")
      .withArgs(accountOf(system.users[0]!), 1);
  }

  describe("soft", () => {
    it("INV-12: is lifted neither by time alone nor by a later checkpoint alone", async () => {
      const head = await readHead(system);
      await pause(system, 0, INCIDENT, head);
      const { softUntil } = await system.guard.incident();
      const before = await system.registry.newestNumber();
      await expect(system.guard.liftSoft())
        .to.be.revertedWithCustomError(system.guard, "GuardNotLiftable")
        .withArgs(softUntil, head.number, before);

      const snapshot = await networkHelpers.takeSnapshot();
      await networkHelpers.time.increaseTo(Number(softUntil));
      await expect(system.guard.liftSoft())
        .to.be.revertedWithCustomError(system.guard, "GuardNotLiftable")
        .withArgs(softUntil, head.number, before);
      expect(await flags()).to.equal(DEGRADED);

      await snapshot.restore();
      const { attestation } = await postCheckpoint(system);
      await expect(system.guard.liftSoft())
        .to.be.revertedWithCustomError(system.guard, "GuardNotLiftable")
        .withArgs(softUntil, head.number, attestation.blockNumber);
      expect(await flags()).to.equal(DEGRADED);
    });

    it("is not lifted by a checkpoint of the judged block itself", async () => {
      const head = await readHead(system);
      await pause(system, 0, INCIDENT, head);
      await networkHelpers.time.increase(TIMES.softTimeSeconds);
      await postCheckpoint(system, head.number);
      expect((await system.ledger.hotWord()).flags).to.equal(DEGRADED);
      await expect(system.guard.liftSoft()).to.be.revertedWithCustomError(system.guard, "GuardNotLiftable");
    });

    it("is lifted by anyone when the checkpoint came first and the time second", async () => {
      await pause(system, 0, INCIDENT, await readHead(system));
      await networkHelpers.time.increase(TIMES.softTimeSeconds - 60);
      await postCheckpoint(system);
      await networkHelpers.time.increase(60);
      const lifting = system.guard.connect(system.users[3]).liftSoft();
      const liftedAt = await deadline(system, lifting, 0);
      await expect(lifting).to.emit(system.guard, "SoftLifted").withArgs(1, liftedAt);
      const hot = await system.ledger.hotWord();
      expect([hot.flags, hot.graceUntil]).to.deep.equal([0n, BigInt(liftedAt + TIMES.graceSeconds)]);
      expect(await system.guard.witnessNumber()).to.equal(await system.registry.newestNumber());
      await expect(system.guard.liftSoft()).to.be.revertedWithCustomError(system.guard, "GuardNotLiftable");
    });

    it("is lifted by the post itself when the time came first and the checkpoint second", async () => {
      await pause(system, 0, INCIDENT, await readHead(system));
      await networkHelpers.time.increase(TIMES.softTimeSeconds);
      const posting = postAttested(system, await attest(system));
      const liftedAt = await deadline(system, posting, 0);
      await expect(posting).to.emit(system.guard, "SoftLifted").withArgs(1, liftedAt);
      const hot = await system.ledger.hotWord();
      expect([hot.flags, hot.graceUntil]).to.deep.equal([0n, BigInt(liftedAt + TIMES.graceSeconds)]);
      await increase();
    });

    it("hands over to stale without a gap when nobody else is alive", async () => {
      // The latest that a checkpoint can come, and then nobody: neither the time nor the stale grade ends the pause.
      await pause(system, 0, INCIDENT, await readHead(system));
      const { softUntil } = await system.guard.incident();
      await postCheckpoint(system, (await readHead(system)).number);
      const { checkpointTime } = await system.ledger.hotWord();
      const staleFrom = Number(checkpointTime) + TIMES.staleLimitSeconds + 1;
      expect(staleFrom).to.be.lessThan(Number(softUntil));
      for (const second of [staleFrom, Number(softUntil) - 1, Number(softUntil), Number(softUntil) + 30 * 86_400 - 1]) {
        await networkHelpers.time.increaseTo(second);
        expect(await flags()).to.equal(DEGRADED);
        await expectIncreaseRefused();
      }
      // Anybody lifts what has expired, and the stale grade holds still.
      await system.guard.liftSoft();
      expect((await system.ledger.hotWord()).flags).to.equal(0n);
      expect(await flags()).to.equal(DEGRADED);
      await expectIncreaseRefused();
    });

    it("hands over to stale when a shortened pause ends, too", async () => {
      await pause(system, 0, INCIDENT, await readHead(system), CAUSES.view);
      await networkHelpers.mine();
      await pause(system, 0, id("books"), await readHead(system));
      const head = await readHead(system);
      const { softUntil } = await system.guard.incident();
      expect(Number(softUntil) - head.timestamp).to.equal(TIMES.softTimeSeconds - TIMES.viewTimeSeconds);
      await postCheckpoint(system, head.number);
      const { checkpointTime } = await system.ledger.hotWord();
      await networkHelpers.time.increaseTo(Number(checkpointTime) + TIMES.staleLimitSeconds + 1);
      await networkHelpers.time.increaseTo(Number(softUntil));
      await system.guard.liftSoft();
      expect(await flags()).to.equal(DEGRADED);
    });
  });

  describe("stale", () => {
    it("restricts by age with no transaction: increase refused; reduction and deposit pass", async () => {
      await networkHelpers.time.increase(TIMES.staleLimitSeconds - 5);
      expect(await flags()).to.equal(0n);
      await networkHelpers.time.increase(10);
      expect((await system.ledger.hotWord()).flags).to.equal(0n);
      expect(await flags()).to.equal(DEGRADED);
      await expectIncreaseRefused();
      await reduce();
      await depositUsd(system, system.users[0]!, 1n);
      await expect(
        system.vault.connect(system.users[0]).withdraw(accountOf(system.users[0]!), system.usd, 1n, system.admin),
      )
        .to.be.revertedWithCustomError(system.ledger, "LedgerWithdrawalRestricted")
        .withArgs(accountOf(system.users[0]!));
    });

    it("begins one second after the limit", async () => {
      const { checkpointTime } = await system.ledger.hotWord();
      await networkHelpers.time.increaseTo(Number(checkpointTime) + TIMES.staleLimitSeconds);
      expect(await system.ledger.isStale()).to.equal(false);
      await networkHelpers.time.increase(1);
      expect(await system.ledger.isStale()).to.equal(true);
    });

    it("ends with the next post, which starts the grace", async () => {
      expect((await system.ledger.hotWord()).graceUntil).to.equal(0);
      await networkHelpers.time.increase(TIMES.staleLimitSeconds + 1);
      const graceUntil = await deadline(system, postAttested(system, await attest(system)), TIMES.graceSeconds);
      expect(await flags()).to.equal(0n);
      expect((await system.ledger.hotWord()).graceUntil).to.equal(graceUntil);
      await increase();
      await postCheckpoint(system);
      expect((await system.ledger.hotWord()).graceUntil).to.equal(graceUntil);
    });
  });

  describe("after a silence", () => {
    it("F10, G9: liquidates nobody in the block of the first checkpoint, nor during the grace", async () => {
      const { auction, ethFeed, ledger, registry, users, keepers } = system;
      const account = accountOf(users[0]!);
      await new OrderBook(system).trade(users[0]!, users[1]!, { size: 28n * UNIT });
      await postCheckpoint(system);
      await networkHelpers.time.increase(8 * 3_600);
      await ethFeed.update(2_750n * 10n ** 8n);
      expect(await ledger.isStale()).to.equal(true);
      const { attestation, roots } = await attest(system);
      const signed = await signAttestation(
        system,
        attestation,
        keepers.map(({ attester }) => attester),
      );
      const set = await readKeeperSet(system);
      const gas = { gasLimit: 1_000_000 };
      const [posted, started] = await inOneBlock(
        system,
        async () => await registry.post(attestation, roots, set, signed, gas),
        async () => await auction.start(account, 1, gas),
      );
      expect([posted!.blockNumber, posted!.status]).to.deep.equal([started!.blockNumber, 1]);
      expect(started!.status).to.equal(0);
      const { graceUntil } = await ledger.hotWord();
      await networkHelpers.time.setNextBlockTimestamp(graceUntil - 1n);
      await expect(auction.start(account, 1))
        .to.be.revertedWithCustomError(auction, "AuctionInGrace")
        .withArgs(graceUntil);
      await networkHelpers.time.setNextBlockTimestamp(graceUntil);
      await auction.start(account, 1);
    });
  });

  describe("after a silence, without a grace", () => {
    it("F10, G9: sells in the block of the first checkpoint whoever could not act for eight hours", async () => {
      system = await networkHelpers.loadFixture(gracelessFixture);
      const { auction, ethFeed, ledger, registry, users, keepers } = system;
      const account = accountOf(users[0]!);
      for (const user of users.slice(0, 2)) await depositUsd(system, user, 10_000_000_000n);
      await new OrderBook(system).trade(users[0]!, users[1]!, { size: 28n * UNIT });
      await postCheckpoint(system);
      await networkHelpers.time.increase(8 * 3_600);
      await ethFeed.update(2_750n * 10n ** 8n);
      expect(await ledger.isStale()).to.equal(true);
      const { attestation, roots } = await attest(system);
      const all = keepers.map(({ attester }) => attester);
      const signed = await signAttestation(system, attestation, all);
      const set = await readKeeperSet(system);
      const gas = { gasLimit: 1_000_000 };
      const receipts = await inOneBlock(
        system,
        async () => await registry.post(attestation, roots, set, signed, gas),
        async () => await auction.start(account, 1, gas),
      );
      expect(receipts.map(({ status }) => status)).to.deep.equal([1, 1]);
      expect(await auction.startedAtOf(account, 1)).to.be.greaterThan(0);
    });
  });

  describe("hard", () => {
    it("stays after expiry and later checkpoints, and takes further soft pauses", async () => {
      await convict(system, falsify(await attest(system), 0), { signers: [system.keepers[3]!.attester] });
      const remaining = system.keepers.slice(0, 3).map(({ attester }) => attester);
      const witness = await system.guard.witnessNumber();
      await pause(system, 0, INCIDENT, await readHead(system));
      await networkHelpers.time.increase(TIMES.softTimeSeconds);
      await networkHelpers.mine();
      await postAttested(system, await attest(system), remaining);
      await expect(system.guard.liftSoft()).to.be.revertedWithCustomError(system.guard, "GuardNotLiftable");
      expect(await flags()).to.equal(HALTED);
      expect(await system.guard.witnessNumber()).to.equal(witness);
      await expectIncreaseRefused();
      await reduce();
    });
  });

  describe("witness", () => {
    it("INV-9: stays in the ring however many checkpoints follow, and gives way again afterwards", async () => {
      const { guard, registry, vault, ledger } = system;
      await postCheckpoint(system);
      const witness = await postCheckpoint(system);
      const number = BigInt(witness.attestation.blockNumber);
      const post = async () => await postAttested(system, await attestLike(system, witness));
      await networkHelpers.mine();
      await pause(system, 0, INCIDENT, await readHead(system));
      for (let count = 0; count < RING - 1; count += 1) await post();
      const newest = await registry.newestNumber();
      const replacing = post();
      await expect(replacing)
        .to.emit(registry, "CheckpointReplaced")
        .withArgs(newest, RING + 1);
      await post();

      expect(await guard.witnessNumber()).to.equal(number);
      expect((await registry.checkpointOf(number)).status).to.equal(1);
      await registry.verifyRoots(witness.attestation, witness.roots, ledger.target, vault.target);
      expect(await registry.newestBefore(number + 1n)).to.equal(number);
      await expect(registry.checkpointOf(newest)).to.be.revertedWithCustomError(registry, "RegistryUnknownCheckpoint");

      await networkHelpers.time.increase(TIMES.softTimeSeconds);
      await guard.liftSoft();
      await expect(post()).not.to.emit(registry, "CheckpointReplaced");
      await expect(registry.checkpointOf(number)).to.be.revertedWithCustomError(registry, "RegistryUnknownCheckpoint");
    });

    it("voids no certificate to resume by a post that takes the place of its checkpoint", async () => {
      const { guard, registry } = system;
      await postCheckpoint(system);
      const witness = await postCheckpoint(system);
      const post = async () => await postAttested(system, await attestLike(system, witness));
      await networkHelpers.mine();
      await pause(system, 0, INCIDENT, await readHead(system));
      for (let count = 0; count < RING; count += 1) await post();
      const certificate = await certifyResume(system);
      await post();
      const { checkpointNumber } = certificate;
      await expect(registry.checkpointOf(checkpointNumber)).to.be.revertedWithCustomError(
        registry,
        "RegistryUnknownCheckpoint",
      );
      const ahead = { ...certificate, checkpointNumber: (await registry.newestNumber()) + 1n };
      await expect(sendResume(system, { certificate: ahead })).to.be.revertedWithCustomError(
        guard,
        "GuardWrongCheckpoint",
      );
      await expect(sendResume(system, { certificate })).to.emit(guard, "Resumed");
    });
  });
});
