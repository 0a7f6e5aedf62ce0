import { expect } from "chai";
import { id, Wallet } from "ethers";
import { network } from "hardhat";

import { deployLockstep, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { attest, falsify, postAttested, postCheckpoint } from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";
import { GRADES, hardPause, pause, postActive, readHead, resume, sendResume } from "../../helpers/guard.ts";
import { addKeeper } from "../../helpers/keepers.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const INCIDENT = id("incident");

/** A fresh checkpoint, and four keepers, the least that are allowed. */
async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection, { keeperCount: 4, parameters: { minKeepers: 4 } });
  await postCheckpoint(system);
  await networkHelpers.mine();
  return system;
}

describe("SyncGuard > halts without a certificate", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  const hot = async () => await system.ledger.hotWord();
  const attesters = (from: number, to: number) => system.keepers.slice(from, to).map(({ attester }) => attester);
  /** One keeper's false attestation of the head, which nobody posts. */
  const lieAbout = async (index = 0) => falsify(await attest(system), index);

  describe("conviction", () => {
    it("halts under the digest of what was signed, from the checkpoint that is left", async () => {
      const witness = await system.registry.newestNumber();
      const lie = await lieAbout();
      await postAttested(system, lie);
      const digest = await system.registry.hashAttestation(lie.attestation);
      const convicting = convict(system, lie, { signers: attesters(0, 1) });
      const { timestamp } = await convicting.then(async () => await readHead(system));
      await expect(convicting).to.emit(system.guard, "HardPaused").withArgs(digest, witness, 1, timestamp, timestamp);
      expect(await system.guard.cause()).to.equal(digest);
      expect((await hot()).flags).to.equal(GRADES.halted);
    });

    it("keeps the witness of the soft pause that stands", async () => {
      await pause(system, 0, INCIDENT, await readHead(system));
      const before = await system.guard.incident();
      await networkHelpers.mine();
      await postCheckpoint(system);
      await networkHelpers.mine();
      await convict(system, await lieAbout(), { signers: attesters(3, 4) });
      const after = await system.guard.incident();
      expect([after.witnessNumber, after.startedAt]).to.deep.equal([before.witnessNumber, before.startedAt]);
      expect((await hot()).flags).to.equal(GRADES.halted);
    });

    it("falls back to the one before the witness that it voids, never to a later one", async () => {
      const good = await system.registry.newestNumber();
      const lie = await lieAbout(2);
      await postAttested(system, lie);
      await networkHelpers.mine();
      await pause(system, 0, INCIDENT, await readHead(system));
      expect(await system.guard.witnessNumber()).to.equal(lie.attestation.blockNumber);
      const later = await postCheckpoint(system);
      await convict(system, lie, { index: 2, signers: attesters(0, 1) });
      expect(await system.registry.newestNumber()).to.equal(later.attestation.blockNumber);
      expect(await system.guard.witnessNumber()).to.equal(good);
    });

    it("falls back past what was convicted before", async () => {
      const good = await system.registry.newestNumber();
      const lies = [];
      for (const index of [1, 2]) {
        const lie = await lieAbout(index);
        await postAttested(system, lie);
        await networkHelpers.mine();
        lies.push({ lie, index });
      }
      await pause(system, 0, INCIDENT, await readHead(system));
      for (const { lie, index } of lies) await convict(system, lie, { index, signers: attesters(index, index + 1) });
      expect(await system.guard.witnessNumber()).to.equal(good);
    });

    it("takes the time of the checkpoint that is left", async () => {
      const { postedAt } = await system.registry.newest();
      const lie = await lieAbout();
      await postAttested(system, lie);
      expect((await hot()).checkpointTime).to.be.greaterThan(postedAt);
      await convict(system, lie, { signers: attesters(0, 1) });
      expect((await hot()).checkpointTime).to.equal(postedAt);
    });

    it("halts again what is halted, under the new cause, and starts the cool-down again", async () => {
      await hardPause(system, INCIDENT, await readHead(system));
      const before = await system.guard.halt();
      await networkHelpers.time.increase(100);
      await convict(system, await lieAbout(), { signers: attesters(0, 1) });
      const after = await system.guard.halt();
      expect(after.haltedAt).to.equal(before.haltedAt);
      expect(after.pausedAt).to.be.greaterThan(before.pausedAt);
      expect((await system.guard.incident()).nonce).to.equal(2);
    });
  });

  describe("lost quorum", () => {
    it("halts, so that nobody posts or resumes until there are keepers again", async () => {
      const { guard, keepers, keeperRegistry, registry, users } = system;
      const witness = await registry.newestNumber();
      const removing = keeperRegistry.remove(keepers[3]!.attester.address);
      const { timestamp } = await removing.then(async () => await readHead(system));
      const cause = `0x${(await keeperRegistry.setId()).toString(16).padStart(64, "0")}`;
      await expect(removing).to.emit(guard, "HardPaused").withArgs(cause, witness, 1, timestamp, timestamp);
      expect(await guard.cause()).to.equal(cause);
      expect((await hot()).flags).to.equal(GRADES.halted);

      await networkHelpers.time.increase(TIMES.coolDownSeconds);
      await expect(postActive(system)).to.be.revertedWithCustomError(registry, "QuorumTooFew").withArgs(3, 65_535);
      const after = (await guard.halt()).haltBlock + 1n;
      await expect(sendResume(system))
        .to.be.revertedWithCustomError(guard, "GuardCheckpointTooOld")
        .withArgs(witness, after);

      const [attester, pauser] = [new Wallet(id("the new one")), users[7]!];
      await addKeeper(system, attester, pauser);
      system = { ...system, keepers: [...keepers.slice(0, 3), { attester, pauser }] };
      await resume(system);
      expect((await hot()).flags).to.equal(GRADES.synced);
    });

    it("keeps the witness of an incident that stands", async () => {
      await pause(system, 0, INCIDENT, await readHead(system));
      const { witnessNumber } = await system.guard.incident();
      await networkHelpers.mine();
      await postCheckpoint(system);
      await system.keeperRegistry.remove(system.keepers[3]!.attester.address);
      expect(await system.guard.witnessNumber()).to.equal(witnessNumber);
      expect((await system.guard.incident()).nonce).to.equal(2);
    });
  });
});
