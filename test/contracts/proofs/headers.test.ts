import { expect } from "chai";
import { network } from "hardhat";

import { encodeHeader } from "../../../keeper/chain/verify/header.ts";
import { HEADER_FIELDS } from "../../../keeper/chain/verify/headerFields.ts";
import { bigintToBytes, concatBytes } from "../../../keeper/lib/bytes.ts";
import { bytesToHex, type Hash } from "../../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { decodeRlp, encodeRlp, type RlpItem } from "../../../keeper/lib/rlp.ts";
import { readHeaders, type HeaderFixture } from "../../fixtures/mainnet/chainData.ts";
import { openProofChain, ProofHarness, type ProofCall } from "./proofHarness.ts";

const { ethers } = await openProofChain(network);
const SHAPES = [15, 16, 17, 20, 21];
const STATE_ROOT = 3;
const NUMBER = 8;
const FEWEST_FIELDS = 15;

/** A real header as its bytes and fields. */
interface RealHeader extends HeaderFixture {
  readonly rlp: Uint8Array;
  readonly items: readonly RlpItem[];
}

const headers: readonly RealHeader[] = readHeaders().map((fixture) => {
  const { rlp } = encodeHeader(fixture.header);
  return { ...fixture, rlp, items: decodeRlp(rlp) as RlpItem[] };
});
const ofEachShape = SHAPES.map((fields) => headers.findLast((header) => header.fields === fields)!);

/** The call for these bytes under this hash. */
function call(rlp: Uint8Array, hash: Hash = keccak256Hex(rlp)): ProofCall {
  return ["header", bytesToHex(rlp), hash];
}

describe("StorageRootProof > header", () => {
  let harness: ProofHarness;

  before(async () => {
    harness = await ProofHarness.deploy(ethers);
  });

  /** Every one of the headers is refused with `error`. */
  async function refusesAll(calls: readonly ProofCall[], error: string): Promise<void> {
    const errors = (await harness.judgeAll(calls)).map((outcome) => (outcome.isAccepted ? "accepted" : outcome.error));
    expect(errors).to.deep.equal(calls.map(() => error));
  }

  it("takes every shape of real headers, and reads state root and number", async () => {
    expect(new Set(headers.map(({ fields }) => fields))).to.deep.equal(new Set(SHAPES));
    for (const { network: chain, number, hash, header, rlp } of headers) {
      const [stateRoot, proven] = await harness.contract.header(rlp, hash);
      expect([stateRoot, Number(proven)], `${chain} ${number}`).to.deep.equal([header["stateRoot"], number]);
    }
  });

  it("names both hashes of a header that is not the one of the hash", async () => {
    const [{ rlp, hash }, other] = [ofEachShape[0]!, ofEachShape[4]!];
    await expect(harness.contract.header(rlp, other.hash))
      .to.be.revertedWithCustomError(harness.contract, "StorageProofHeaderMismatch")
      .withArgs(hash, other.hash);
  });

  it("refuses a change of any field, in every shape", async () => {
    const calls: ProofCall[] = [];
    for (const { items, hash } of ofEachShape) {
      expect(items.length).to.be.at.most(HEADER_FIELDS.length);
      for (const [index, item] of items.entries()) {
        const field = item as Uint8Array;
        const values = [concatBytes([field, Uint8Array.of(1)]), field.slice(0, -1), field.map((byte) => byte ^ 128)];
        if (field.length === 0) values.splice(1);
        for (const value of values) calls.push(call(encodeRlp(items.with(index, value)), hash));
      }
    }
    expect(calls.length).to.be.above(200);
    await refusesAll(calls, "StorageProofHeaderMismatch");
  });

  it("refuses the header of another block or chain", async () => {
    const calls = headers.flatMap(({ rlp, hash }) =>
      headers.filter((other) => other.hash !== hash).map((other) => call(rlp, other.hash)),
    );
    expect(calls).to.have.length(headers.length * (headers.length - 1));
    await refusesAll(calls, "StorageProofHeaderMismatch");
  });

  it("refuses fields too many, too few, twice or in another order, and bytes around them", async () => {
    const calls: ProofCall[] = [];
    for (const { items, rlp, hash } of ofEachShape) {
      const variants: readonly (readonly RlpItem[])[] = [
        ...items.map((_, index) => items.toSpliced(index, 1)),
        ...items.map((item, index) => items.toSpliced(index, 0, item)),
        ...[0n, 1n].map((value) => [...items, bigintToBytes(value)]),
        items.toReversed(),
        [],
      ];
      for (const variant of variants) calls.push(call(encodeRlp(variant), hash));
      calls.push(call(concatBytes([rlp, Uint8Array.of(0)]), hash));
      calls.push(call(concatBytes([Uint8Array.of(0xb9, rlp.length >> 8, rlp.length & 255), rlp]), hash));
      calls.push(call(rlp.slice(0, -1), hash));
      calls.push(call(new Uint8Array(), hash));
      calls.push(call(rlp, `0x${"00".repeat(32)}`));
    }
    await refusesAll(calls, "StorageProofHeaderMismatch");
  });

  describe("under a hash of its own", () => {
    const { items, rlp } = ofEachShape[4]!;
    const isShort = (index: number, value: Uint8Array): ProofCall => call(encodeRlp(items.with(index, value)));

    it("refuses fewer fields than Frontier's", async () => {
      const calls = Array.from({ length: FEWEST_FIELDS }, (_, length) => call(encodeRlp(items.slice(0, length))));
      await refusesAll(calls, "StorageProofMalformedHeader");
    });

    it("takes more fields than Prague's, which later forks add", async () => {
      const later = encodeRlp([...items, new Uint8Array(32), bigintToBytes(7n)]);
      expect((await harness.judge(call(later))).isAccepted).to.equal(true);
    });

    it("refuses a state root that is not 32 bytes", async () => {
      const root = items[STATE_ROOT] as Uint8Array;
      const values = [root.slice(1), root.slice(0, 1), new Uint8Array(), concatBytes([Uint8Array.of(0), root])];
      await refusesAll(
        values.map((value) => isShort(STATE_ROOT, value)),
        "StorageProofMalformedHash",
      );
      const list = encodeRlp(items.with(STATE_ROOT, [root.slice(1)]));
      await refusesAll([call(list)], "RLPInvalidEncoding");
    });

    it("refuses a number with leading zeros, or one that is none", async () => {
      const number = items[NUMBER] as Uint8Array;
      const zero = Uint8Array.of(0);
      const values = [zero, concatBytes([zero, zero]), concatBytes([zero, number]), new Uint8Array(32).fill(1, 1)];
      await refusesAll(
        values.map((value) => isShort(NUMBER, value)),
        "StorageProofMalformedNumber",
      );
      await refusesAll([isShort(NUMBER, new Uint8Array(33).fill(1))], "RLPInvalidEncoding");
      await refusesAll([call(encodeRlp(items.with(NUMBER, [number])))], "RLPInvalidEncoding");
    });

    it("refuses bytes that are no list", async () => {
      const encodings = [
        new Uint8Array(),
        Uint8Array.of(0x80),
        concatBytes([rlp, Uint8Array.of(0)]),
        rlp.slice(0, -1),
        // The length of the list with a leading zero.
        concatBytes([Uint8Array.of(0xfa, 0), rlp.slice(1)]),
        encodeRlp(rlp),
      ];
      await refusesAll(
        encodings.map((encoding) => call(encoding)),
        "RLPInvalidEncoding",
      );
    });
  });
});
