import { expect } from "chai";
import { getCreateAddress, toBeHex, Wallet, ZeroHash } from "ethers";
import { network } from "hardhat";

import { deployLockstep, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import {
  attest,
  type Attested,
  hashKeeperSet,
  hashRoots,
  postAttested,
  postCheckpoint,
  postSigned,
  readKeeperSet,
  signAttestation,
} from "../../helpers/attestations.ts";
import { attestLike, GRADES, hardPause, readHead } from "../../helpers/guard.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { addKeeper } from "../../helpers/keepers.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const RING = 64;
/** A new book set is announced so many blocks ahead. */
const BOOK_SET_LEAD = 64;
const SEED = chooseSeed(20_261_122);
const SUBMISSIONS = 150;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4 });
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

  it("F4: is not of a block that was reorganised away, and goes with its own block", async () => {
    const { registry, ethers } = system;
    const fork = await networkHelpers.takeSnapshot();
    await networkHelpers.mine();
    const orphaned = await attest(system);
    await postAttested(system, orphaned);
    expect(await registry.newestNumber()).to.equal(orphaned.attestation.blockNumber);
    await fork.restore();
    expect(await registry.newestNumber()).to.equal(0);
    // Another block of that number.
    await networkHelpers.time.increase(99);
    const { blockNumber, blockHash } = orphaned.attestation;
    const { hash } = (await ethers.provider.getBlock(blockNumber))!;
    await expect(postAttested(system, orphaned))
      .to.be.revertedWithCustomError(registry, "RegistryWrongBlock")
      .withArgs(blockNumber, blockHash, hash);
    await postCheckpoint(system, blockNumber);
  });

  it(`F3: accepts of ${SUBMISSIONS} random submissions those that are new, past, in the window and of this chain (seed ${SEED})`, async () => {
    const { registry, ethers } = system;
    const random = new SeededRandom(SEED);
    await networkHelpers.mine(TIMES.postWindowBlocks + 20);
    const hashes: string[] = [];
    for (let number = 0; number <= (await readHead(system)).number; number += 1) {
      hashes.push((await ethers.provider.getBlock(number))!.hash!);
    }
    const told = {
      accepted: 0,
      RegistryNotNewer: 0,
      RegistryFutureBlock: 0,
      RegistryOldBlock: 0,
      RegistryWrongBlock: 0,
    };
    let newest = 0;
    for (let count = 0; count < SUBMISSIONS; count += 1) {
      const head = hashes.length - 1;
      // Mostly near the newest one, where the rules meet.
      const near = random.bool() ? head - random.below(12) : newest + random.below(5) - 2;
      const blockNumber = Math.max(0, random.below(6) === 0 ? head - random.below(TIMES.postWindowBlocks + 20) : near);
      const isOther = random.below(4) === 0;
      const blockHash = (isOther ? hashes[random.below(head)] : hashes[blockNumber]) ?? hashes[0]!;
      const rules = [
        [blockNumber > head, "RegistryFutureBlock"],
        [blockNumber < head + 1 - TIMES.postWindowBlocks, "RegistryOldBlock"],
        [blockNumber <= newest, "RegistryNotNewer"],
        [blockHash !== hashes[blockNumber], "RegistryWrongBlock"],
      ] as const;
      const broken = rules.filter(([isBroken]) => isBroken).map(([, name]) => name);
      const name = await postChanged({ blockNumber, blockHash }).then(
        () => "accepted" as const,
        (error: unknown) => broken.find((rule) => String(error).includes(rule)) ?? String(error),
      );
      expect(name, `${blockNumber} after ${newest} at ${head}`).to.be.oneOf(
        broken.length === 0 ? ["accepted"] : broken,
      );
      if (name === "accepted") newest = blockNumber;
      told[name as keyof typeof told] += 1;
      expect(await registry.newestNumber()).to.equal(newest);
      // What is refused may be mined, too.
      const now = await readHead(system);
      hashes[now.number] = now.hash;
    }
    // What this is about did happen.
    for (const [name, count] of Object.entries(told)) expect(count, name).to.be.greaterThan(2);
  });

  describe("the roots", () => {
    it("are of the book set that is valid at the block", async () => {
      const { blockNumber } = attested.attestation;
      const first = blockNumber + 1 + BOOK_SET_LEAD;
      await system.registry.setBooks(system.books.slice(0, 3), first);
      for (const bookSetVersion of [0n, 2n, 2n ** 32n - 1n]) {
        await expect(postChanged({ bookSetVersion }))
          .to.be.revertedWithCustomError(system.registry, "RegistryWrongBookSet")
          .withArgs(bookSetVersion, 1);
      }
      await networkHelpers.mineUpTo(first);
      await expect(postAttested(system, await attest(system)))
        .to.be.revertedWithCustomError(system.registry, "RegistryRootCount")
        .withArgs(system.books.length, 3);
    });

    it("are of the old set below the first block of the new one, and of the new one from it on", async () => {
      const { registry } = system;
      const first = (await readHead(system)).number + 1 + BOOK_SET_LEAD;
      await registry.setBooks(system.books.slice(0, 3), first);
      await networkHelpers.mineUpTo(first);
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
        const first = (await readHead(system)).number + 1 + BOOK_SET_LEAD;
        await registry.setBooks(books, first);
        await networkHelpers.mineUpTo(first);
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
      expect(await registry.summary()).to.deep.equal([
        digest,
        BigInt(attested.attestation.blockNumber),
        postedAt,
        1n,
        BigInt(timestamp) - postedAt,
        true,
        GRADES.degraded,
        BigInt(attested.attestation.blockNumber),
        set.id,
        hashKeeperSet(set),
        1n,
      ]);
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
