import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../fixtures/deployLockstep.ts";
import { accountOf } from "../helpers/accounts.ts";
import {
  attest,
  falsify,
  postSigned,
  postCheckpoint,
  readKeeperSet,
  signAttestation,
  type Attested,
} from "../helpers/attestations.ts";
import {
  certifyPause,
  certifyResume,
  GRADES,
  hardPause,
  inOneBlock,
  pause,
  postActive,
  readHead,
  sendHardPause,
  sendResume,
  signPause,
  signResume,
} from "../helpers/guard.ts";
import { OrderBook, UNIT } from "../helpers/orders.ts";
import { readAccountProof, readHeaderRlp } from "../helpers/proofs.ts";
import { readWitness } from "../helpers/witness.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const ROOT = join(import.meta.dirname, "../..");
const INCIDENT = id("incident");
const DOLLAR = 10n ** 6n;
const [WIND_DOWN_SECONDS, PERIOD_SECONDS] = [7_200, 3_600];

/** Two traders with a position, a third user without one, four keepers and a checkpoint. */
async function fixture(): Promise<Lockstep> {
  const parameters = { windDownSeconds: WIND_DOWN_SECONDS, claimPeriodSeconds: PERIOD_SECONDS };
  const system = await deployLockstep(connection, { keeperCount: 4, parameters });
  const [long, short, flat] = system.users;
  for (const user of [long!, short!]) await depositUsd(system, user, 10_000n * DOLLAR);
  await depositUsd(system, flat!, 501n * DOLLAR + 7n);
  await new OrderBook(system).trade(long!, short!, { size: UNIT });
  await postCheckpoint(system);
  await networkHelpers.mine();
  return system;
}

