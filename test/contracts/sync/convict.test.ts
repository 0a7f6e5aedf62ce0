import { expect } from "chai";
import { concat, id, Wallet } from "ethers";
import { network } from "hardhat";

import { depositUsd, deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import {
  attest,
  falsify,
  hashRoots,
  postAttested,
  postCheckpoint,
  readKeeperSet,
  signAttestation,
  splitSignatures,
  type Attested,
} from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";
import { readAccountProof, readHeaderRlp } from "../../helpers/proofs.ts";

const connection = await network.create();
const { networkHelpers } = connection;
/** `KeeperStatus`. */
const STATUS = { none: 0n, active: 3n, unbonding: 4n, withdrawn: 5n, slashed: 6n } as const;

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

  /** Statuses of all keepers. */
  async function statuses(): Promise<bigint[]> {
    const found: bigint[] = [];
    for (const { attester } of system.keepers) {
      found.push((await system.keeperRegistry.keeperOf(attester.address)).status);
    }
    return found;
  }

  const attesters = (...indices: number[]) => indices.map((index) => system.keepers[index]!.attester);

  async function expectUntouched(): Promise<void> {
    expect(await system.keeperRegistry.count()).to.equal(4);
    expect(await system.ledger.flags()).to.equal(0);
    const newest = await system.registry.newest();
    expect([newest.blockNumber, newest.status]).to.deep.equal([BigInt(good.attestation.blockNumber), 1n]);
  }

  it("needs a signature", async () => {
    await expect(convict(system, lie, { index: 1, signers: [] }))
      .to.be.revertedWithCustomError(system.registry, "QuorumTooFew")
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

  it("needs well-formed signatures in order", async () => {
    const { blockNumber } = lie.attestation;
    const header = await readHeaderRlp(system.ethers, blockNumber);
    const proof = await readAccountProof(system.ethers, system.books[1]!, blockNumber);
    const [first, second] = splitSignatures(await signAttestation(system, lie.attestation));
    const shown = async (signatures: string) =>
      await system.registry.convict(lie.attestation, lie.roots, signatures, 1, header, proof);
    const { members } = await readKeeperSet(system);
    await expect(shown(first!.slice(0, -2)))
      .to.be.revertedWithCustomError(system.registry, "QuorumBadLength")
      .withArgs(64);
    await expect(shown(concat([first!, `${second!.slice(0, -2)}05`])))
      .to.be.revertedWithCustomError(system.registry, "QuorumBadSignature")
      .withArgs(1);
    await expect(shown(concat([second!, first!])))
      .to.be.revertedWithCustomError(system.registry, "QuorumNotSorted")
      .withArgs(members[1], members[0]);
    await expect(shown(concat([first!, first!])))
      .to.be.revertedWithCustomError(system.registry, "QuorumNotSorted")
      .withArgs(members[0], members[0]);
    await expectUntouched();
  });

  it("needs a signer who has something to lose", async () => {
    const stranger = Wallet.createRandom();
    const { keeperRegistry, users, admin } = system;
    await keeperRegistry.approve(stranger.address, users[5]!.address, admin.address);
    for (const signers of [[Wallet.createRandom()], [stranger]]) {
      await expect(convict(system, lie, { index: 1, signers }))
        .to.be.revertedWithCustomError(system.registry, "RegistryNothingToConvict")
        .withArgs(lie.attestation.blockNumber);
    }
    await expectUntouched();
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
    const first = (await ethers.provider.getBlockNumber()) + 65;
    await registry.setBooks(books.slice(0, 4), first);
    await networkHelpers.mineUpTo(first);
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

  it("is harmless when a quorum signs what nobody knows the roots of: neither posted nor convicted", async () => {
    const unknown = { ...good.attestation, booksRoot: id("unknown"), blockNumber: lie.attestation.blockNumber };
    const attested = { attestation: { ...unknown, blockHash: lie.attestation.blockHash }, roots: lie.roots };
    const { registry } = system;
    const attempts = [
      async () => await postAttested(system, attested),
      async () => await convict(system, attested, { index: 1 }),
    ];
    for (const attempt of attempts) {
      await expect(attempt())
        .to.be.revertedWithCustomError(registry, "RegistryRootsMismatch")
        .withArgs(hashRoots(lie.roots), attested.attestation.booksRoot);
    }
    await expectUntouched();
  });

  it("convicts nobody for signing both sides of a fork, each as it was", async () => {
    const { ethers, registry, books } = system;
    const shown: { attested: Attested; header: string; proof: string[] }[] = [];
    for (const [side, dollars] of [1n, 2n].entries()) {
      const snapshot = await networkHelpers.takeSnapshot();
      await depositUsd(system, system.users[3]!, dollars * 10n ** 6n);
      const attested = await attest(system);
      const { blockNumber } = attested.attestation;
      const header = await readHeaderRlp(ethers, blockNumber);
      shown.push({ attested, header, proof: await readAccountProof(ethers, books[1]!, blockNumber) });
      if (side === 0) await snapshot.restore();
    }
    const [orphaned, canonical] = shown.map(({ attested }) => attested);
    expect(orphaned!.attestation.blockNumber).to.equal(canonical!.attestation.blockNumber);
    expect(orphaned!.roots[1]).not.to.equal(canonical!.roots[1]);
    const signer = attesters(0);
    for (const { attested, header, proof } of shown) {
      const signatures = await signAttestation(system, attested.attestation, signer);
      await expect(registry.convict(attested.attestation, attested.roots, signatures, 1, header, proof))
        .to.be.revertedWithCustomError(registry, "RegistryAttestationTrue")
        .withArgs(books[1], attested.roots[1]);
    }
    // The roots of one side under the hash of the other are a lie about both.
    const mixed = { attestation: { ...canonical!.attestation, booksRoot: orphaned!.attestation.booksRoot } };
    const signatures = await signAttestation(system, mixed.attestation, signer);
    await registry.convict(mixed.attestation, orphaned!.roots, signatures, 1, shown[1]!.header, shown[1]!.proof);
    expect((await statuses())[0]).to.equal(STATUS.slashed);
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
});
