import { inspect, format } from "node:util";
import { expect } from "chai";
import { getBytes, recoverAddress, Signature, SigningKey, Transaction, TypedDataEncoder, Wallet } from "ethers";

import { encodeTransaction } from "../../../../keeper/actions/plan/encodeTransaction.ts";
import type { TransactionRequest } from "../../../../keeper/actions/plan/TransactionRequest.ts";
import { KeySigner } from "../../../../keeper/actions/signers/KeySigner.ts";
import { bigintToHex32, bytesToHex, type Hex } from "../../../../keeper/lib/hex.ts";
import { ATTESTATION_TYPES } from "../../../helpers/attestations.ts";
import { chooseSeed } from "../../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";

const ROUNDS = 2_000;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const DATA_LENGTHS = [0, 1, 4, 31, 54, 55, 56, 164, 255, 256, 1_500] as const;
const NONCES = [0, 1, 127, 128, 255, 256, 65_535, 65_536] as const;
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const REQUEST: TransactionRequest = {
  chainId: 1,
  to: `0x${"11".repeat(20)}`,
  data: "0x",
  nonce: 0,
  gasLimit: 21_000n,
  maxFeePerGas: 2n,
  maxPriorityFeePerGas: 1n,
};

/** A private key; the smallest and the largest among them. */
function keyOf(random: SeededRandom): Hex {
  return bigintToHex32(1n + (random.uint(256) % (ORDER - 1n)));
}

/** Values of every length, zero and one byte below 0x80 included: where integers are encoded differently. */
function requestOf(random: SeededRandom): TransactionRequest {
  const fees = [0, 1].map(() => random.uint(1 + random.below(96)));
  const [low, high] = fees.sort((a, b) => (a < b ? -1 : 1)) as [bigint, bigint];
  return {
    chainId: 1 + random.below(2 ** 31),
    to: random.hex(20),
    data: random.hex(DATA_LENGTHS[random.below(DATA_LENGTHS.length)]!),
    nonce: random.bool() ? NONCES[random.below(NONCES.length)]! : random.below(2 ** 31),
    gasLimit: random.uint(1 + random.below(63)),
    maxFeePerGas: high,
    maxPriorityFeePerGas: low,
  };
}

/** Another implementation's answer to the same request. */
function byEthers(key: Hex, request: TransactionRequest): Transaction {
  const transaction = Transaction.from({ ...request, type: 2, value: 0n });
  transaction.signature = new SigningKey(key).sign(transaction.unsignedHash);
  return transaction;
}

describe("KeySigner", () => {
  it("signs random transactions byte for byte as ethers does, low in s, and so that the sender is its address", () => {
    const random = new SeededRandom(chooseSeed(34));
    for (let round = 0; round < ROUNDS; round += 1) {
      const key = keyOf(random);
      const request = requestOf(random);
      const signer = new KeySigner(key);
      const { raw, hash } = signer.signTransaction(request);
      const expected = byEthers(key, request);
      expect(bytesToHex(encodeTransaction(request)), `round ${round}`).to.equal(expected.unsignedSerialized);
      expect({ raw, hash }, `round ${round}`).to.deep.equal({ raw: expected.serialized, hash: expected.hash });
      const parsed = Transaction.from(raw);
      expect(parsed.from?.toLowerCase()).to.equal(signer.address);
      expect(BigInt(parsed.signature!.s) <= HALF_ORDER).to.equal(true);
    }
  }).timeout(120_000);

  it("signs random typed data byte for byte as ethers does, and so that its address is recovered", async () => {
    const random = new SeededRandom(chooseSeed(35));
    for (let round = 0; round < ROUNDS / 4; round += 1) {
      const wallet = new Wallet(keyOf(random));
      const signer = new KeySigner(wallet.privateKey as Hex);
      const chainId = 1 + random.below(2 ** 31);
      const domain = { name: "Lockstep", version: "1", chainId, verifyingContract: random.hex(20) };
      const attestation = {
        setId: random.uint(32),
        bookSetVersion: random.uint(32),
        blockNumber: random.uint(64),
        blockHash: random.hex(32),
        booksRoot: random.hex(32),
      };
      const digest = TypedDataEncoder.hash(domain, ATTESTATION_TYPES, attestation);
      const signature = signer.signTypedData({
        domainSeparator: TypedDataEncoder.hashDomain(domain) as Hex,
        structHash: TypedDataEncoder.from(ATTESTATION_TYPES).hash(attestation) as Hex,
      });
      expect(signature).to.equal(await wallet.signTypedData(domain, ATTESTATION_TYPES, attestation));
      expect(recoverAddress(digest, signature).toLowerCase()).to.equal(signer.address);
      expect(Signature.from(signature).serialized).to.equal(signature);
    }
  }).timeout(60_000);

  it("answers without a promise", () => {
    const signer = new KeySigner(`0x${"42".repeat(32)}`);
    expect(signer.signTransaction(REQUEST)).to.not.be.instanceOf(Promise);
    expect(
      signer.signTypedData({ domainSeparator: `0x${"01".repeat(32)}`, structHash: `0x${"02".repeat(32)}` }),
    ).to.match(/^0x[0-9a-f]{128}1[bc]$/);
  });

  it("refuses what is no key", () => {
    const order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    for (const digits of ["", "11", "00".repeat(32), order, "ff".repeat(32), "11".repeat(33)]) {
      expect(() => new KeySigner(`0x${digits}`), digits).to.throw();
      if (digits.length > 4) expect(() => new KeySigner(`0x${digits}`)).to.not.throw(new RegExp(digits));
    }
  });

  it("shows its address and never its key, whatever prints it", () => {
    const digits = "a7c3".repeat(16);
    const signer = new KeySigner(`0x${digits}`);
    const key = getBytes(`0x${digits}`);
    const shown = [
      inspect(signer, { showHidden: true, depth: 10, getters: true }),
      JSON.stringify(signer),
      format("%s %o %O %j", signer, signer, signer, signer),
      String(signer),
      JSON.stringify(Object.entries(Object.getOwnPropertyDescriptors(signer))),
      inspect(structuredClone(JSON.parse(JSON.stringify(signer)))),
    ].join("\n");
    expect(shown).to.include(signer.address);
    expect(shown).to.not.include(digits.slice(0, 8));
    expect(shown).to.not.include([...key.subarray(0, 3)].join(", "));
    expect(shown).to.not.include([...key.subarray(0, 3)].join(","));
    expect(JSON.parse(JSON.stringify(signer))).to.deep.equal({ address: signer.address, kind: "key" });
  });

  it("keeps a copy that the caller's wiping does not reach, and signs nothing once it is closed", async () => {
    const key = getBytes(`0x${"42".repeat(32)}`);
    const signer = new KeySigner(key, "keystore");
    key.fill(0);
    const { raw } = signer.signTransaction(REQUEST);
    expect(raw).to.equal(new KeySigner(`0x${"42".repeat(32)}`).signTransaction(REQUEST).raw);
    await signer.check();
    signer.close();
    expect(() => signer.signTransaction(REQUEST))
      .to.throw()
      .with.property("code", "SignerClosed");
    const failure: unknown = await signer.check().catch((error: unknown) => error);
    expect(failure).to.have.property("code", "SignerClosed");
  });
});
