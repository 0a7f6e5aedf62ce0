import { expect } from "chai";
import { getBytes, hexlify } from "ethers";
import { network } from "hardhat";

import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { attest, falsify, hashRoots, postAttested, postCheckpoint, type Attested } from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";
import { readMultiProof, type MultiProof } from "../../helpers/proofs.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const SEED = 20_261_121;
const MUTATIONS = 200;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4 });
}

/** `data` with one bit inverted. */
function flipBit(data: string, bit: number): string {
  const bytes = getBytes(data);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return hexlify(bytes);
}

describe("CheckpointRegistry > prove", () => {
  let system: Lockstep;
  let posted: Attested;
  let proof: MultiProof;
  let number: number;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    await networkHelpers.mine(3);
    posted = await postCheckpoint(system);
    number = posted.attestation.blockNumber;
    proof = await readMultiProof(system.ethers, system.books, number);
  });

  async function prove(changes: Partial<MultiProof & Attested> = {}) {
    const all = { ...posted, ...proof, ...changes };
    return await system.registry.prove(all.attestation, all.roots, all.headerRlp, all.nodes, all.paths);
  }

  it("refuses a block without a checkpoint", async () => {
    await expect(prove({ attestation: { ...posted.attestation, blockNumber: number - 1 } }))
      .to.be.revertedWithCustomError(system.registry, "RegistryUnknownCheckpoint")
      .withArgs(number - 1);
  });

  it("refuses another attestation of the block than the one that was posted", async () => {
    const { registry } = system;
    const { digest } = await registry.newest();
    const lie = falsify(posted, 2);
    const changed: Partial<Attested["attestation"]>[] = [
      { setId: posted.attestation.setId + 1n },
      { bookSetVersion: 2n },
      { blockHash: hashRoots(posted.roots) },
      { booksRoot: lie.attestation.booksRoot },
    ];
    for (const change of changed) {
      const attestation = { ...posted.attestation, ...change };
      const given = await registry.hashAttestation(attestation);
      await expect(prove({ attestation }))
        .to.be.revertedWithCustomError(registry, "RegistryWrongDigest")
        .withArgs(number, given, digest);
      const { vault, ledger } = system;
      await expect(registry.verifyRoots(attestation, posted.roots, vault.target, ledger.target))
        .to.be.revertedWithCustomError(registry, "RegistryWrongDigest")
        .withArgs(number, given, digest);
      await expect(registry.storageRootOf(attestation, posted.roots, vault.target))
        .to.be.revertedWithCustomError(registry, "RegistryWrongDigest")
        .withArgs(number, given, digest);
    }
  });

  it("refuses roots that are not those posted", async () => {
    const roots = posted.roots.toReversed();
    await expect(prove({ roots }))
      .to.be.revertedWithCustomError(system.registry, "RegistryRootsMismatch")
      .withArgs(hashRoots(roots), posted.attestation.booksRoot);
  });

  it("refuses another block's header", async () => {
    const other = await readMultiProof(system.ethers, system.books, number - 1);
    const parent = (await system.ethers.provider.getBlock(number - 1))!.hash;
    await expect(prove({ headerRlp: other.headerRlp }))
      .to.be.revertedWithCustomError(system.registry, "StorageProofHeaderMismatch")
      .withArgs(parent, posted.attestation.blockHash);
  });

  it("refuses a wrong number of paths", async () => {
    for (const paths of [proof.paths.slice(1), [...proof.paths, proof.paths[0]!]]) {
      await expect(prove({ paths }))
        .to.be.revertedWithCustomError(system.registry, "RegistryRootCount")
        .withArgs(paths.length, proof.paths.length);
    }
  });

  it("refuses truncated, extended, duplicated and re-ordered paths", async () => {
    const [first] = proof.paths;
    const broken = [
      [],
      first!.slice(0, -1),
      first!.slice(1),
      [...first!, first!.at(-1)!],
      [first![0]!, ...first!],
      first!.toReversed(),
    ];
    for (const path of broken) {
      await expect(prove({ paths: proof.paths.with(0, path) })).to.be.revertedWithCustomError(
        system.registry,
        "TrieProofTraversalError",
      );
    }
    for (const [book, node] of [
      [0, proof.nodes.length],
      [3, 255],
      [system.books.length - 1, proof.nodes.length],
    ] as const) {
      await expect(prove({ paths: proof.paths.with(book, [...proof.paths[book]!, node]) }))
        .to.be.revertedWithCustomError(system.registry, "RegistryBadPath")
        .withArgs(book, node);
    }
  });

  it("refuses nodes that are shortened, lengthened, exchanged or missing", async () => {
    const { nodes } = proof;
    const broken = [
      nodes.with(0, nodes[0]!.slice(0, -2)),
      nodes.with(0, `${nodes[0]!}00`),
      nodes.with(1, nodes[1]!.slice(0, -2)),
      nodes.with(1, `${nodes[1]!}00`),
      nodes.with(0, nodes[1]!).with(1, nodes[0]!),
      nodes.slice(0, -1),
      [],
    ];
    for (const wrong of broken) await expect(prove({ nodes: wrong })).to.revert(system.ethers);
  });

  it("refuses another account's proof", async () => {
    const [vault, ledger] = proof.paths;
    for (const paths of [proof.paths.with(0, ledger!), proof.paths.with(1, vault!)]) {
      await expect(prove({ paths })).to.be.revertedWithCustomError(system.registry, "TrieProofTraversalError");
    }
  });

  it("refuses the proof of another block", async () => {
    // The blocks in between are empty and have the same state.
    const before = await readMultiProof(system.ethers, system.books, number - 4);
    await expect(prove({ nodes: before.nodes, paths: before.paths }))
      .to.be.revertedWithCustomError(system.registry, "TrieProofTraversalError")
      .withArgs(2);
  });

  it("says of a false checkpoint which book differs", async () => {
    await networkHelpers.mine();
    const truth = await attest(system);
    const lie = falsify(truth, 4);
    await postAttested(system, lie);
    const { blockNumber } = lie.attestation;
    const witness = await readMultiProof(system.ethers, system.books, blockNumber);
    await expect(prove({ ...witness, ...lie }))
      .to.be.revertedWithCustomError(system.registry, "RegistryRootDiffers")
      .withArgs(system.books[4], truth.roots[4], lie.roots[4]);
  });

  it(`refuses ${MUTATIONS} one-bit changes of header and nodes (seed ${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    const parts = [proof.headerRlp, ...proof.nodes];
    const sizes = parts.map((part) => 4 * (part.length - 2));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const accepted: string[] = [];
    for (let count = 0; count < MUTATIONS; count += 1) {
      let bit = random.below(total);
      let index = 0;
      while (bit >= sizes[index]!) bit -= sizes[index++]!;
      const mutated = parts.with(index, flipBit(parts[index]!, bit));
      const [headerRlp, ...nodes] = mutated;
      const call = system.registry.prove.staticCall(posted.attestation, posted.roots, headerRlp!, nodes, proof.paths);
      if (
        await call.then(
          () => true,
          () => false,
        )
      ) {
        accepted.push(`part ${index} bit ${bit}`);
      }
    }
    expect(accepted).to.deep.equal([]);
    await system.registry.prove.staticCall(posted.attestation, posted.roots, proof.headerRlp, proof.nodes, proof.paths);
  });

  it("proves the posted checkpoint from distinct nodes, once", async () => {
    const total = proof.paths.reduce((sum, path) => sum + path.length, 0);
    expect(proof.nodes.length).to.be.lessThan(total);
    const proving = prove();
    await expect(proving).to.emit(system.registry, "CheckpointProven").withArgs(number, posted.attestation.blockHash);
    expect((await system.registry.checkpointOf(number)).status).to.equal(2);
    await expect(prove()).to.be.revertedWithCustomError(system.registry, "RegistryNotPosted").withArgs(number, 2);
  });

  it("proves an older checkpoint, and while halted", async () => {
    const lie = falsify(await attest(system), 0);
    await networkHelpers.mine();
    await postCheckpoint(system);
    const { attester } = system.keepers[0]!;
    await convict(system, lie, { signers: [attester] });
    await prove();
    expect((await system.registry.checkpointOf(number)).status).to.equal(2);
  });

  describe("checked roots", () => {
    it("are those of a posted or a proven checkpoint, and say which book is which", async () => {
      const { registry, books, vault, guard } = system;
      for (const status of [1n, 2n]) {
        const { attestation, roots } = posted;
        expect(await registry.verifyRoots(attestation, roots, vault.target, guard.target)).to.deep.equal([
          BigInt(books.indexOf(vault.target as string)),
          BigInt(books.indexOf(guard.target as string)),
        ]);
        const { postedAt } = await registry.checkpointOf(number);
        for (const [index, book] of books.entries()) {
          expect(await registry.storageRootOf(attestation, roots, book)).to.deep.equal([
            roots[index],
            status,
            postedAt,
          ]);
        }
        expect((await registry.summary()).status).to.equal(status);
        if (status === 1n) await prove();
      }
    });

    it("are those that were signed, of books of the set", async () => {
      const { registry, vault, users } = system;
      const { attestation, roots } = posted;
      const stranger = users[0]!.address;
      const reordered = roots.toReversed();
      const calls = [
        async (given: string[], book: string) => await registry.verifyRoots(attestation, given, vault.target, book),
        async (given: string[], book: string) => await registry.verifyRoots(attestation, given, book, vault.target),
        async (given: string[], book: string) => await registry.storageRootOf(attestation, given, book),
      ];
      for (const call of calls) {
        await expect(call(reordered, vault.target as string))
          .to.be.revertedWithCustomError(registry, "RegistryRootsMismatch")
          .withArgs(hashRoots(reordered), attestation.booksRoot);
        await expect(call(roots, stranger))
          .to.be.revertedWithCustomError(registry, "RegistryNotInBookSet")
          .withArgs(stranger);
      }
    });
  });
});
