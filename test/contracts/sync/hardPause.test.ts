import { expect } from "chai";
import { concat, id, recoverAddress, Wallet, ZeroHash } from "ethers";
import { network } from "hardhat";

import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { domainOf, postCheckpoint, readKeeperSet } from "../../helpers/attestations.ts";
import {
  CERTIFICATE_TYPES,
  certifyPause,
  GRADES,
  hardPause,
  inOneBlock,
  pause,
  readHead,
  resume,
  sendHardPause,
  sendResume,
  signPause,
} from "../../helpers/guard.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const INCIDENT = id("incident");

/** A fresh checkpoint, and four keepers of which three are a quorum. */
async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection, { keeperCount: 4 });
  await postCheckpoint(system);
  await networkHelpers.mine();
  return system;
}

describe("SyncGuard > hardPause", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  const refused = (sent: Promise<unknown>, name: string, ...args: unknown[]) =>
    expect(sent)
      .to.be.revertedWithCustomError(system.guard, name)
      .withArgs(...args);
  const pushed = async () => (await system.ledger.hotWord()).flags;
  const attesters = (from: number, to: number) => system.keepers.slice(from, to).map(({ attester }) => attester);

  describe("refusals", () => {
    it("refuses a zero incident, a zero hash, and what is no block of this chain", async () => {
      const head = await readHead(system);
      await expect(hardPause(system, ZeroHash, head)).to.be.revertedWithCustomError(system.guard, "GuardZeroIncident");
      const none = { ...head, hash: ZeroHash };
      await expect(hardPause(system, INCIDENT, none)).to.be.revertedWithCustomError(system.guard, "GuardZeroHash");
      // A refused transaction is mined as well.
      const current = async () => (await readHead(system)).number + 1;
      const next = { ...head, number: await current() };
      await refused(hardPause(system, INCIDENT, next), "GuardFutureBlock", next.number, next.number);
      const other = { ...head, hash: id("another fork") };
      await refused(hardPause(system, INCIDENT, other), "GuardWrongBlock", head.number, other.hash, head.hash);
      await networkHelpers.mine(256);
      await refused(hardPause(system, INCIDENT, head), "GuardOldBlock", head.number, await current());
    });

    it("refuses another set's number, another set, and what another set signed", async () => {
      const head = await readHead(system);
      const set = await readKeeperSet(system);
      const wrong = { certificate: { setId: set.id + 1n } };
      await refused(hardPause(system, INCIDENT, head, wrong), "GuardWrongKeeperSet", set.id + 1n, set.id);

      const certificate = await certifyPause(system, INCIDENT, head);
      const signatures = await signPause(system, certificate);
      const forged = { ...set, quorum: 1n };
      const wrongSet = (sent: Promise<unknown>) =>
        expect(sent).to.be.revertedWithCustomError(system.guard, "QuorumWrongSet");
      await wrongSet(system.guard.hardPause(certificate, forged, signatures));

      await system.keeperRegistry.remove(system.keepers[3]!.attester.address);
      await wrongSet(system.guard.hardPause(certificate, set, signatures));
      const now = await readKeeperSet(system);
      await refused(system.guard.hardPause(certificate, now, signatures), "GuardWrongKeeperSet", set.id, now.id);
    });

    it("refuses fewer than a quorum, a signer twice, a stranger, and signatures cut short", async () => {
      const head = await readHead(system);
      const signers = attesters(0, 2);
      await refused(hardPause(system, INCIDENT, head, { signers }), "QuorumTooFew", 2, 3);
      const [{ address }] = signers as [Wallet];
      const twice = { signers: [signers[0]!, signers[0]!, signers[0]!] };
      await refused(hardPause(system, INCIDENT, head, twice), "QuorumNotSorted", address, address);
      const stranger = new Wallet(id("stranger"));
      const mixed = { signers: [...signers, stranger] };
      await refused(hardPause(system, INCIDENT, head, mixed), "QuorumNotMember", stranger.address);
      const certificate = await certifyPause(system, INCIDENT, head);
      const signatures = (await signPause(system, certificate)).slice(0, -2);
      await refused(sendHardPause(system, certificate, signatures), "QuorumBadLength", 4 * 65 - 1);
      expect(await pushed()).to.equal(GRADES.synced);
    });

    it("E9: refuses what was signed for another chain, another contract or another version", async () => {
      const certificate = await certifyPause(system, INCIDENT, await readHead(system));
      const domain = await domainOf(system, system.guard.target as string);
      const digest = await system.guard.hashPause(certificate);
      for (const changed of [
        { ...domain, chainId: domain.chainId + 1n },
        { ...domain, verifyingContract: system.registry.target as string },
        { ...domain, version: "2" },
      ]) {
        const pairs: { signer: string; signature: string }[] = [];
        for (const { attester } of system.keepers.slice(0, 3)) {
          const signature = await attester.signTypedData(changed, CERTIFICATE_TYPES.pause, certificate);
          // Whom the guard takes for the signer.
          pairs.push({ signer: recoverAddress(digest, signature), signature });
        }
        pairs.sort((a, b) => (BigInt(a.signer) < BigInt(b.signer) ? -1 : 1));
        const sent = sendHardPause(system, certificate, concat(pairs.map(({ signature }) => signature)));
        await refused(sent, "QuorumNotMember", pairs[0]!.signer);
      }
      expect(await pushed()).to.equal(GRADES.synced);
      await sendHardPause(system, certificate, await signPause(system, certificate));
      expect(await pushed()).to.equal(GRADES.halted);
    });

    it("refuses a certificate of a pause nonce to come", async () => {
      const wrong = { certificate: { pauseNonce: 1n } };
      await refused(hardPause(system, INCIDENT, await readHead(system), wrong), "GuardWrongNonce", 1, 0);
    });

    it("refuses certificates of before the last resume, signed in the incident that ended or earlier", async () => {
      const head = await readHead(system);
      const old = await certifyPause(system, id("old"), head);
      await pause(system, 0, INCIDENT, await readHead(system));
      const during = await certifyPause(system, id("during"), head);
      const signed = [
        [old, await signPause(system, old)],
        [during, await signPause(system, during)],
      ] as const;
      await networkHelpers.mine();
      await postCheckpoint(system);
      await sendResume(system);
      for (const [certificate, signatures] of signed) {
        const sent = sendHardPause(system, certificate, signatures);
        await refused(sent, "GuardWrongNonce", certificate.pauseNonce, 2);
      }
      await hardPause(system, id("new"), head);
      expect(await pushed()).to.equal(GRADES.halted);
    });
  });

  describe("effects", () => {
    it("halts, names cause, witness and times, and is carried by anybody", async () => {
      const { guard, registry, users } = system;
      const head = await readHead(system);
      const witness = await registry.newestNumber();
      const sent = hardPause(system, INCIDENT, head, { signers: attesters(1, 4), carrier: users[5]! });
      const { timestamp, number } = await sent.then(async () => await readHead(system));
      await expect(sent).to.emit(guard, "HardPaused").withArgs(INCIDENT, witness, 1, timestamp, timestamp);
      expect(await pushed()).to.equal(GRADES.halted);
      expect(await guard.isHalted()).to.equal(true);
      expect(await guard.cause()).to.equal(INCIDENT);
      expect(await guard.halt()).to.deep.equal(
        [timestamp, timestamp, number, 0, 0, 0].map(BigInt).concat([true as never]),
      );
      expect((await guard.incident()).startedAt).to.equal(timestamp);
      await postCheckpoint(system);
      expect(await guard.witnessNumber()).to.equal(witness);
    });

    it("takes the newest checkpoint before the block that diverged as the witness", async () => {
      const before = await system.registry.newestNumber();
      const head = await readHead(system);
      await networkHelpers.mine();
      await postCheckpoint(system);
      await hardPause(system, INCIDENT, head);
      expect(await system.guard.witnessNumber()).to.equal(before);
    });

    it("keeps witness and begin of the soft pause that it hardens", async () => {
      await pause(system, 0, INCIDENT, await readHead(system));
      const before = await system.guard.incident();
      await networkHelpers.mine();
      await postCheckpoint(system);
      await networkHelpers.mine();
      await hardPause(system, INCIDENT, await readHead(system));
      const after = await system.guard.incident();
      expect([after.witnessNumber, after.startedAt]).to.deep.equal([before.witnessNumber, before.startedAt]);
      expect(after.nonce).to.equal(2);
    });

    it("is not voided by a soft pause that comes in between", async () => {
      const certificate = await certifyPause(system, INCIDENT, await readHead(system));
      const signatures = await signPause(system, certificate);
      await pause(system, 0, id("in between"), await readHead(system));
      await sendHardPause(system, certificate, signatures);
      expect(await pushed()).to.equal(GRADES.halted);
    });

    it("does nothing when it is repeated, in its block and later", async () => {
      const head = await readHead(system);
      const certificate = await certifyPause(system, INCIDENT, head);
      const signatures = await signPause(system, certificate);
      const send = async () => await sendHardPause(system, certificate, signatures);
      const receipts = await inOneBlock(system, send, send);
      expect(receipts.map(({ status }) => status)).to.deep.equal([1, 1]);
      expect(receipts.map(({ logs }) => logs.length)).to.deep.equal([2, 0]);
      const before = [await system.guard.incident(), await system.guard.halt(), await system.ledger.hotWord()];
      await time.increase(10);
      expect((await (await send()).wait())!.logs).to.deep.equal([]);
      // Of nobody: a repeat asks for no signatures.
      expect((await (await sendHardPause(system, certificate, "0x")).wait())!.logs).to.deep.equal([]);
      const after = [await system.guard.incident(), await system.guard.halt(), await system.ledger.hotWord()];
      expect(after).to.deep.equal(before);
    });

    it("starts the cool-down again for another incident, and keeps when the halt began", async () => {
      await hardPause(system, INCIDENT, await readHead(system));
      const before = await system.guard.halt();
      await time.increase(500);
      await hardPause(system, id("another"), await readHead(system));
      const after = await system.guard.halt();
      expect(after.haltedAt).to.equal(before.haltedAt);
      expect(after.pausedAt).to.equal((await readHead(system)).timestamp);
      expect(await system.guard.cause()).to.equal(id("another"));
    });

    it("begins a new halt after a resume", async () => {
      await hardPause(system, INCIDENT, await readHead(system));
      await resume(system);
      await hardPause(system, INCIDENT, await readHead(system));
      const { haltedAt, clearedNonce } = await system.guard.halt();
      expect([haltedAt, clearedNonce]).to.deep.equal([BigInt((await readHead(system)).timestamp), 2n]);
    });
  });
});
