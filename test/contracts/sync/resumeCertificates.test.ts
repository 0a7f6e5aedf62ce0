import { expect } from "chai";
import { concat, id, recoverAddress, TypedDataEncoder } from "ethers";
import { network } from "hardhat";

import { deployLockstep, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { domainOf, postCheckpoint, readKeeperSet } from "../../helpers/attestations.ts";
import {
  CERTIFICATE_TYPES,
  certifyPause,
  certifyResume,
  GRADES,
  hardPause,
  inOneBlock,
  pause,
  readHead,
  resume,
  sendHardPause,
  sendResume,
  signPause,
  signResume,
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

describe("SyncGuard > resume certificates", () => {
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

  /** Halts, waits for the cool-down and posts: everything that a resume needs but its certificate. */
  async function haltUntilReady(): Promise<void> {
    await halt();
    await time.increase(TIMES.coolDownSeconds);
    await postCheckpoint(system);
  }

  it("hashes certificates as EIP-712 says", async () => {
    const [pausing, resuming] = [
      await certifyPause(system, INCIDENT, await readHead(system)),
      await certifyResume(system),
    ];
    const domain = await domainOf(system, system.guard.target as string);
    const pauseHash = TypedDataEncoder.hash(domain, CERTIFICATE_TYPES.pause, pausing);
    const resumeHash = TypedDataEncoder.hash(domain, CERTIFICATE_TYPES.resume, resuming);
    expect(await system.guard.hashPause(pausing)).to.equal(pauseHash);
    expect(await system.guard.hashResume(resuming)).to.equal(resumeHash);
  });

  it("E9, F7: refuses an old nonce, another set, too few, and what is signed for another domain", async () => {
    await haltUntilReady();
    await refused(sendResume(system, { certificate: { pauseNonce: 0n } }), "GuardWrongNonce", 0, 1);
    const set = await readKeeperSet(system);
    await refused(sendResume(system, { certificate: { setId: 9n } }), "GuardWrongKeeperSet", 9, set.id);
    const signers = system.keepers.slice(0, 2).map(({ attester }) => attester);
    await refused(sendResume(system, { signers }), "QuorumTooFew", 2, 3);

    const certificate = await certifyResume(system);
    const domain = await domainOf(system, system.guard.target as string);
    const digest = await system.guard.hashResume(certificate);
    for (const changed of [
      { ...domain, chainId: domain.chainId + 1n },
      { ...domain, verifyingContract: system.registry.target as string },
    ]) {
      const pairs: { signer: string; signature: string }[] = [];
      for (const { attester } of system.keepers.slice(0, 3)) {
        const signature = await attester.signTypedData(changed, CERTIFICATE_TYPES.resume, certificate);
        pairs.push({ signer: recoverAddress(digest, signature), signature });
      }
      pairs.sort((a, b) => (BigInt(a.signer) < BigInt(b.signer) ? -1 : 1));
      const signatures = concat(pairs.map(({ signature }) => signature));
      await refused(system.guard.resume(certificate, set, signatures), "QuorumNotMember", pairs[0]!.signer);
    }
    const signatures = await signResume(system, certificate);
    await system.keeperRegistry.remove(system.keepers[3]!.attester.address);
    await expect(system.guard.resume(certificate, set, signatures)).to.be.revertedWithCustomError(
      system.guard,
      "QuorumWrongSet",
    );
    expect(await pushed()).to.equal(GRADES.halted);
  });

  describe("F7: against a pause", () => {
    it("lifts nothing with a stolen pause key, nor with that keeper's other key", async () => {
      await haltUntilReady();
      const { attester, pauser } = system.keepers[0]!;
      const guard = system.guard.connect(pauser);
      await expect(guard.liftSoft()).to.be.revertedWithCustomError(guard, "GuardNotLiftable");
      await refused(sendResume(system, { signers: [attester], carrier: pauser }), "QuorumTooFew", 1, 3);
      const certificate = await certifyResume(system);
      const threefold = concat(Array(3).fill(await signResume(system, certificate, [attester])));
      const set = await readKeeperSet(system);
      await refused(guard.resume(certificate, set, threefold), "QuorumNotSorted", attester.address, attester.address);
      expect(await pushed()).to.equal(GRADES.halted);
      // With the quorum that it lacks it is lifted.
      await sendResume(system, { carrier: pauser });
      expect(await pushed()).to.equal(GRADES.synced);
    });

    it("loses to a soft pause before it in its block", async () => {
      await haltUntilReady();
      const head = await readHead(system);
      const certificate = await certifyResume(system);
      const receipts = await inOneBlock(
        system,
        async () => await pause(system, 0, id("another"), head),
        async () => await sendResume(system, { certificate }),
      );
      expect(receipts.map(({ status }) => status)).to.deep.equal([1, 0]);
      expect(await pushed()).to.equal(GRADES.halted);
      await refused(sendResume(system, { certificate }), "GuardWrongNonce", 1, 2);
    });

    it("loses to a soft pause after it in its block", async () => {
      await haltUntilReady();
      const head = await readHead(system);
      const receipts = await inOneBlock(
        system,
        async () => await sendResume(system),
        async () => await pause(system, 0, id("another"), head),
      );
      expect(receipts.map(({ status }) => status)).to.deep.equal([1, 1]);
      expect(await pushed()).to.equal(GRADES.degraded);
    });

    for (const [order, pauseNonce, statuses] of [
      ["before", 1n, [1, 0]],
      ["after", 2n, [1, 1]],
    ] as const) {
      it(`loses to a hard pause ${order} it in its block`, async () => {
        await haltUntilReady();
        // An end counts the nonce up as well: what shall hold after it is signed for the nonce that it leaves.
        const certificate = { ...(await certifyPause(system, id("another"), await readHead(system))), pauseNonce };
        const signatures = await signPause(system, certificate);
        const sends = [
          async () => await sendHardPause(system, certificate, signatures),
          async () => await sendResume(system),
        ] as const;
        const receipts = await inOneBlock(system, ...(order === "before" ? sends : sends.toReversed()));
        expect(receipts.map(({ status }) => status)).to.deep.equal(statuses);
        expect(await pushed()).to.equal(GRADES.halted);
        expect(await system.guard.cause()).to.equal(id("another"));
      });
    }

    it("refuses the certificate of an earlier incident against a newer pause", async () => {
      await haltUntilReady();
      const old = await certifyResume(system);
      await sendResume(system);
      await networkHelpers.mine();
      await halt();
      await time.increase(TIMES.coolDownSeconds);
      await postCheckpoint(system);
      await refused(sendResume(system, { certificate: old }), "GuardWrongNonce", 1, 3);
      await resume(system);
      expect(await pushed()).to.equal(GRADES.synced);
    });
  });
});
