import { expect } from "chai";
import { Wallet, ZeroHash } from "ethers";
import { network } from "hardhat";

import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import {
  attest,
  falsify,
  postAttested,
  postCheckpoint,
  postSigned,
  readKeeperSet,
  signAttestation,
  type Attested,
} from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";
import { attestLike } from "../../helpers/guard.ts";
import { readHeaderRlp, readMultiProof } from "../../helpers/proofs.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const HALTED = 15;
const BOND = 1_000n * 10n ** 18n;
/** `KeeperStatus`. */
const STATUS = { none: 0n, active: 3n, unbonding: 4n, withdrawn: 5n, slashed: 6n } as const;
/** What a conviction of three of four costs at most, the first one ever: a third of it header and proof, a third bonds. */
const MAX_GAS = 390_000n;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4 });
}

describe("CheckpointRegistry > convict > effects", () => {
  let system: Lockstep;
  let good: Attested;
  let lie: Attested;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    await networkHelpers.mine(3);
    good = await postCheckpoint(system);
    await networkHelpers.mine(2);
    lie = falsify(await attest(system), 1);
  });

  /** Statuses of all keepers. */
  async function statuses(): Promise<bigint[]> {
    const found: bigint[] = [];
    for (const { attester } of system.keepers) {
      found.push((await system.keeperRegistry.keeperOf(attester.address)).status);
    }
    return found;
  }

  const attesters = (...indices: number[]) => indices.map((index) => system.keepers[index]!.attester);

  it("convicts the signers of a lie that was never posted, and nobody else", async () => {
    const liars = system.keepers.slice(0, 2);
    const challenger = system.users[0]!;
    const { blockNumber, blockHash } = lie.attestation;
    const digest = await system.registry.hashAttestation(lie.attestation);
    const signers = liars.map(({ attester }) => attester);
    await expect(convict(system, lie, { index: 1, signers, challenger }))
      .to.emit(system.registry, "AttestationConvicted")
      .withArgs(blockNumber, blockHash, digest, challenger.address, false, good.attestation.blockNumber);
    const { slashed, active } = STATUS;
    expect(await statuses()).to.deep.equal([slashed, slashed, active, active]);
    expect(await system.keeperRegistry.count()).to.equal(2);
    expect(await system.ledger.flags()).to.equal(HALTED);
    expect(await system.registry.newestNumber()).to.equal(good.attestation.blockNumber);
    expect(await system.guard.witnessNumber()).to.equal(good.attestation.blockNumber);
  });

  it("convicts a posted lie: its signers slashed, the carrier not, the checkpoint void, the one before it back", async () => {
    const carrier = system.keepers[3]!.attester.connect(system.ethers.provider);
    await networkHelpers.setBalance(carrier.address, 10n ** 18n);
    // A changed balance stands in the state root of the next block only.
    await networkHelpers.mine();
    lie = falsify(await attest(system), 1);
    const liars = system.keepers.slice(0, 3).map(({ attester }) => attester);
    const signatures = await signAttestation(system, lie.attestation, liars);
    await postSigned(system, lie, signatures, carrier);
    const { blockNumber } = lie.attestation;
    expect(await system.registry.newestNumber()).to.equal(blockNumber);
    const before = await system.registry.checkpointOf(good.attestation.blockNumber);

    await convict(system, lie, { index: 1, signers: liars, challenger: system.users[1]! });
    const { slashed, active } = STATUS;
    expect(await statuses()).to.deep.equal([slashed, slashed, slashed, active]);
    expect((await system.keeperRegistry.stakeOf(carrier.address)).amount).to.equal(BOND);
    expect((await system.registry.checkpointOf(blockNumber)).status).to.equal(3);
    expect(await system.registry.newest()).to.deep.equal(before);
    const hot = await system.ledger.hotWord();
    expect(hot.checkpointTime).to.equal(before.postedAt);
    expect(hot.flags).to.equal(HALTED);
  });

  it("D13: slashes who signed two checkpoints of one height, for the false one; the true one and the others stand", async () => {
    const { registry, keeperRegistry } = system;
    const { blockNumber } = good.attestation;
    const [equivocator] = attesters(0);
    const other = falsify(good, 2);
    // The first is stored; a second of that height is refused, whoever signed it.
    await expect(postAttested(system, other)).to.be.revertedWithCustomError(registry, "RegistryNotNewer");
    const signatures = {
      first: await signAttestation(system, good.attestation, [equivocator!]),
      second: await signAttestation(system, other.attestation, [equivocator!]),
    };
    expect(signatures.first).to.not.equal(signatures.second);
    // Of the true one nobody makes a fault.
    await expect(convict(system, good, { index: 2, signers: [equivocator!] })).to.be.revertedWithCustomError(
      registry,
      "RegistryAttestationTrue",
    );
    const before = await registry.checkpointOf(blockNumber);
    await convict(system, other, { index: 2, signers: [equivocator!] });
    const { slashed, active } = STATUS;
    expect(await statuses()).to.deep.equal([slashed, active, active, active]);
    expect(await registry.checkpointOf(blockNumber)).to.deep.equal(before);
    expect(await registry.newestNumber()).to.equal(blockNumber);
    // The three that are left are a quorum still, and their next checkpoint counts.
    expect(await keeperRegistry.quorum()).to.equal(3);
    await networkHelpers.mine();
    const next = await attest(system);
    await postAttested(system, next, attesters(1, 2, 3));
    expect(await registry.newestNumber()).to.equal(next.attestation.blockNumber);
  });

  it("cannot prove or use a convicted checkpoint", async () => {
    await postAttested(system, lie);
    await convict(system, lie, { index: 1 });
    const { blockNumber } = lie.attestation;
    const proof = await readMultiProof(system.ethers, system.books, blockNumber);
    const { registry, vault, ledger } = system;
    const { attestation, roots } = lie;
    const uses = [
      async () => await registry.prove(attestation, roots, proof.headerRlp, proof.nodes, proof.paths),
      async () => await registry.verifyRoots(attestation, roots, ledger.target, vault.target),
      async () => await registry.storageRootOf(attestation, roots, ledger.target),
    ];
    for (const use of uses) {
      await expect(use()).to.be.revertedWithCustomError(registry, "RegistryNotPosted").withArgs(blockNumber, 3);
    }
    const summary = await registry.summary();
    expect([summary.blockNumber, summary.status]).to.deep.equal([BigInt(good.attestation.blockNumber), 1n]);
  });

  it("convicts a lie about the block's number without any account proof", async () => {
    const misnumbered = {
      ...good,
      attestation: { ...good.attestation, blockNumber: good.attestation.blockNumber + 1 },
    };
    const registry = system.registry;
    const signatures = await signAttestation(system, misnumbered.attestation, attesters(2));
    const header = await readHeaderRlp(system.ethers, good.attestation.blockNumber);
    await registry.convict(misnumbered.attestation, misnumbered.roots, signatures, 99, header, []);
    const { slashed, active } = STATUS;
    expect(await statuses()).to.deep.equal([active, active, slashed, active]);
    expect(await registry.newestNumber()).to.equal(good.attestation.blockNumber);
  });

  it("convicts for a number that no block has yet, far beyond 40 bits", async () => {
    for (const [index, blockNumber] of [2n ** 40n + BigInt(good.attestation.blockNumber), 2n ** 64n - 1n].entries()) {
      const misnumbered = { ...good, attestation: { ...good.attestation, blockNumber: blockNumber as never } };
      await convict(system, misnumbered, {
        signers: attesters(index),
        shownBlock: good.attestation.blockNumber,
      });
    }
    const { slashed, active } = STATUS;
    expect(await statuses()).to.deep.equal([slashed, slashed, active, active]);
    expect((await system.registry.newest()).status).to.equal(1n);
  });

  it("slashes who is unbonding, and passes over who left, was slashed before or never was a keeper", async () => {
    const { keeperRegistry, connection: chain } = system;
    const stranger = Wallet.createRandom();
    const [gone, leaving, before] = attesters(0, 1, 2);
    await keeperRegistry.remove(gone!.address);
    await chain.networkHelpers.time.increase(await keeperRegistry.UNBONDING());
    await keeperRegistry.withdrawBond(gone!.address);
    await keeperRegistry.remove(leaving!.address);
    await convict(system, lie, { index: 1, signers: [before!] });
    const signers = [stranger, gone!, leaving!, before!];
    await expect(convict(system, lie, { index: 1, signers }))
      .to.emit(keeperRegistry, "KeeperSlashed")
      .withArgs(leaving!.address, system.admin.address, BOND / 2n, BOND / 2n);
    expect(await statuses()).to.deep.equal([STATUS.withdrawn, STATUS.slashed, STATUS.slashed, STATUS.active]);
    expect((await keeperRegistry.keeperOf(stranger.address)).status).to.equal(STATUS.none);
    await expect(convict(system, lie, { index: 1, signers }))
      .to.be.revertedWithCustomError(system.registry, "RegistryNothingToConvict")
      .withArgs(lie.attestation.blockNumber);
  });

  it("convicts a keeper that was removed, and the other signers of a lie later", async () => {
    await postAttested(system, lie);
    const [first, second, ...rest] = attesters(0, 1, 2, 3);
    await system.keeperRegistry.remove(first!.address);
    await convict(system, lie, { index: 1, signers: [first!] });
    expect(await system.keeperRegistry.count()).to.equal(3);
    await convict(system, lie, { index: 1, signers: [second!, ...rest] });
    expect(await system.keeperRegistry.count()).to.equal(0);
    expect(await statuses()).to.deep.equal(Array(4).fill(STATUS.slashed));
  });

  it("voids a posted lie whoever's signature is shown, and although its signers have nothing to lose any more", async () => {
    await postAttested(system, lie);
    await convict(system, falsify(await attest(system), 2), { index: 2 });
    expect(await system.registry.newestNumber()).to.equal(lie.attestation.blockNumber);
    await expect(convict(system, lie, { index: 1, signers: [Wallet.createRandom()] }))
      .to.emit(system.registry, "AttestationConvicted")
      .withArgs(
        lie.attestation.blockNumber,
        lie.attestation.blockHash,
        await system.registry.hashAttestation(lie.attestation),
        system.admin.address,
        true,
        good.attestation.blockNumber,
      );
  });

  it("does not void what was posted for another lie about the same block", async () => {
    await postAttested(system, lie);
    const other = falsify(lie, 3);
    await convict(system, other, { index: 3, signers: attesters(0) });
    expect((await system.registry.checkpointOf(lie.attestation.blockNumber)).status).to.equal(1n);
    expect(await system.registry.newestNumber()).to.equal(lie.attestation.blockNumber);
  });

  it("pays who convicts itself less than it loses", async () => {
    const { attester, pauser } = system.keepers[0]!;
    const { keeperRegistry, bondToken } = system;
    await convict(system, lie, { index: 1, signers: [attester], challenger: pauser });
    await keeperRegistry.connect(pauser).claimReward(pauser.address);
    expect(await bondToken.balanceOf(pauser.address)).to.equal(BOND / 2n);
    expect((await keeperRegistry.stakeOf(attester.address)).amount).to.equal(0);
    expect((await keeperRegistry.burnable()).earned).to.equal(BOND / 2n);
  });

  it("adopts the keepers that are left before it says what is newest, and they cannot post alone", async () => {
    await postAttested(system, lie);
    const sent = await convict(system, lie, { index: 1, signers: attesters(0, 1) });
    const set = await readKeeperSet(system);
    expect(set.members.length).to.equal(2);
    await expect(sent)
      .to.emit(system.registry, "KeeperSetAdopted")
      .withArgs(set.id, (await system.registry.summary()).keeperSet);
    await networkHelpers.mine();
    await expect(postAttested(system, await attest(system), attesters(2, 3)))
      .to.be.revertedWithCustomError(system.registry, "QuorumTooFew")
      .withArgs(2, 3);
  });

  it(`costs at most ${MAX_GAS} gas: three bonds, a void checkpoint and a halt, once the ring is full`, async () => {
    for (let posts = 0; posts < 65; posts += 1) await postAttested(system, await attestLike(system, good));
    await networkHelpers.mine();
    lie = falsify(await attest(system), 1);
    await postAttested(system, lie);
    const sent = await convict(system, lie, { index: 1, signers: attesters(0, 1, 2) });
    expect((await sent.wait())!.gasUsed).to.be.lessThanOrEqual(MAX_GAS);
  });

  it("falls back past several void checkpoints, down to none", async () => {
    const second = falsify(await attest(system), 5);
    await postAttested(system, second);
    await networkHelpers.mine();
    const third = falsify(await attest(system), 6);
    await postAttested(system, third);
    await convict(system, second, { index: 5 });
    expect(await system.registry.newestNumber()).to.equal(third.attestation.blockNumber);
    await convict(system, third, { index: 6 });
    expect(await system.registry.newestNumber()).to.equal(good.attestation.blockNumber);
    expect(await system.registry.newestBefore(2n ** 63n)).to.equal(good.attestation.blockNumber);
  });

  it("keeps no checkpoint when the only one falls, and the ledger's clock stands at zero", async () => {
    const fresh = await networkHelpers.loadFixture(fixture);
    const only = falsify(await attest(fresh), 0);
    await postAttested(fresh, only);
    await convict(fresh, only);
    expect(await fresh.registry.newestNumber()).to.equal(0);
    const newest = await fresh.registry.newest();
    expect([newest.digest, newest.status]).to.deep.equal([ZeroHash, 0n]);
    expect((await fresh.ledger.hotWord()).checkpointTime).to.equal(0);
    expect(await fresh.ledger.isStale()).to.equal(true);
  });
});
