import { expect } from "chai";
import { concat, getCreateAddress, Signature, toBeHex, Wallet, ZeroHash } from "ethers";
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
  postSigned,
  readKeeperSet,
  signAttestation,
  splitSignatures,
} from "../../helpers/attestations.ts";
import { attestLike, GRADES, hardPause, readHead } from "../../helpers/guard.ts";
import { addKeeper } from "../../helpers/keepers.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const RING = 64;

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
  /** Attest keys, ascending. */
  let sorted: string[];

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    await networkHelpers.mine(3);
    attested = await attest(system);
    sorted = (await readKeeperSet(system)).members;
  });

  /** Posts `attested` with changed fields, signed anew by every keeper. */
  async function postChanged(changes: Partial<Attested["attestation"]>, roots = attested.roots) {
    return await postAttested(system, { attestation: { ...attested.attestation, ...changes }, roots });
  }

  describe("the block", () => {
    it("INV-3: a zero block hash or a zero root is never valid", async () => {
      const { registry } = system;
      await expect(postChanged({ blockHash: ZeroHash })).to.be.revertedWithCustomError(registry, "RegistryZeroHash");
      for (let index = 0; index < system.books.length; index += 1) {
        const roots = attested.roots.with(index, ZeroHash);
        await expect(postChanged({ booksRoot: hashRoots(roots) }, roots))
          .to.be.revertedWithCustomError(registry, "RegistryZeroRoot")
          .withArgs(index);
      }
    });

    it("is not the one that is being made, nor a later one", async () => {
      const next = attested.attestation.blockNumber + 1;
      for (const blockNumber of [next, next + 1_000, 2n ** 40n, 2n ** 64n - 1n]) {
        await expect(postChanged({ blockNumber: blockNumber as number }))
          .to.be.revertedWithCustomError(system.registry, "RegistryFutureBlock")
          .withArgs(blockNumber, next);
      }
    });

    it("is inside the window, at most at its edge", async () => {
      const { blockNumber } = attested.attestation;
      await networkHelpers.mine(TIMES.postWindowBlocks);
      await expect(postAttested(system, attested))
        .to.be.revertedWithCustomError(system.registry, "RegistryOldBlock")
        .withArgs(blockNumber, blockNumber + TIMES.postWindowBlocks + 1);
      await postCheckpoint(system, blockNumber + 1);
      expect(await system.registry.newestNumber()).to.equal(blockNumber + 1);
    });

    it("is newer than the highest ever posted", async () => {
      await postAttested(system, attested);
      const { blockNumber } = attested.attestation;
      for (const number of [blockNumber, blockNumber - 1]) {
        const older = await attest(system, number);
        await expect(postAttested(system, older))
          .to.be.revertedWithCustomError(system.registry, "RegistryNotNewer")
          .withArgs(number, blockNumber);
      }
    });

    it("has the hash that was signed", async () => {
      const { blockNumber, blockHash } = attested.attestation;
      const parent = (await system.ethers.provider.getBlock(blockNumber - 1))!.hash!;
      await expect(postChanged({ blockHash: parent }))
        .to.be.revertedWithCustomError(system.registry, "RegistryWrongBlock")
        .withArgs(blockNumber, parent, blockHash);
    });
  });

  describe("the keeper set", () => {
    it("is the current one, also when it changed after signing", async () => {
      const current = attested.attestation.setId;
      await expect(postChanged({ setId: current + 1n }))
        .to.be.revertedWithCustomError(system.registry, "RegistryWrongKeeperSet")
        .withArgs(current + 1n, current);
      const signatures = await signAttestation(system, attested.attestation);
      await system.keeperRegistry.remove(system.keepers[3]!.attester.address);
      await expect(postSigned(system, attested, signatures))
        .to.be.revertedWithCustomError(system.registry, "RegistryWrongKeeperSet")
        .withArgs(current, current + 1n);
    });

    it("is brought as it was committed to", async () => {
      const { registry } = system;
      const set = await readKeeperSet(system);
      const stranger = Wallet.createRandom().address;
      const signatures = await signAttestation(system, attested.attestation);
      const wrong = [
        { ...set, id: set.id - 1n },
        { ...set, quorum: set.quorum - 1n },
        { ...set, members: set.members.slice(0, 3) },
        { ...set, members: set.members.with(3, stranger) },
        { ...set, members: [...set.members, stranger] },
        { ...set, members: set.members.toReversed() },
        { ...set, members: [] },
      ];
      for (const given of wrong) {
        await expect(registry.post(attested.attestation, attested.roots, given, signatures))
          .to.be.revertedWithCustomError(registry, "QuorumWrongSet")
          .withArgs(hashSet(given), hashSet(set));
      }
    });

    it("is none before the first keeper", async () => {
      const empty = await deployBare(system);
      const { attestation, roots } = attested;
      const none = { id: 0, quorum: 0, members: [] };
      await expect(empty.post({ ...attestation, setId: 0n }, roots, none, "0x"))
        .to.be.revertedWithCustomError(empty, "QuorumWrongSet")
        .withArgs(hashSet({ id: 0n, quorum: 0n, members: [] }), ZeroHash);
    });
  });

  /** A registry that no keeper registry has told anything, with the same books. */
  async function deployBare({ ethers, authority, guard, fund, ledger, books, users }: Lockstep) {
    const factory = await ethers.getContractFactory("CheckpointRegistry");
    const bare = await factory.deploy(
      authority.target,
      users[0]!.address,
      guard.target,
      fund.target,
      ledger.target,
      TIMES.postWindowBlocks,
    );
    const from = attested.attestation.blockNumber;
    await bare.setBooks([...books], 0);
    await networkHelpers.mine();
    attested = await attest(system);
    expect(attested.attestation.blockNumber).to.be.greaterThan(from);
    return bare;
  }

  describe("the roots", () => {
    it("are of the book set that is valid at the block", async () => {
      const { blockNumber } = attested.attestation;
      await system.registry.setBooks(system.books.slice(0, 3), blockNumber + 3);
      for (const bookSetVersion of [0n, 2n, 2n ** 32n - 1n]) {
        await expect(postChanged({ bookSetVersion }))
          .to.be.revertedWithCustomError(system.registry, "RegistryWrongBookSet")
          .withArgs(bookSetVersion, 1);
      }
      await networkHelpers.mine(4);
      await expect(postAttested(system, await attest(system)))
        .to.be.revertedWithCustomError(system.registry, "RegistryRootCount")
        .withArgs(system.books.length, 3);
    });

    it("are of the old set below the first block of the new one, and of the new one from it on", async () => {
      const { registry } = system;
      const first = (await readHead(system)).number + 3;
      await registry.setBooks(system.books.slice(0, 3), first);
      await networkHelpers.mine(3);
      const old = await attest(system, first - 1);
      const late = await attest(system, first);
      const booksRoot = hashRoots(late.roots.slice(0, 3));
      const shorter = { attestation: { ...late.attestation, booksRoot }, roots: late.roots.slice(0, 3) };
      const stale = { ...shorter, attestation: { ...shorter.attestation, bookSetVersion: 1n } };
      await expect(postAttested(system, stale))
        .to.be.revertedWithCustomError(registry, "RegistryWrongBookSet")
        .withArgs(1, 2);
      await postAttested(system, old);
      await postAttested(system, shorter);
      expect(await registry.newestNumber()).to.equal(first);
    });

    it("are not of a block before any book set", async () => {
      const { registry } = system;
      const { activeFrom } = await registry.booksOf(1);
      const number = Number(activeFrom) - 1;
      const early = await attest(system, number);
      expect(early.attestation.bookSetVersion).to.equal(0);
      for (const bookSetVersion of [0n, 1n]) {
        const claimed = { ...early, attestation: { ...early.attestation, bookSetVersion } };
        await expect(postAttested(system, claimed))
          .to.be.revertedWithCustomError(registry, "RegistryWrongBookSet")
          .withArgs(bookSetVersion, 0);
      }
    });

    it("are as many as there are books, and hash to what was signed", async () => {
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

    it("may be any number of books up to 32, each of them looked at", async () => {
      const { registry } = system;
      for (const count of [1, 2, 31, 32]) {
        const books = Array.from({ length: count }, (_, nonce) => getCreateAddress({ from: sorted[0]!, nonce }));
        await registry.setBooks(books, 0);
        await networkHelpers.mine();
        const { attestation } = await attest(system);
        const roots = books.map((_, index) => toBeHex(index + 1, 32));
        const made = { attestation: { ...attestation, booksRoot: hashRoots(roots) }, roots };
        for (const index of [0, count - 1]) {
          const holed = made.roots.with(index, ZeroHash);
          const lie = { attestation: { ...made.attestation, booksRoot: hashRoots(holed) }, roots: holed };
          await expect(postAttested(system, lie))
            .to.be.revertedWithCustomError(registry, "RegistryZeroRoot")
            .withArgs(index);
        }
        await postAttested(system, made);
        expect((await registry.newest()).digest).to.equal(await registry.hashAttestation(made.attestation));
      }
    });
  });

  describe("the signatures", () => {
    it("are a quorum's: three of four", async () => {
      const signatures = splitSignatures(await signAttestation(system, attested.attestation));
      for (const few of [[], signatures.slice(0, 1), signatures.slice(0, 2)]) {
        await expect(postSigned(system, attested, concat(few)))
          .to.be.revertedWithCustomError(system.registry, "QuorumTooFew")
          .withArgs(few.length, 3);
      }
      await postSigned(system, attested, concat(signatures.slice(1)));
      expect(await system.registry.newestNumber()).to.equal(attested.attestation.blockNumber);
    });

    it("are accepted from every quorum of the set, and from all of it", async () => {
      const all = splitSignatures(await signAttestation(system, attested.attestation));
      const quorums = [all, ...all.map((_, missing) => all.toSpliced(missing, 1))];
      const { registry } = system;
      const set = await readKeeperSet(system);
      // A call without a transaction runs in the newest block.
      await networkHelpers.mine();
      for (const signatures of quorums) {
        await registry.post.staticCall(attested.attestation, attested.roots, set, concat(signatures));
      }
    });

    it("are whole, well formed and not malleated", async () => {
      const signatures = splitSignatures(await signAttestation(system, attested.attestation)).slice(0, 3);
      for (const length of [3 * 65 - 1, 3 * 65 + 1, 64]) {
        const cut = `${concat(signatures)}00`.slice(0, 2 + 2 * length);
        await expect(postSigned(system, attested, cut))
          .to.be.revertedWithCustomError(system.registry, "QuorumBadLength")
          .withArgs(length);
      }
      for (const index of [0, 1, 2]) {
        const good = signatures[index]!;
        const broken = [
          `0x${"00".repeat(65)}`,
          `${good.slice(0, -2)}1d`,
          `${good.slice(0, -2)}00`,
          malleate(good),
          concat([toBeHex(CURVE_ORDER, 32), `0x${good.slice(66)}`]),
        ];
        for (const bad of broken) {
          await expect(postSigned(system, attested, concat(signatures.with(index, bad))))
            .to.be.revertedWithCustomError(system.registry, "QuorumBadSignature")
            .withArgs(index);
        }
      }
    });

    it("are sorted by signer, each once", async () => {
      const [first, second, third] = splitSignatures(await signAttestation(system, attested.attestation));
      const cases = [
        { signatures: [second, first, third], pair: [sorted[1], sorted[0]] },
        { signatures: [first, third, second], pair: [sorted[2], sorted[1]] },
        { signatures: [first, first, first], pair: [sorted[0], sorted[0]] },
        { signatures: [first, third, third], pair: [sorted[2], sorted[2]] },
      ];
      for (const { signatures, pair } of cases) {
        await expect(postSigned(system, attested, concat(signatures as string[])))
          .to.be.revertedWithCustomError(system.registry, "QuorumNotSorted")
          .withArgs(...pair);
      }
    });

    it("are of members only, wherever a stranger would stand", async () => {
      const keys = system.keepers.slice(0, 3).map(({ attester }) => attester);
      const places = new Set<number>();
      for (let index = 0; places.size < 4; index += 1) {
        const stranger = new Wallet(toBeHex(index + 1, 32));
        const place = sorted.filter((member) => BigInt(member) < BigInt(stranger.address)).length;
        if (place > 3 || places.has(place)) continue;
        places.add(place);
        await expect(postAttested(system, attested, [...keys, stranger]))
          .to.be.revertedWithCustomError(system.registry, "QuorumNotMember")
          .withArgs(stranger.address);
      }
    });

    it("are not of a keeper that was removed", async () => {
      const removed = system.keepers[2]!.attester;
      await system.keeperRegistry.remove(removed.address);
      const others = system.keepers.filter(({ attester }) => attester !== removed).map(({ attester }) => attester);
      await expect(postAttested(system, await attest(system), [...others, removed]))
        .to.be.revertedWithCustomError(system.registry, "QuorumNotMember")
        .withArgs(removed.address);
      await postAttested(system, await attest(system), others);
    });

    it("are of this chain and this contract", async () => {
      const domain = await domainOf(system, system.registry.target as string);
      const foreign = [
        { ...domain, chainId: 1n },
        { ...domain, verifyingContract: system.guard.target as string },
        { ...domain, version: "2" },
      ];
      await system.keeperRegistry.remove(system.keepers[3]!.attester.address);
      await system.keeperRegistry.remove(system.keepers[2]!.attester.address);
      await system.keeperRegistry.remove(system.keepers[1]!.attester.address);
      const alone = await attest(system);
      const { attester } = system.keepers[0]!;
      for (const wrong of foreign) {
        const signature = await attester.signTypedData(wrong, ATTESTATION_TYPES, alone.attestation);
        await expect(postSigned(system, alone, signature)).to.be.revertedWithCustomError(
          system.registry,
          "QuorumNotMember",
        );
      }
      await postAttested(system, alone, [attester]);
    });
  });

  describe("a checkpoint", () => {
    it("is what a quorum signed, whoever carries it", async () => {
      const { blockNumber, blockHash, setId } = attested.attestation;
      const carrier = system.users[0]!;
      const signatures = await signAttestation(system, attested.attestation);
      const posting = postSigned(system, attested, signatures, carrier);
      const { timestamp } = (await system.ethers.provider.getBlock((await (await posting).wait())!.blockNumber))!;
      await expect(posting)
        .to.emit(system.registry, "CheckpointPosted")
        .withArgs(blockNumber, blockHash, carrier.address, setId, 1, timestamp, attested.roots);
      const digest = await system.registry.hashAttestation(attested.attestation);
      const checkpoint = [digest, blockNumber, timestamp, carrier.address, 1n, false];
      expect(await system.registry.newest()).to.deep.equal(checkpoint);
      expect(await system.registry.checkpointOf(blockNumber)).to.deep.equal(checkpoint);
      const hot = await system.ledger.hotWord();
      expect(hot.checkpointTime).to.equal(timestamp);
      expect(hot.flags).to.equal(GRADES.synced);
    });

    it("is summed up for those who consume it", async () => {
      const { registry } = system;
      const set = await readKeeperSet(system);
      const before = await registry.summary();
      expect([before.digest, before.blockNumber, before.status]).to.deep.equal([ZeroHash, 0n, 0n]);
      await postAttested(system, attested);
      const { digest, postedAt } = await registry.newest();
      await networkHelpers.time.increase(TIMES.staleLimitSeconds + 1);
      const { timestamp } = await readHead(system);
      expect((await registry.summary()).toObject()).to.deep.equal({
        digest,
        blockNumber: BigInt(attested.attestation.blockNumber),
        postedAt,
        status: 1n,
        age: BigInt(timestamp) - postedAt,
        isStale: true,
        flags: GRADES.degraded,
        witnessNumber: BigInt(attested.attestation.blockNumber),
        setId: set.id,
        keeperSet: hashSet(set),
        bookSetVersion: 1n,
      });
    });

    it("is posted while halted, too", async () => {
      await hardPause(system, hashRoots(["0x01"]), await readHead(system));
      await postAttested(system, attested);
      expect(await system.ledger.flags()).to.equal(GRADES.halted);
      expect(await system.registry.newestNumber()).to.equal(attested.attestation.blockNumber);
    });

    it("INV-10: posted block numbers strictly increase through two turns of the ring, and old ones fall out", async () => {
      const numbers: number[] = [];
      for (let count = 0; count < 130; count += 1) {
        const next = await attestLike(system, attested);
        await postAttested(system, next);
        numbers.push(next.attestation.blockNumber);
      }
      expect(numbers).to.deep.equal([...new Set(numbers)].sort((a, b) => a - b));
      const kept = numbers.slice(-RING);
      for (const number of kept) {
        expect((await system.registry.checkpointOf(number)).blockNumber).to.equal(number);
      }
      for (const gone of [numbers.at(-RING - 1)!, 0, kept[0]! - 1, kept[RING - 1]! + 1, 2n ** 64n - 1n]) {
        await expect(system.registry.checkpointOf(gone))
          .to.be.revertedWithCustomError(system.registry, "RegistryUnknownCheckpoint")
          .withArgs(gone);
      }
      expect(await system.registry.newestBefore(kept[RING - 1]!)).to.equal(kept[RING - 2]);
      expect(await system.registry.newestBefore(kept[1]!)).to.equal(kept[0]);
      expect(await system.registry.newestBefore(kept[0]!)).to.equal(0);
      expect(await system.registry.newestBefore(2n ** 64n - 1n)).to.equal(kept[RING - 1]);
    });
  });

  describe("gas, once the ring is full", () => {
    const limits = [
      { count: 4, quorum: 3, limit: 92_000 },
      { count: 5, quorum: 4, limit: 95_000 },
      { count: 10, quorum: 7, limit: 120_000 },
    ];
    for (const { count, quorum, limit } of limits) {
      it(`is at most ${limit} for ${quorum} of ${count}`, async () => {
        const { users } = system;
        const keepers = [...system.keepers];
        while (keepers.length < count) {
          const keeper = { attester: new Wallet(toBeHex(keepers.length, 32)), pauser: users[keepers.length]! };
          await addKeeper(system, keeper.attester, keeper.pauser);
          keepers.push(keeper);
        }
        const signers = keepers.slice(0, quorum).map(({ attester }) => attester);
        for (let posts = 0; posts <= RING; posts += 1) {
          await postAttested(system, await attestLike(system, attested), signers);
        }
        const sent = await postAttested(system, await attestLike(system, attested), signers);
        const { gasUsed } = (await sent.wait())!;
        expect(gasUsed).to.be.lessThanOrEqual(BigInt(limit));
      });
    }
  });
});

/** What the registry keeps of a keeper set: the hash of id, quorum and members, 32 bytes each. */
function hashSet({ id, quorum, members }: { id: bigint; quorum: bigint; members: readonly string[] }): string {
  return hashRoots([toBeHex(id, 32), toBeHex(quorum, 32), ...members.map((member) => toBeHex(member, 32))]);
}
