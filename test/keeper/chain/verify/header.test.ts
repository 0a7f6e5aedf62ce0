import { createBlockHeader, createBlockHeaderFromRPC, type JSONRPCBlock } from "@ethereumjs/block";
import { expect } from "chai";
import { encodeRlp as ethersRlp, keccak256 as ethersKeccak, toBeArray } from "ethers";
import { network } from "hardhat";

import { decodeHeader, encodeHeader, verifyHeader, withoutEncoding } from "../../../../keeper/chain/verify/header.ts";
import { HEADER_FIELD_COUNTS, HEADER_FIELDS } from "../../../../keeper/chain/verify/headerFields.ts";
import { VerificationError } from "../../../../keeper/chain/verify/VerificationError.ts";
import { bytesToHex, hexToBytes, type Hash, type Hex } from "../../../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../../../keeper/lib/keccak.ts";
import { decodeRlp, encodeRlp, type RlpItem } from "../../../../keeper/lib/rlp.ts";
import { readHeaders, readMainnetHeader } from "../../../fixtures/mainnet/chainData.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { expectRefusal } from "./expectRefusal.ts";
import { SEPOLIA_HEADERS } from "./sepoliaHeaders.ts";

/** The same digits with the last one changed by its lowest bit. */
function flipLastDigit(value: string): string {
  return value.slice(0, -1) + (Number.parseInt(value.slice(-1), 16) ^ 1).toString(16);
}

