import { expect } from "chai";
import { Signature, toBeHex, Wallet, ZeroHash } from "ethers";
import { network } from "hardhat";

import { deployLockstep, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import {
  attest,
  ATTESTATION_TYPES,
  type Attested,
  domainOf,
  hashRoots,
  postAttested,
  postCheckpoint,
  signAttestation,
} from "../../helpers/attestations.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4 });
}

/** The other signature of the same message by the same key: s → n - s. */
function malleate(signature: string): string {
  const { r, s, v } = Signature.from(signature);
  return r + toBeHex(CURVE_ORDER - BigInt(s), 32).slice(2) + (v === 27 ? "1c" : "1b");
}

describe("CheckpointRegistry > post", () => {
  let system: Lockstep;
  let attested: Attested;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    await networkHelpers.mine(3);
    attested = await attest(system);
  });

  /** Posts `attested` with changed fields, signed anew by every keeper. */
  async function postChanged(changes: Partial<Attested["attestation"]>, roots = attested.roots) {
    return await postAttested(system, { attestation: { ...attested.attestation, ...changes }, roots });
  }

  it("INV-3: a zero block hash or a zero root is never valid", async () => {
    const { registry } = system;
    await expect(postChanged({ blockHash: ZeroHash })).to.be.revertedWithCustomError(registry, "RegistryZeroHash");
    for (const index of [0, system.books.length - 1]) {
      const roots = attested.roots.with(index, ZeroHash);
      await expect(postChanged({ booksRoot: hashRoots(roots) }, roots))
        .to.be.revertedWithCustomError(registry, "RegistryZeroRoot")
        .withArgs(index);
    }
  });

  it("refuses the block that is being made, and later ones", async () => {
    const next = attested.attestation.blockNumber + 1;
    for (const blockNumber of [next, next + 1_000]) {
      await expect(postChanged({ blockNumber }))
        .to.be.revertedWithCustomError(system.registry, "RegistryFutureBlock")
        .withArgs(blockNumber, next);
    }
  });

  it("refuses a block beyond the window, and takes the oldest one inside", async () => {
    const { blockNumber } = attested.attestation;
    await networkHelpers.mine(TIMES.postWindowBlocks);
    await expect(postAttested(system, attested))
      .to.be.revertedWithCustomError(system.registry, "RegistryOldBlock")
      .withArgs(blockNumber, blockNumber + TIMES.postWindowBlocks + 1);
    await postCheckpoint(system, blockNumber + 1);
    expect(await system.registry.newestNumber()).to.equal(blockNumber + 1);
  });

  it("refuses a block that is not newer than the highest ever posted", async () => {
    await postAttested(system, attested);
    const { blockNumber } = attested.attestation;
    for (const number of [blockNumber, blockNumber - 1]) {
      const older = await attest(system, number);
      await expect(postAttested(system, older))
        .to.be.revertedWithCustomError(system.registry, "RegistryNotNewer")
        .withArgs(number, blockNumber);
    }
  });

  it("refuses a hash that is not the block's", async () => {
    const { blockNumber, blockHash } = attested.attestation;
    const parent = (await system.ethers.provider.getBlock(blockNumber - 1))!.hash!;
    await expect(postChanged({ blockHash: parent }))
      .to.be.revertedWithCustomError(system.registry, "RegistryWrongBlock")
      .withArgs(blockNumber, parent, blockHash);
  });

  it("refuses another keeper set than the current one", async () => {
    const current = attested.attestation.setId;
    await expect(postChanged({ setId: current + 1n }))
      .to.be.revertedWithCustomError(system.registry, "RegistryWrongKeeperSet")
      .withArgs(current + 1n, current);
    await system.keeperRegistry.remove(system.keepers[3]!.attester.address);
    await expect(postAttested(system, attested))
      .to.be.revertedWithCustomError(system.registry, "RegistryWrongKeeperSet")
      .withArgs(current, current + 1n);
  });

  it("refuses another book set than the one valid at the block", async () => {
    const { blockNumber } = attested.attestation;
    await system.registry.setBooks(system.books.slice(0, 3), blockNumber + 3);
    for (const bookSetVersion of [0n, 2n]) {
      await expect(postChanged({ bookSetVersion }))
        .to.be.revertedWithCustomError(system.registry, "RegistryWrongBookSet")
        .withArgs(bookSetVersion, 1);
    }
    await networkHelpers.mine(4);
    await expect(postAttested(system, await attest(system)))
      .to.be.revertedWithCustomError(system.registry, "RegistryRootCount")
      .withArgs(system.books.length, 3);
  });

  it("refuses a wrong number of roots, and roots that do not hash to what was signed", async () => {
    const { registry } = system;
    const { booksRoot } = attested.attestation;
    for (const roots of [attested.roots.slice(1), [...attested.roots, attested.roots[0]!], []]) {
      await expect(postChanged({ booksRoot: hashRoots(roots) }, roots))
        .to.be.revertedWithCustomError(registry, "RegistryRootCount")
        .withArgs(roots.length, attested.roots.length);
    }
    const reordered = attested.roots.toReversed();
    await expect(postChanged({}, reordered))
      .to.be.revertedWithCustomError(registry, "RegistryRootsMismatch")
      .withArgs(hashRoots(reordered), booksRoot);
  });

  it("refuses fewer signatures than the quorum of three of four", async () => {
    const signatures = await signAttestation(system, attested.attestation);
    await expect(system.registry.post(attested.attestation, attested.roots, signatures.slice(0, 2)))
      .to.be.revertedWithCustomError(system.registry, "RegistryNoQuorum")
      .withArgs(2, 3);
    await system.registry.post(attested.attestation, attested.roots, signatures.slice(1));
    expect(await system.registry.newestNumber()).to.equal(attested.attestation.blockNumber);
  });

  it("refuses broken and malleable signatures", async () => {
    const [first, second, third] = await signAttestation(system, attested.attestation);
    for (const broken of ["0x", first!.slice(0, -2), `0x${"00".repeat(65)}`, malleate(first!)]) {
      await expect(system.registry.post(attested.attestation, attested.roots, [broken, second!, third!]))
        .to.be.revertedWithCustomError(system.registry, "RegistryBadSignature")
        .withArgs(0);
    }
  });

  it("refuses unsorted and duplicate signers", async () => {
    const [first, second, third] = await signAttestation(system, attested.attestation);
    const sorted = system.keepers.map(({ attester }) => attester.address).sort((a, b) => Number(BigInt(a) - BigInt(b)));
    const cases = [
      { signatures: [second, first, third], pair: [sorted[1], sorted[0]] },
      { signatures: [first, first, first], pair: [sorted[0], sorted[0]] },
      { signatures: [first, third, third], pair: [sorted[2], sorted[2]] },
    ];
    for (const { signatures, pair } of cases) {
      await expect(system.registry.post(attested.attestation, attested.roots, signatures as string[]))
        .to.be.revertedWithCustomError(system.registry, "RegistrySignersNotSorted")
        .withArgs(...pair);
    }
  });

  it("refuses a signer who is no keeper, and one who is no longer", async () => {
    const stranger = Wallet.createRandom();
    const two = system.keepers.slice(0, 2).map(({ attester }) => attester);
    await expect(postAttested(system, attested, [...two, stranger]))
      .to.be.revertedWithCustomError(system.registry, "RegistryNotKeeper")
      .withArgs(stranger.address);

    const removed = system.keepers[2]!.attester;
    await system.keeperRegistry.remove(removed.address);
    await expect(postAttested(system, await attest(system), [...two, removed]))
      .to.be.revertedWithCustomError(system.registry, "RegistryNotKeeper")
      .withArgs(removed.address);
  });

  it("refuses signatures made for another chain or another contract", async () => {
    const domain = await domainOf(system, system.registry.target as string);
    const foreign = [
      { ...domain, chainId: 1n },
      { ...domain, verifyingContract: system.guard.target as string },
    ];
    for (const wrong of foreign) {
      const signatures = await Promise.all(
        system.keepers.map(({ attester }) => attester.signTypedData(wrong, ATTESTATION_TYPES, attested.attestation)),
      );
      // Recovered signers are arbitrary addresses: either their order or their membership fails.
      await expect(system.registry.post(attested.attestation, attested.roots, signatures)).to.revert(system.ethers);
      await expect(
        system.registry.post(attested.attestation, attested.roots, [signatures[0]!]),
      ).to.be.revertedWithCustomError(system.registry, "RegistryNoQuorum");
    }
    await system.keeperRegistry.remove(system.keepers[3]!.attester.address);
    await system.keeperRegistry.remove(system.keepers[2]!.attester.address);
    await system.keeperRegistry.remove(system.keepers[1]!.attester.address);
    const alone = await attest(system);
    for (const wrong of foreign) {
      const signature = await system.keepers[0]!.attester.signTypedData(wrong, ATTESTATION_TYPES, alone.attestation);
      await expect(system.registry.post(alone.attestation, alone.roots, [signature])).to.be.revertedWithCustomError(
        system.registry,
        "RegistryNotKeeper",
      );
    }
  });

  it("posts what a quorum signed, whoever carries it", async () => {
    const { blockNumber, blockHash, booksRoot, setId } = attested.attestation;
    const carrier = system.users[0]!;
    const signatures = await signAttestation(system, attested.attestation);
    const posting = system.registry.connect(carrier).post(attested.attestation, attested.roots, signatures);
    const { timestamp } = (await system.ethers.provider.getBlock((await (await posting).wait())!.blockNumber))!;
    await expect(posting)
      .to.emit(system.registry, "CheckpointPosted")
      .withArgs(blockNumber, blockHash, booksRoot, setId, 1, timestamp, attested.roots);
    expect(await system.registry.newest()).to.deep.equal([blockHash, booksRoot, blockNumber, timestamp, setId, 1n, 1n]);
    const hot = await system.ledger.hotWord();
    expect(hot.checkpointTime).to.equal(timestamp);
    expect(hot.flags).to.equal(0);
  });

  it("INV-10: posted block numbers strictly increase through two turns of the ring, and old ones fall out", async () => {
    const numbers: number[] = [];
    for (let count = 0; count < 130; count += 1) {
      numbers.push((await postCheckpoint(system)).attestation.blockNumber);
    }
    expect(numbers).to.deep.equal([...new Set(numbers)].sort((a, b) => a - b));
    const kept = numbers.slice(-64);
    for (const number of [kept[0]!, kept[63]!]) {
      expect((await system.registry.checkpointOf(number)).blockNumber).to.equal(number);
    }
    await expect(system.registry.checkpointOf(numbers.at(-65)!))
      .to.be.revertedWithCustomError(system.registry, "RegistryUnknownCheckpoint")
      .withArgs(numbers.at(-65)!);
    expect(await system.registry.newestBefore(kept[63]!)).to.equal(kept[62]);
    expect(await system.registry.newestBefore(kept[1]!)).to.equal(kept[0]);
    expect(await system.registry.newestBefore(kept[0]!)).to.equal(0);
    await expect(system.registry.checkpointOf(0)).to.be.revertedWithCustomError(
      system.registry,
      "RegistryUnknownCheckpoint",
    );
  });
});
