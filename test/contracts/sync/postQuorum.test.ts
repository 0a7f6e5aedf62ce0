import { expect } from "chai";
import { concat, Signature, toBeHex, Wallet, ZeroHash } from "ethers";
import { network } from "hardhat";

import { deployLockstep, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import {
  attest,
  ATTESTATION_TYPES,
  type Attested,
  domainOf,
  hashKeeperSet,
  postAttested,
  postSigned,
  readKeeperSet,
  signAttestation,
  splitSignatures,
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

describe("CheckpointRegistry > post > quorum", () => {
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
          .withArgs(hashKeeperSet(given), hashKeeperSet(set));
      }
    });

    it("is none before the first keeper", async () => {
      const empty = await deployBare(system);
      const { attestation, roots } = attested;
      const none = { id: 0, quorum: 0, members: [] };
      await expect(empty.post({ ...attestation, setId: 0n }, roots, none, "0x"))
        .to.be.revertedWithCustomError(empty, "QuorumWrongSet")
        .withArgs(hashKeeperSet({ id: 0n, quorum: 0n, members: [] }), ZeroHash);
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

    it("E9: are of this chain and this contract", async () => {
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
});