describe("verify header", () => {
  const headers = [...readHeaders(), ...SEPOLIA_HEADERS];
  const prague = readMainnetHeader(22_431_084);
  const amsterdam = SEPOLIA_HEADERS[1];

  it("has fixtures of every fork's shape, and of the block that changed it", () => {
    expect(new Set(headers.map(({ fields }) => fields))).to.deep.equal(new Set([15, 16, 17, 20, 21, 23]));
    expect(amsterdam.header["parentHash"]).to.equal(SEPOLIA_HEADERS[0].hash);
  });

  for (const { network, number, hash, fields, header } of headers) {
    it(`re-hashes ${network} block ${number} of ${fields} fields, and notices a change of any field`, () => {
      const verified = verifyHeader(header, hash);
      const rlp = hexToBytes(verified.rlp);
      expect(keccak256Hex(rlp)).to.equal(hash);
      expect(decodeRlp(rlp)).to.have.length(fields);
      expect(verified).to.deep.include({
        hash,
        number,
        parentHash: header["parentHash"],
        timestamp: Number(header["timestamp"]),
        stateRoot: header["stateRoot"],
        receiptsRoot: header["receiptsRoot"],
        logsBloom: header["logsBloom"],
        gasLimit: BigInt(header["gasLimit"]!),
        gasUsed: BigInt(header["gasUsed"]!),
      });
      const baseFee = header["baseFeePerGas"];
      expect(verified.baseFeePerGas).to.equal(baseFee === undefined ? undefined : BigInt(baseFee));
      expect(decodeHeader(verified.rlp)).to.deep.equal(verified);
      expect(decodeHeader(rlp)).to.deep.equal(verified);
      for (const [name, value] of Object.entries(header)) {
        const changed = { ...header, [name]: value === "0x" ? "0x01" : flipLastDigit(value) };
        expectRefusal(() => verifyHeader(changed, hash), ["HeaderHashMismatch"], name);
      }
    });
  }

  it("notices a change of any bit of the expected hash", () => {
    const bytes = hexToBytes(prague.hash);
    for (let bit = 0; bit < 256; bit += 1) {
      const other = bytes.slice();
      other[bit >> 3]! ^= 1 << (bit & 7);
      expectRefusal(() => verifyHeader(prague.header, bytesToHex(other)), ["HeaderHashMismatch"]);
    }
    for (const bad of [undefined, null, "", "0x", 1, {}]) {
      expectRefusal(() => verifyHeader(prague.header, bad as Hash), ["HeaderHashMismatch"]);
    }
  });

  it("ignores the body and the claimed hash", () => {
    const block = { ...prague.header, hash: "0x00", transactions: [], uncles: [], size: "0x1", withdrawals: null };
    expect(verifyHeader(block, prague.hash).hash).to.equal(prague.hash);
  });

  it("takes null for an absent optional field", () => {
    const legacy = readMainnetHeader(1_000_001);
    const block = { ...legacy.header, baseFeePerGas: null, withdrawalsRoot: null, requestsHash: undefined };
    expect(verifyHeader(block, legacy.hash).number).to.equal(1_000_001);
  });

  it("is not confused by what nodes send beside the header", () => {
    const body = { hash: "0x00", size: "0x1", totalDifficulty: "0x0", transactions: [], uncles: [], withdrawals: [] };
    const others = { author: "0x00", sealFields: [], blockAccessList: [], l1BlockNumber: "0x1", requestsHash: null };
    const legacy = readMainnetHeader(1_000_001);
    expectRefusal(() => verifyHeader({ ...legacy.header, ...body, ...others }, prague.hash), ["HeaderHashMismatch"]);
  });

  it("refuses more gas used than there is, of a header that is what it says", () => {
    const block = { ...prague.header, gasUsed: "0x2", gasLimit: "0x1" };
    const { hash, rlp } = encodeHeader(block);
    for (const refused of [() => verifyHeader(block, hash), () => decodeHeader(rlp)]) {
      expect(refused)
        .to.throw(VerificationError)
        .that.deep.includes({ code: "HeaderMalformed", payload: { field: "gasUsed", detail: "more than gasLimit" } });
    }
    const full = { ...block, gasUsed: "0x1" };
    expect(verifyHeader(full, encodeHeader(full).hash).gasUsed).to.equal(1n);
  });

  it("takes extra data of 1,024 bytes, and does not judge more", () => {
    const block = { ...prague.header, extraData: `0x${"ab".repeat(1_024)}` };
    expect(verifyHeader(block, encodeHeader(block).hash).number).to.equal(22_431_084);
    expect(() => encodeHeader({ ...block, extraData: `${block.extraData}ab` }))
      .to.throw(VerificationError)
      .that.deep.includes({ code: "HeaderUnsupported", payload: { fields: ["extraData"] } });
  });

  it("lets go of nothing but its encoding", () => {
    const verified = verifyHeader(prague.header, prague.hash);
    expect(withoutEncoding(verified)).to.deep.equal({ ...verified, rlp: "0x" });
    expectRefusal(() => decodeHeader(withoutEncoding(verified).rlp), ["HeaderMalformed"]);
  });

  it("refuses what is no object", () => {
    for (const bad of [undefined, null, true, 1, 1n, "0x", [], [prague.header], () => prague.header, Symbol("block")]) {
      expectRefusal(() => verifyHeader(bad, prague.hash), ["HeaderMalformed"], typeof bad);
    }
    expectRefusal(() => verifyHeader({}, prague.hash), ["HeaderMalformed"]);
    expectRefusal(() => verifyHeader(Object.create(prague.header), prague.hash), ["HeaderMalformed"]);
  });

  it("names the field that is missing, of another type, or not canonical", () => {
    const bad = [
      null,
      undefined,
      7,
      {},
      [],
      true,
      "",
      "0x",
      "0x0g",
      "12",
      "0x00001",
      `0x${"11".repeat(70_000)}`,
      "0xé",
    ];
    for (const { name } of HEADER_FIELDS) {
      for (const value of bad) {
        // Absence of the last field, and empty extra data, are well-formed: another header.
        const isWellFormed = (value ?? null) === null ? name === "slotNumber" : name === "extraData" && value === "0x";
        const block = { ...amsterdam.header, [name]: value };
        const isLong = name === "extraData" && String(value).length > 2_050;
        const codes = [isWellFormed ? "HeaderHashMismatch" : isLong ? "HeaderUnsupported" : "HeaderMalformed"] as const;
        expectRefusal(() => verifyHeader(block, amsterdam.hash), codes, `${name} = ${String(value).slice(0, 20)}`);
        if (isWellFormed || isLong) continue;
        expect(() => encodeHeader(block))
          .to.throw(VerificationError)
          .with.nested.property("payload.field", name);
      }
    }
  });

  it("refuses integers with leading zeros and beyond their bounds", () => {
    const quantities = HEADER_FIELDS.filter(({ kind }) => kind.type === "quantity").map(({ name }) => name);
    for (const name of quantities) {
      for (const value of ["0x00", `0x0${amsterdam.header[name]!.slice(2)}`, `0x1${"0".repeat(64)}`]) {
        expectRefusal(
          () => encodeHeader({ ...amsterdam.header, [name]: value }),
          ["HeaderMalformed"],
          `${name} ${value}`,
        );
      }
    }
    for (const name of ["number", "timestamp"]) {
      expectRefusal(() => encodeHeader({ ...amsterdam.header, [name]: "0x20000000000000" }), ["HeaderMalformed"]);
    }
  });

  it("refuses shapes that no fork has", () => {
    for (const name of ["baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot"]) {
      const { [name]: _, ...gap } = prague.header;
      expect(() => encodeHeader(gap))
        .to.throw(VerificationError)
        .that.deep.includes({
          code: "HeaderMalformed",
          payload: { field: name, detail: "missing" },
        });
    }
    const { requestsHash: _, parentBeaconBlockRoot: __, ...half } = prague.header;
    expect(() => encodeHeader(half))
      .to.throw(VerificationError)
      .with.nested.property("payload.field", "parentBeaconBlockRoot");
  });

  it("says that it cannot judge a header with fields it does not know", () => {
    const block = {
      ...amsterdam.header,
      partialHeaderHash: `0x${"11".repeat(32)}`,
      epochNumber: "0x1",
      note: "hello",
      blobSchedule: { max: 6 },
      layer: 2,
      isSystem: false,
      futureHash: null,
      futureRoot: undefined,
    };
    // They do not matter while the header re-hashes without them.
    expect(verifyHeader(block, amsterdam.hash).number).to.equal(11_856_337);
    const expected = `0x${"22".repeat(32)}` as const;
    expect(() => verifyHeader(block, expected))
      .to.throw(VerificationError)
      .that.deep.includes({
        code: "HeaderUnsupported",
        payload: {
          expected,
          actual: amsterdam.hash,
          fields: ["partialHeaderHash", "epochNumber", "note", "blobSchedule", "layer", "isSystem"],
        },
      });
  });

  describe("of every shape, built by others", () => {
    const SEED = 20_260_305;
    const shapes = [15, 16, 17, 20, 21, 22, 23];

    it("knows these shapes and no others", () => {
      expect([...HEADER_FIELD_COUNTS]).to.have.members(shapes);
    });

    /** A header of so many fields, as JSON-RPC writes it; integers are 0 or have every bit that they may have. */
    function randomHeader(count: number, random: SeededRandom): Record<string, string> {
      const values = HEADER_FIELDS.slice(0, count).map(({ name, kind }) => {
        if (kind.type === "quantity") return [name, `0x${random.uint(kind.maxBits).toString(16)}`];
        return [name, random.hex(kind.type === "data" ? kind.length : random.below(33))];
      });
      const header = Object.fromEntries(values) as Record<string, string>;
      const { gasUsed = "", gasLimit = "" } = header;
      return BigInt(gasUsed) > BigInt(gasLimit) ? { ...header, gasUsed: gasLimit, gasLimit: gasUsed } : header;
    }

    /** The header's RLP by ethers. */
    function encodeByEthers(header: Record<string, string>): Hex {
      const items = HEADER_FIELDS.slice(0, Object.keys(header).length).map(({ name, kind }) => {
        return kind.type === "quantity" ? toBeArray(BigInt(header[name]!)) : header[name]!;
      });
      return ethersRlp(items) as Hex;
    }

    for (const count of shapes) {
      it(`encodes and decodes ${count} fields as ethers does (seed ${SEED + count})`, () => {
        const random = new SeededRandom(SEED + count);
        for (let round = 0; round < 200; round += 1) {
          const header = randomHeader(count, random);
          const rlp = encodeByEthers(header);
          const hash = ethersKeccak(rlp) as Hash;
          const verified = verifyHeader(header, hash);
          expect(verified.rlp).to.equal(rlp);
          expect(decodeHeader(rlp)).to.deep.equal(verified);
          expect(verified).to.include({ hash, stateRoot: header["stateRoot"], number: Number(header["number"]) });
        }
      });

      it(`refuses ${count} fields with one of them missing, or with one more`, () => {
        const header = randomHeader(count, new SeededRandom(SEED));
        for (const name of Object.keys(header)) {
          const { [name]: _, ...rest } = header;
          const isLast = name === HEADER_FIELDS[count - 1]!.name;
          if (isLast && shapes.includes(count - 1)) {
            expect(decodeRlp(encodeHeader(rest).rlp)).to.have.length(count - 1);
          } else {
            expectRefusal(() => encodeHeader(rest), ["HeaderMalformed"], `${name} of ${count}`);
          }
        }
        const items = decodeRlp(encodeHeader(header).rlp) as RlpItem[];
        const longer = encodeRlp([...items, new Uint8Array(0)]);
        const code = count === HEADER_FIELDS.length ? "HeaderUnsupported" : "HeaderMalformed";
        if (shapes.includes(count + 1) && HEADER_FIELDS[count]!.kind.type === "quantity") {
          expect(decodeHeader(longer).number).to.equal(Number(header["number"]));
        } else {
          expectRefusal(() => decodeHeader(longer), [code], `${count} and one more`);
        }
      });
    }

    for (const { number, hash, fields, header } of readHeaders().filter(({ network }) => network === "mainnet")) {
      it(`agrees with @ethereumjs/block on mainnet block ${number} of ${fields} fields`, () => {
        const theirs = createBlockHeaderFromRPC(header as unknown as JSONRPCBlock, { setHardfork: true });
        expect(bytesToHex(theirs.hash())).to.equal(hash);
        expect(bytesToHex(encodeHeader(header).rlp)).to.equal(bytesToHex(theirs.serialize()));
        expect(decodeHeader(theirs.serialize()).hash).to.equal(hash);
      });
    }

    it("agrees with @ethereumjs/block on the first block of Amsterdam", () => {
      const common = createBlockHeader().common.copy();
      common.setHardfork("amsterdam");
      const theirs = createBlockHeaderFromRPC(amsterdam.header as unknown as JSONRPCBlock, { common });
      expect(bytesToHex(theirs.hash())).to.equal(amsterdam.hash);
      expect(bytesToHex(encodeHeader(amsterdam.header).rlp)).to.equal(bytesToHex(theirs.serialize()));
    });

    it("re-hashes what Hardhat mines under Amsterdam", async function () {
      this.timeout(60_000);
      const connection = await network.create({ override: { hardfork: "amsterdam" } });
      await connection.provider.request({ method: "hardhat_mine", params: ["0x3"] });
      for (const tag of ["earliest", "latest"]) {
        const params = [tag, false];
        const block: unknown = await connection.provider.request({ method: "eth_getBlockByNumber", params });
        const { hash } = block as { hash: Hash };
        expect(decodeRlp(hexToBytes(verifyHeader(block, hash).rlp))).to.have.length(23);
      }
      await connection.close();
    });
  });

  describe("decodeHeader", () => {
    const rlp = encodeHeader(amsterdam.header).rlp;

    it("refuses, or sees another hash in, each change of a bit", () => {
      let refused = 0;
      for (let bit = 0; bit < 8 * rlp.length; bit += 1) {
        const changed = rlp.slice();
        changed[bit >> 3]! ^= 1 << (bit & 7);
        try {
          expect(decodeHeader(changed).hash).to.not.equal(amsterdam.hash);
        } catch (error: unknown) {
          expect(error).to.be.instanceOf(VerificationError);
          refused += 1;
        }
      }
      expect(refused).to.be.within(50, 1_000);
    });

    it("refuses other bytes, other shapes and fields of other types", () => {
      const items = decodeRlp(rlp) as RlpItem[];
      const withItem = (at: number, item: RlpItem): Uint8Array => encodeRlp(items.with(at, item));
      const bad: [string, Uint8Array | string][] = [
        ["nothing", new Uint8Array(0)],
        ["a string", Uint8Array.of(0x80)],
        ["an empty list", Uint8Array.of(0xc0)],
        ["a byte less", rlp.slice(0, -1)],
        ["a byte more", Uint8Array.of(...rlp, 0)],
        ["18 fields", encodeRlp(items.slice(0, 18))],
        ["19 fields", encodeRlp(items.slice(0, 19))],
        ["14 fields", encodeRlp(items.slice(0, 14))],
        ["a list for a hash", withItem(0, [])],
        ["a short hash", withItem(3, new Uint8Array(31))],
        ["a short bloom", withItem(6, new Uint8Array(255))],
        ["a leading zero", withItem(8, Uint8Array.of(0, 1))],
        ["a zero byte for zero", withItem(7, Uint8Array.of(0))],
        ["a number of 54 bits", withItem(8, Uint8Array.of(0x20, 0, 0, 0, 0, 0, 0))],
        ["a slot of 65 bits", withItem(22, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0))],
        ["a slot with a leading zero", withItem(22, Uint8Array.of(0, 1))],
        ["a short access list hash", withItem(21, new Uint8Array(31).fill(1))],
        ["gas of 65 bits", withItem(9, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0))],
        ["a difficulty of 33 bytes", withItem(7, new Uint8Array(33).fill(1))],
        ["a megabyte", new Uint8Array(1_000_000)],
        ["no hex", "0xzz"],
        ["half a byte", "0xf"],
      ];
      for (const [why, bytes] of bad) {
        expectRefusal(() => decodeHeader(bytes as Uint8Array), ["HeaderMalformed"], why);
      }
      expectRefusal(() => decodeHeader(encodeRlp([...items, new Uint8Array(32)])), ["HeaderUnsupported"]);
      expectRefusal(() => decodeHeader(withItem(12, new Uint8Array(66_000))), ["HeaderUnsupported"]);
    });
  });
});
