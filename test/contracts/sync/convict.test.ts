import { expect } from "chai";
import { Wallet, ZeroHash } from "ethers";
import { network } from "hardhat";

import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import {
  attest,
  falsify,
  hashRoots,
  postAttested,
  postCheckpoint,
  signAttestation,
  type Attested,
} from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";
import { readAccountProof, readHeaderRlp, readMultiProof } from "../../helpers/proofs.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const HALTED = 15;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4 });
}

describe("CheckpointRegistry > convict", () => {
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

  const isJailed = async (index: number): Promise<boolean> =>
    (await system.keeperRegistry.keeperOf(system.keepers[index]!.attester.address)).isJailed;

  async function expectUntouched(): Promise<void> {
    expect(await system.keeperRegistry.count()).to.equal(4);
    expect(await system.ledger.flags()).to.equal(0);
    const newest = await system.registry.newest();
    expect([newest.blockNumber, newest.status]).to.deep.equal([BigInt(good.attestation.blockNumber), 1n]);
  }

  it("needs a signature", async () => {
    await expect(convict(system, lie, { index: 1, signers: [] }))
      .to.be.revertedWithCustomError(system.registry, "RegistryNoQuorum")
      .withArgs(0, 1);
  });

  it("needs the roots that were signed", async () => {
    const roots = good.roots.toReversed();
    await expect(convict(system, { ...lie, roots }, { index: 1 }))
      .to.be.revertedWithCustomError(system.registry, "RegistryRootsMismatch")
      .withArgs(hashRoots(roots), lie.attestation.booksRoot);
  });

  it("needs the header of the signed hash, and the proof of the book it names", async () => {
    const { blockNumber, blockHash } = lie.attestation;
    const parent = (await system.ethers.provider.getBlock(blockNumber - 1))!.hash;
    await expect(convict(system, lie, { index: 1, shownBlock: blockNumber - 1 }))
      .to.be.revertedWithCustomError(system.registry, "StorageProofHeaderMismatch")
      .withArgs(parent, blockHash);
    const { length } = system.books;
    await expect(convict(system, lie, { index: length }))
      .to.be.revertedWithCustomError(system.registry, "RegistryRootCount")
      .withArgs(length, length);
    const signatures = await signAttestation(system, lie.attestation);
    const header = await readHeaderRlp(system.ethers, blockNumber);
    const foreign = await readAccountProof(system.ethers, system.books[0]!, blockNumber);
    await expect(
      system.registry.convict(lie.attestation, lie.roots, signatures, 1, header, foreign),
    ).to.be.revertedWithCustomError(system.registry, "TrieProofTraversalError");
  });

  it("needs signers who are or were keepers", async () => {
    const stranger = Wallet.createRandom();
    await expect(convict(system, lie, { index: 1, signers: [stranger] }))
      .to.be.revertedWithCustomError(system.keeperRegistry, "KeeperRegistryUnknown")
      .withArgs(stranger.address);
  });

  it("INV-11: a true attestation convicts nobody, whichever book is shown", async () => {
    for (const index of system.books.keys()) {
      await expect(convict(system, good, { index }))
        .to.be.revertedWithCustomError(system.registry, "RegistryAttestationTrue")
        .withArgs(system.books[index], good.roots[index]);
    }
    await expectUntouched();
  });

  it("does not void a true checkpoint through a lie of one keeper about the book set's version", async () => {
    const { attester } = system.keepers[0]!;
    for (const bookSetVersion of [0n, 2n, 99n]) {
      const misnamed = { ...good, attestation: { ...good.attestation, bookSetVersion } };
      await expect(convict(system, misnamed, { signers: [attester] }))
        .to.be.revertedWithCustomError(system.registry, "RegistryWrongBookSet")
        .withArgs(bookSetVersion, 1);
    }
    await expectUntouched();
  });

  it("does not convict for the book set of a block that was reorganised away", async () => {
    const { ethers, registry, books } = system;
    const snapshot = await networkHelpers.takeSnapshot();
    await registry.setBooks(books.slice(0, 4), 0);
    await networkHelpers.mine();
    const orphaned = await attest({ ...system, books: books.slice(0, 4) });
    const header = await readHeaderRlp(ethers, orphaned.attestation.blockNumber);
    const proof = await readAccountProof(ethers, books[0]!, orphaned.attestation.blockNumber);
    await snapshot.restore();
    await networkHelpers.mine(5);
    const signatures = await signAttestation(system, orphaned.attestation);
    await expect(registry.convict(orphaned.attestation, orphaned.roots, signatures, 0, header, proof))
      .to.be.revertedWithCustomError(registry, "RegistryWrongBookSet")
      .withArgs(2, 1);
    await expectUntouched();
  });

  it("does not convict for a number of roots that could never be posted", async () => {
    const roots = good.roots.slice(1);
    const short = { attestation: { ...good.attestation, booksRoot: hashRoots(roots) }, roots };
    await expect(convict(system, short))
      .to.be.revertedWithCustomError(system.registry, "RegistryRootCount")
      .withArgs(roots.length, good.roots.length);
  });

  it("convicts the signers of a lie that was never posted, and nobody else", async () => {
    const liars = system.keepers.slice(0, 2);
    const carrier = system.users[0]!;
    const { blockNumber, blockHash, booksRoot } = lie.attestation;
    const signers = liars.map(({ attester }) => attester);
    await expect(convict(system, lie, { index: 1, signers, challenger: carrier }))
      .to.emit(system.registry, "AttestationConvicted")
      .withArgs(blockNumber, blockHash, booksRoot, carrier.address, false, good.attestation.blockNumber);
    expect(await Promise.all([0, 1, 2, 3].map(isJailed))).to.deep.equal([true, true, false, false]);
    expect(await system.keeperRegistry.count()).to.equal(2);
    expect(await system.ledger.flags()).to.equal(HALTED);
    expect(await system.registry.newestNumber()).to.equal(good.attestation.blockNumber);
    expect(await system.guard.witnessNumber()).to.equal(good.attestation.blockNumber);
  });

  it("convicts a posted lie: its signers jailed, the carrier not, the checkpoint void, the one before it back", async () => {
    const carrier = system.keepers[3]!.attester.connect(system.ethers.provider);
    await networkHelpers.setBalance(carrier.address, 10n ** 18n);
    // A changed balance stands in the state root of the next block only.
    await networkHelpers.mine();
    lie = falsify(await attest(system), 1);
    const liars = system.keepers.slice(0, 3).map(({ attester }) => attester);
    const signatures = await signAttestation(system, lie.attestation, liars);
    await system.registry.connect(carrier).post(lie.attestation, lie.roots, signatures);
    const { blockNumber } = lie.attestation;
    expect(await system.registry.newestNumber()).to.equal(blockNumber);
    const before = await system.registry.checkpointOf(good.attestation.blockNumber);

    await convict(system, lie, { index: 1, signers: liars, challenger: system.users[1]! });
    expect(await Promise.all([0, 1, 2, 3].map(isJailed))).to.deep.equal([true, true, true, false]);
    expect((await system.registry.checkpointOf(blockNumber)).status).to.equal(3);
    expect(await system.registry.newest()).to.deep.equal(before);
    const hot = await system.ledger.hotWord();
    expect(hot.checkpointTime).to.equal(before.postedAt);
    expect(hot.flags).to.equal(HALTED);
  });

  it("cannot prove or use a convicted checkpoint", async () => {
    await postAttested(system, lie);
    await convict(system, lie, { index: 1 });
    const { blockNumber } = lie.attestation;
    const proof = await readMultiProof(system.ethers, system.books, blockNumber);
    const { registry, vault, ledger } = system;
    await expect(registry.prove(blockNumber, lie.roots, proof.headerRlp, proof.nodes, proof.paths))
      .to.be.revertedWithCustomError(registry, "RegistryNotPosted")
      .withArgs(blockNumber, 3);
    await expect(registry.verifyRoots(blockNumber, lie.roots, ledger.target, vault.target))
      .to.be.revertedWithCustomError(registry, "RegistryNotPosted")
      .withArgs(blockNumber, 3);
  });

  it("convicts a lie about the block's number without any account proof", async () => {
    const misnumbered = {
      ...good,
      attestation: { ...good.attestation, blockNumber: good.attestation.blockNumber + 1 },
    };
    const { attester } = system.keepers[2]!;
    await convict(system, misnumbered, { signers: [attester], shownBlock: good.attestation.blockNumber });
    expect(await isJailed(2)).to.equal(true);
    expect(await system.registry.newestNumber()).to.equal(good.attestation.blockNumber);
  });

  it("convicts a keeper that was removed, and the other signers of a lie later", async () => {
    await postAttested(system, lie);
    const [first, second, ...rest] = system.keepers.map(({ attester }) => attester);
    await system.keeperRegistry.remove(first!.address);
    await convict(system, lie, { index: 1, signers: [first!] });
    expect(await system.keeperRegistry.count()).to.equal(3);
    await convict(system, lie, { index: 1, signers: [second!, ...rest] });
    expect(await system.keeperRegistry.count()).to.equal(0);
    expect(await system.keeperRegistry.quorum()).to.equal(1);
  });

  it("refuses a conviction that changes nothing, so that a lost key cannot halt again and again", async () => {
    const { attester } = system.keepers[0]!;
    await convict(system, lie, { index: 1, signers: [attester] });
    const again = falsify(await attest(system), 2);
    for (const attested of [lie, again]) {
      await expect(convict(system, attested, { index: attested === lie ? 1 : 2, signers: [attester] }))
        .to.be.revertedWithCustomError(system.registry, "RegistryNothingToConvict")
        .withArgs(attested.attestation.blockNumber);
    }
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
    expect([newest.blockHash, newest.status]).to.deep.equal([ZeroHash, 0n]);
    expect((await fresh.ledger.hotWord()).checkpointTime).to.equal(0);
    expect(await fresh.ledger.isStale()).to.equal(true);
  });
});