describe("sequences of incidents", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  const pushed = async () => (await system.ledger.hotWord()).flags;
  const attesters = (from: number, to: number) => system.keepers.slice(from, to).map(({ attester }) => attester);

  /** Refused, because the signers that a changed digest names are members of nothing. */
  async function expectForeign(sent: Promise<unknown>): Promise<void> {
    const outcome = await sent.then(
      () => "accepted",
      (error: unknown) => String(error),
    );
    expect(outcome).to.match(/Quorum(NotMember|NotSorted|BadSignature)/);
  }

  describe("a courier", () => {
    it("halts nobody with a certificate that fewer than a quorum signed, or that it changed", async () => {
      const head = await readHead(system);
      const certificate = await certifyPause(system, INCIDENT, head);
      const few = await signPause(system, certificate, attesters(0, 2));
      await expect(sendHardPause(system, certificate, few)).to.be.revertedWithCustomError(system.guard, "QuorumTooFew");
      const signatures = await signPause(system, certificate);
      const another = { blockNumber: head.number - 1, blockHash: head.parentHash };
      for (const changed of [{ incidentId: id("another") }, another]) {
        const sent = sendHardPause(system, { ...certificate, ...changed }, signatures);
        await expectForeign(sent);
      }
      expect(await pushed()).to.equal(GRADES.synced);
      await sendHardPause(system, certificate, signatures);
      expect(await pushed()).to.equal(GRADES.halted);
    });

    it("resumes nothing with another checkpoint than the signed one", async () => {
      await pause(system, 0, INCIDENT, await readHead(system));
      await networkHelpers.mine();
      await postCheckpoint(system);
      const certificate = await certifyResume(system);
      const signatures = await signResume(system, certificate);
      await networkHelpers.mine();
      await postCheckpoint(system);
      const { blockNumber, digest } = await system.registry.newest();
      const forged = { ...certificate, checkpointNumber: blockNumber, checkpointDigest: digest };
      const resuming = system.guard.resume(forged, await readKeeperSet(system), signatures);
      await expectForeign(resuming);
      expect(await pushed()).to.equal(GRADES.degraded);
      await system.guard.resume(certificate, await readKeeperSet(system), signatures);
      expect(await pushed()).to.equal(GRADES.synced);
    });

    it("posts no other roots than the signed ones", async () => {
      const attested = await attest(system);
      const signatures = await signAttestation(system, attested.attestation);
      const posting = postSigned(system, falsify(attested, 0), signatures);
      await expectForeign(posting);
      await postSigned(system, attested, signatures);
    });
  });

  describe("a hash that nobody knows the block of", () => {
    let unknown: Attested;

    beforeEach(async () => {
      const attested = await attest(system);
      unknown = { ...attested, attestation: { ...attested.attestation, blockHash: id("unknown") } };
    });

    it("is neither posted nor convicted, although a quorum signed it", async () => {
      const { registry, ethers, books } = system;
      const before = [await registry.newestNumber(), await system.keeperRegistry.setId(), await pushed()];
      const { attestation, roots } = unknown;
      const signatures = await signAttestation(system, attestation);
      await expect(postSigned(system, unknown, signatures)).to.be.revertedWithCustomError(
        registry,
        "RegistryWrongBlock",
      );
      const header = await readHeaderRlp(ethers, attestation.blockNumber);
      const proof = await readAccountProof(ethers, books[0]!, attestation.blockNumber);
      await expect(registry.convict(attestation, roots, signatures, 0, header, proof)).to.be.revertedWithCustomError(
        registry,
        "StorageProofHeaderMismatch",
      );
      const after = [await registry.newestNumber(), await system.keeperRegistry.setId(), await pushed()];
      expect(after).to.deep.equal(before);
    });
  });

  describe("changes of the keepers", () => {
    it("during a halt void what was signed before, and those who are left resume", async () => {
      await hardPause(system, INCIDENT, await readHead(system));
      await time.increase(Number(await system.guard.COOL_DOWN()));
      await postCheckpoint(system);
      const [certificate, old] = [await certifyResume(system), await readKeeperSet(system)];
      const signatures = await signResume(system, certificate);
      await system.keeperRegistry.requestExit(system.keepers[3]!.attester.address);
      await expect(system.guard.resume(certificate, old, signatures)).to.be.revertedWithCustomError(
        system.guard,
        "QuorumWrongSet",
      );
      await sendResume(system);
      expect(await pushed()).to.equal(GRADES.synced);
    });

    it("void a pause certificate too", async () => {
      const certificate = await certifyPause(system, INCIDENT, await readHead(system));
      const signatures = await signPause(system, certificate);
      const [old, gas] = [await readKeeperSet(system), { gasLimit: 1_000_000 }];
      await system.keeperRegistry.remove(system.keepers[3]!.attester.address);
      await expect(system.guard.hardPause(certificate, old, signatures, gas)).to.be.revertedWithCustomError(
        system.guard,
        "QuorumWrongSet",
      );
      expect(await pushed()).to.equal(GRADES.synced);
    });
  });

  describe("a checkpoint in the block of the halt", () => {
    it("resumes nothing, in neither order", async () => {
      for (const isPostFirst of [true, false]) {
        const snapshot = await networkHelpers.takeSnapshot();
        const head = await readHead(system);
        const certificate = await certifyPause(system, INCIDENT, head);
        const signatures = await signPause(system, certificate);
        const attested = await attest(system);
        const signed = await signAttestation(system, attested.attestation);
        const set = await readKeeperSet(system);
        const gas = { gasLimit: 1_000_000 };
        const post = async () => await system.registry.post(attested.attestation, attested.roots, set, signed, gas);
        const halt = async () => await system.guard.hardPause(certificate, set, signatures, gas);
        const receipts = await inOneBlock(system, ...(isPostFirst ? [post, halt] : [halt, post]));
        expect(receipts.map(({ status }) => status)).to.deep.equal([1, 1]);
        await time.increase(Number(await system.guard.COOL_DOWN()));
        await expect(sendResume(system)).to.be.revertedWithCustomError(system.guard, "GuardCheckpointTooOld");
        expect(await system.guard.witnessNumber()).to.be.lessThan(head.number);
        await postActive(system);
        await sendResume(system);
        await snapshot.restore();
      }
    });
  });

  describe("all keepers gone for ever", () => {
    it("lets everybody out to the last unit, positions and late deposits too", async () => {
      const { ethFeed, guard, ledger, usd, users, vault, registry } = system;
      const [long, short, flat, stranger] = users;
      await ethFeed.update(3_100n * 10n ** 8n);
      const roundId = await ethFeed.latestRound();
      await time.increase(3_600);
      const attested = await postCheckpoint(system);
      await depositUsd(system, flat!, 77n);
      await time.increase(WIND_DOWN_SECONDS);
      // The feed lives on, which proves that the round was the last one before.
      await ethFeed.update(2_000n * 10n ** 8n);
      await guard.connect(stranger).startWindDown();
      expect(await guard.witnessNumber()).to.equal(await registry.newestNumber());

      await guard.connect(stranger).fixPrice(1, roundId);
      for (const user of [long!, short!]) await ledger.connect(stranger).settleExpiry(accountOf(user), 1);
      for (const user of [long!, short!, flat!]) {
        const witness = await readWitness(system, attested, accountOf(user), usd);
        await vault.connect(stranger).registerClaim(accountOf(user), usd.target, witness);
      }
      await time.increaseTo((await guard.claimsUntil()) + 1n);
      const paid: bigint[] = [];
      for (const user of [short!, flat!, long!]) {
        await vault.connect(stranger).payRegistration(accountOf(user), usd.target);
        paid.push(await usd.balanceOf(user.address));
      }
      expect(paid).to.deep.equal([9_900n * DOLLAR, 501n * DOLLAR + 84n, 10_100n * DOLLAR]);
      expect(await usd.balanceOf(vault.target)).to.equal(0);
      expect((await vault.assetOf(usd.target)).held).to.equal(0);
    });
  });

  describe("the table in docs/threat-model.md", () => {
    it("names tests that exist", () => {
      const text = readFileSync(join(ROOT, "docs/threat-model.md"), "utf8");
      const section = text.split("\n## Sequences\n")[1]!.split("\n## ")[0]!;
      const named = [...section.matchAll(/`(test\/\S+\.test\.ts)`:\s+"([^"]+)"/g)];
      expect(named.length).to.be.greaterThan(30);
      expect(named.length).to.equal(section.split("`test/").length - 1);
      for (const [, file, name] of named) {
        const source = readFileSync(join(ROOT, file!), "utf8");
        const title = name!.replace(/\s+/g, " ");
        // In front of it may stand the number of an invariant.
        const isThere = ['"', "`", ": "].some((before) => source.includes(before + title));
        expect(isThere, `${file!}: ${name!}`).to.equal(true);
      }
    });
  });
});
