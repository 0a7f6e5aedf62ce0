import { expect } from "chai";

import { bigintToBytes, bytesToBigint } from "../../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes } from "../../../keeper/lib/hex.ts";
import { decodeRlp, encodeRlp, RlpError, skipRlp, type RlpInput } from "../../../keeper/lib/rlp.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";

const SEED = 20_150_730;

function randomItem(random: SeededRandom, depth: number): RlpInput {
  if (depth > 0 && random.bool()) return Array.from({ length: random.below(6) }, () => randomItem(random, depth - 1));
  return hexToBytes(random.hex([0, 1, 1, 2, 32, 54, 55, 56, 57, 255, 256, 300][random.below(12)]!));
}

/** A list around a list around … an empty list. */
function nested(depth: number): RlpInput {
  let item: RlpInput = [];
  for (let level = 1; level < depth; level += 1) item = [item];
  return item;
}

describe(`RLP (seed ${SEED})`, () => {
  const refused: [code: string, bytes: string, why: string][] = [
    ["RlpTruncated", "0x", "nothing"],
    ["RlpTruncated", "0x81", "a string without its byte"],
    ["RlpTruncated", "0x83aabb", "a string one byte short"],
    ["RlpTruncated", "0xb8", "a length without its byte"],
    ["RlpTruncated", "0xb838aa", "a long string too short"],
    ["RlpTooLarge", "0xbfffffffffffffffff", "a length of 2^64 - 1"],
    ["RlpTruncated", "0xc1", "a list without its item"],
    ["RlpTruncated", "0xc281", "a list shorter than its payload"],
    ["RlpTruncated", "0xc3c2aa80", "an item that runs out of the inner list"],
    ["RlpTruncated", "0xc28200", "an item that runs out of its list"],
    ["RlpTrailingBytes", "0x0000", "two bytes"],
    ["RlpTrailingBytes", "0x8000", "a string and a byte"],
    ["RlpTrailingBytes", "0xc000", "a list and a byte"],
    ["RlpNotCanonical", "0x8100", "a byte below 0x80 with a prefix"],
    ["RlpNotCanonical", "0x817f", "the largest byte that stands for itself, with a prefix"],
    ["RlpNotCanonical", "0xc28100", "the same inside a list"],
    ["RlpNotCanonical", "0xb801aa", "a short string in long form"],
    ["RlpNotCanonical", `0xb837${"aa".repeat(55)}`, "55 bytes in long form"],
    ["RlpNotCanonical", `0xb90038${"aa".repeat(56)}`, "a length with a leading zero"],
    ["RlpNotCanonical", `0xf837${"aa".repeat(55)}`, "a short list in long form"],
    ["RlpTooLarge", `0xbe01000000000000${"aa".repeat(64)}`, "a length of seven bytes"],
  ];
  for (const [code, bytes, why] of refused) {
    it(`refuses ${why}: ${bytes.slice(0, 24)}`, () => {
      expect(() => decodeRlp(hexToBytes(bytes)))
        .to.throw(RlpError)
        .with.property("code", code);
    });
  }

  it("refuses nesting without end", () => {
    expect(() => decodeRlp(encodeRlp(nested(65))))
      .to.throw(RlpError)
      .with.property("code", "RlpTooDeep");
    expect(decodeRlp(encodeRlp(nested(64)))).to.deep.equal(nested(64));
  });

  it("writes the examples of the specification", () => {
    const text = (value: string): Uint8Array => new TextEncoder().encode(value);
    const examples: [RlpInput, string][] = [
      [text("dog"), "0x83646f67"],
      [[text("cat"), text("dog")], "0xc88363617483646f67"],
      [text(""), "0x80"],
      [[], "0xc0"],
      [Uint8Array.of(0), "0x00"],
      [Uint8Array.of(0x0f), "0x0f"],
      [Uint8Array.of(4, 0), "0x820400"],
      [[[], [[]], [[], [[]]]], "0xc7c0c1c0c3c0c1c0"],
      [new Uint8Array(56), `0xb838${"00".repeat(56)}`],
      [new Uint8Array(1_024), `0xb90400${"00".repeat(1_024)}`],
    ];
    for (const [item, encoded] of examples) {
      expect(bytesToHex(encodeRlp(item))).to.equal(encoded);
      expect(decodeRlp(hexToBytes(encoded))).to.deep.equal(item);
    }
  });

  it("reads back what it wrote, and anything else it reads is canonical", () => {
    const random = new SeededRandom(SEED);
    let accepted = 0;
    for (let count = 0; count < 2_000; count += 1) {
      const item = randomItem(random, 4);
      const encoded = encodeRlp(item);
      expect(decodeRlp(encoded)).to.deep.equal(item);
      const changed = encoded.slice();
      changed[random.below(Math.min(changed.length, 8))]! ^= 1 << random.below(8);
      try {
        expect(encodeRlp(decodeRlp(changed))).to.deep.equal(changed);
        accepted += 1;
      } catch (error: unknown) {
        if (!(error instanceof RlpError)) throw error;
      }
    }
    expect(accepted).to.be.within(100, 1_900);
  });

  it("skips an item exactly where it decodes one, between any other bytes", () => {
    const random = new SeededRandom(SEED + 2);
    const outcomeOf = (action: () => unknown): unknown => {
      try {
        return action();
      } catch (error: unknown) {
        if (!(error instanceof RlpError)) throw error;
        return error.code;
      }
    };
    const counts = { skipped: 0, refused: 0 };
    const items = [nested(64), nested(65), ...Array.from({ length: 2_000 }, () => randomItem(random, 4))];
    for (const item of items) {
      const encoded = encodeRlp(item);
      if (random.bool()) encoded[random.below(Math.min(encoded.length, 8))]! ^= 1 << random.below(8);
      const [before, after] = [random.below(5), random.below(5)];
      const padded = Uint8Array.of(...hexToBytes(random.hex(before)), ...encoded, ...hexToBytes(random.hex(after)));
      const end = before + encoded.length;
      const skipped = outcomeOf(() => skipRlp(padded, before, end));
      const decoded = outcomeOf(() => decodeRlp(encoded));
      if (skipped === end) expect(encodeRlp(decoded as RlpInput)).to.deep.equal(encoded);
      else if (typeof skipped === "number") expect(decoded).to.equal("RlpTrailingBytes");
      else expect(decoded).to.be.oneOf([skipped, "RlpTrailingBytes"]);
      counts[typeof skipped === "number" ? "skipped" : "refused"] += 1;
    }
    expect(outcomeOf(() => skipRlp(encodeRlp(nested(65)), 0, encodeRlp(nested(65)).length))).to.equal("RlpTooDeep");
    expect(Math.min(counts.skipped, counts.refused)).to.be.above(100);
  });

  it("carries integers as their minimal bytes", () => {
    const random = new SeededRandom(SEED + 1);
    expect(bigintToBytes(0n)).to.have.length(0);
    for (let bits = 1; bits <= 256; bits += 1) {
      const value = random.uint(bits) | (1n << BigInt(bits - 1));
      expect(bigintToBytes(value)).to.have.length(Math.ceil(bits / 8));
      expect(bytesToBigint(bigintToBytes(value))).to.equal(value);
    }
    expect(() => bigintToBytes(-1n)).to.throw(RangeError);
  });
});
