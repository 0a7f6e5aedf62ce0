import { expect } from "chai";
import { solidityPackedKeccak256, TypedDataEncoder } from "ethers";

import { attestationDigest } from "../../../keeper/domain/attestationDigest.ts";
import { booksRoot } from "../../../keeper/domain/booksRoot.ts";
import { keeperSetHash, quorumOf } from "../../../keeper/domain/keeperSet.ts";
import { ATTESTATION_TYPES } from "../../helpers/attestations.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";

const ROUNDS = 50;

describe("attestationDigest", () => {
  it("is what EIP-712 demands, for random attestations and domains", () => {
    const random = new SeededRandom(chooseSeed(1));
    for (let round = 0; round < ROUNDS; round += 1) {
      const roots = Array.from({ length: 1 + random.below(12) }, () => random.hex(32));
      const { blockNumber, blockHash, ...ids } = {
        setId: random.uint(32),
        bookSetVersion: random.uint(32),
        blockNumber: random.uint(64),
        blockHash: random.hex(32),
      };
      const [chainId, registry] = [random.uint(64), random.hex(20)];
      const domain = { name: "Lockstep", version: "1", chainId, verifyingContract: registry };
      const attestation = { ...ids, blockNumber, blockHash, booksRoot: booksRoot(roots) };
      const expected = TypedDataEncoder.hash(domain, ATTESTATION_TYPES, attestation);
      const digest = attestationDigest({ ...ids, blockNumber, blockHash, roots }, { chainId, registry });
      expect(digest).to.equal(expected);
    }
  });
});

describe("keeperSetHash", () => {
  it("is the hash of id, quorum and members, 32 bytes each", () => {
    const random = new SeededRandom(chooseSeed(2));
    for (let round = 0; round < ROUNDS; round += 1) {
      const members = Array.from({ length: random.below(9) }, () => random.hex(20));
      const [id, quorum] = [random.uint(32), random.uint(16)];
      const words = [id, quorum, ...members.map((member) => BigInt(member))];
      const types = words.map(() => "uint256");
      expect(keeperSetHash({ id, quorum, members })).to.equal(solidityPackedKeccak256(types, words));
    }
  });
});

describe("quorumOf", () => {
  it("is more than two thirds of the seats, and out of reach below the minimum", () => {
    const quorums = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 10n, 32n].map((size) => quorumOf(size, 1n));
    expect(quorums).to.deep.equal([1n, 2n, 3n, 3n, 4n, 5n, 5n, 7n, 22n]);
    expect([quorumOf(3n, 4n), quorumOf(0n, 1n), quorumOf(4n, 4n)]).to.deep.equal([65_535n, 65_535n, 3n]);
  });
});
