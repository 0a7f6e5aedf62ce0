import { expect } from "chai";
import { concat, Interface, Transaction, Wallet } from "ethers";

import { selectorOf } from "../../../keeper/actions/plan/abi.ts";
import { encodePost, encodeSoftPause } from "../../../keeper/actions/plan/calls.ts";
import { feesFor } from "../../../keeper/actions/plan/fees.ts";
import { KeySigner } from "../../../keeper/actions/signers/KeySigner.ts";
import type { Hash, Hex } from "../../../keeper/lib/hex.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

const GUARD = new Interface([
  "function softPause(bytes32 incidentId, uint8 class_, uint64 blockNumber, bytes32 blockHash, bytes32 evidenceHash)",
]);
const REGISTRY = new Interface([
  "function post((uint32 setId, uint32 bookSetVersion, uint64 blockNumber, bytes32 blockHash, bytes32 booksRoot) attestation, bytes32[] roots, (uint32 id, uint16 quorum, address[] members) set, bytes signatures)",
]);
const ROUNDS = 200;
const GWEI = 10n ** 9n;

const hash = (random: SeededRandom): Hash => random.hex(32);

function attestationOf(random: SeededRandom) {
  return {
    setId: random.uint(32),
    bookSetVersion: random.uint(32),
    blockNumber: random.uint(64),
    blockHash: hash(random),
    booksRoot: hash(random),
  };
}

describe("calls", () => {
  it("encodes a soft pause as the ABI does, for random values", () => {
    const random = new SeededRandom(chooseSeed(1));
    for (let round = 0; round < ROUNDS; round += 1) {
      const causeClass = random.below(2) === 0 ? ("books" as const) : ("view" as const);
      const call = {
        incidentId: hash(random),
        causeClass,
        blockNumber: random.below(2 ** 31),
        blockHash: hash(random),
        evidenceHash: hash(random),
      };
      const values = Object.values({ ...call, causeClass: causeClass === "books" ? 0 : 1 });
      expect(encodeSoftPause(call)).to.equal(GUARD.encodeFunctionData("softPause", values));
    }
  });

  it("encodes a checkpoint as the ABI does, for random values and lengths", () => {
    const random = new SeededRandom(chooseSeed(2));
    for (let round = 0; round < ROUNDS; round += 1) {
      const attestation = attestationOf(random);
      const roots = Array.from({ length: random.below(12) }, () => hash(random));
      const signatures = Array.from({ length: random.below(8) }, () => random.hex(65));
      const members = Array.from({ length: random.below(9) }, () => random.hex(20));
      const set = { id: random.uint(32), quorum: random.uint(16), members };
      const expected = REGISTRY.encodeFunctionData("post", [attestation, roots, set, concat(signatures)]);
      expect(encodePost({ attestation, roots, set, signatures })).to.equal(expected);
    }
  });

  it("has the first four bytes of a signature's hash as its selector", () => {
    expect(selectorOf("transfer(address,uint256)")).to.equal("0xa9059cbb");
  });
});

describe("feesFor", () => {
  const CAP = 10n ** 30n;

  it("raises both fees by more than 10 % with each attempt, from any base fee", () => {
    for (const baseFee of [0n, 1n, 7n, GWEI, 1_234n * GWEI]) {
      for (let attempt = 0; attempt < 40; attempt += 1) {
        const now = feesFor(baseFee, attempt, CAP);
        const next = feesFor(baseFee, attempt + 1, CAP);
        expect(next.maxFeePerGas * 100n > now.maxFeePerGas * 110n).to.equal(true);
        expect(next.maxPriorityFeePerGas * 100n > now.maxPriorityFeePerGas * 110n).to.equal(true);
      }
    }
  });

  it("can pay several times the base fee at once", () => {
    expect(feesFor(50n * GWEI, 0, CAP).maxFeePerGas > 100n * GWEI).to.equal(true);
  });

  it("never passes the cap, nor lets the tip pass the fee", () => {
    for (const cap of [1n, GWEI, 100n * GWEI]) {
      for (let attempt = 0; attempt < 60; attempt += 1) {
        const { maxFeePerGas, maxPriorityFeePerGas } = feesFor(30n * GWEI, attempt, cap);
        expect(maxFeePerGas <= cap && maxPriorityFeePerGas <= maxFeePerGas).to.equal(true);
      }
    }
  });
});

describe("KeySigner", () => {
  const wallet = new Wallet(`0x${"11".repeat(32)}`);
  const signer = new KeySigner(wallet.privateKey as Hex);

  it("signs a transaction whose sender, fields and hash are those asked for", () => {
    const request = {
      chainId: 31_337,
      to: "0x00000000000000000000000000000000000000aa",
      data: "0x1234",
      nonce: 3,
      gasLimit: 400_000n,
      maxFeePerGas: 5n * GWEI,
      maxPriorityFeePerGas: GWEI,
    } as const;
    const { raw, hash: transactionHash } = signer.signTransaction(request);
    const seen = Transaction.from(raw);
    expect([seen.from, seen.hash, seen.value, seen.nonce]).to.deep.equal([wallet.address, transactionHash, 0n, 3]);
    expect([seen.to?.toLowerCase(), seen.data, seen.gasLimit, seen.maxFeePerGas, seen.chainId]).to.deep.equal([
      request.to,
      request.data,
      request.gasLimit,
      request.maxFeePerGas,
      31_337n,
    ]);
  });
});
