import { expect } from "chai";

import {
  bytesToHex,
  HexError,
  hexToBytes,
  parseQuantity,
  parseQuantityBytes,
  writeHex,
} from "../../../keeper/lib/hex.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";

/** Lengths around those where the implementation changes its way: short strings, and parts of 32,767 bytes. */
const LENGTHS = [0, 1, 2, 14, 15, 16, 17, 31, 32, 33, 532, 32_766, 32_767, 32_768, 65_533, 65_534, 65_535, 100_000];

function randomBytes(random: SeededRandom, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

describe("hex of any length", function () {
  this.timeout(60_000);

  it("equals what Buffer reads and writes", () => {
    const random = new SeededRandom(chooseSeed(20_260_302));
    for (const length of [...LENGTHS, ...Array.from({ length: 500 }, () => random.below(700))]) {
      const bytes = randomBytes(random, length);
      const digits = Buffer.from(bytes).toString("hex");
      expect(bytesToHex(bytes) === `0x${digits}`, `${length} bytes`).to.equal(true);
      const mixed = Array.from(digits, (digit) => (random.bool() ? digit : digit.toUpperCase())).join("");
      for (const text of [digits, mixed]) expect(Buffer.from(hexToBytes(`0x${text}`)).equals(bytes)).to.equal(true);
    }
  });

  it("refuses every other character at every place", () => {
    const isDigit = (code: number): boolean => /^[0-9a-fA-F]$/.test(String.fromCharCode(code));
    for (const length of [1, 2, 20]) {
      for (let code = 0; code < 70_000; code = code < 700 ? code + 1 : code + 997) {
        if (isDigit(code)) continue;
        for (let at = 0; at < 2 * length; at += 1) {
          const digits = "a".repeat(at) + String.fromCodePoint(code) + "a".repeat(2 * length - at - 1);
          // Beyond 16 bits a character counts twice.
          const text = `0x${digits.slice(0, 2 * length)}`;
          if (length === 20 && at % 7 !== 0) continue;
          expect(() => hexToBytes(text), `${code} at ${at}`)
            .to.throw(HexError)
            .with.property("code", "HexMalformed");
        }
      }
    }
  });

  it("refuses a bad character where parts of a long string end, whatever was read before", () => {
    for (const length of [32_766, 32_767, 32_768, 65_534, 70_000]) {
      const good = `0x${"a".repeat(2 * length)}`;
      for (const place of [2, 65_534, 65_535, 65_536, 65_537, 131_070, good.length - 2, good.length - 1]) {
        if (place >= good.length) continue;
        for (const character of ["g", "\u00e9", "\u20ac", "\ud800", "\u0000", "\u0161"]) {
          expect(hexToBytes(good)).to.have.length(length);
          const bad = good.slice(0, place) + character + good.slice(place + 1);
          expect(() => hexToBytes(bad), `${character} at ${place} of ${length}`).to.throw(HexError);
        }
      }
    }
  });

  it("writes into the middle of an array, and nothing beside", () => {
    const target = new Uint8Array(10).fill(7);
    expect(writeHex("0x010203", target, 4)).to.equal(7);
    expect([...target]).to.deep.equal([7, 7, 7, 7, 1, 2, 3, 7, 7, 7]);
    expect(writeHex("0x", target, 10)).to.equal(10);
  });

  it("gives strings and arrays that no later call changes", () => {
    const [first, second] = [bytesToHex(new Uint8Array(40).fill(1)), bytesToHex(new Uint8Array(40).fill(2))];
    expect([first, second]).to.deep.equal([`0x${"01".repeat(40)}`, `0x${"02".repeat(40)}`]);
    const bytes = hexToBytes(first);
    hexToBytes(second);
    expect([...bytes]).to.deep.equal(new Array(40).fill(1));
  });
});

describe("quantities as bytes", () => {
  it("are the minimal bytes of the number, for every number of bits, and bounded by them", () => {
    const random = new SeededRandom(chooseSeed(20_260_304));
    expect(parseQuantityBytes("0x0", "field", 1)).to.have.length(0);
    for (let bits = 1; bits <= 256; bits += 1) {
      for (let count = 0; count < 4; count += 1) {
        const value = random.uint(bits) | (1n << BigInt(bits - 1));
        const text = `0x${value.toString(16)}`;
        const bytes = parseQuantityBytes(count === 0 ? text.toUpperCase().replace("X", "x") : text, "field", bits);
        expect(bytes).to.have.length(Math.ceil(bits / 8));
        expect(BigInt(bytesToHex(bytes))).to.equal(value);
        expect(parseQuantity(text, "field", bits)).to.equal(value);
        for (const parse of [parseQuantity, parseQuantityBytes]) {
          expect(() => parse(text, "field", bits - 1))
            .to.throw(HexError)
            .that.includes({ code: "QuantityTooLarge", input: "field" });
        }
      }
    }
  });

  it("are refused where the number is", () => {
    for (const bad of [undefined, null, 1, "", "0x", "0x00", "0x01", "1", "0xg", "0x1 ", " 0x1", "0x-1", "0X1"]) {
      expect(() => parseQuantityBytes(bad, "field"), String(bad)).to.throw(HexError);
    }
  });
});

describe("HexError", () => {
  it("names the input within its parents", () => {
    const error = new HexError("HexMalformed", "", "no 0x prefix").inside("topics[1]").inside("logs[2]");
    expect(error).to.include({ input: "logs[2].topics[1]", code: "HexMalformed", detail: "no 0x prefix" });
    expect(error.message).to.equal("logs[2].topics[1]: no 0x prefix");
    expect(new HexError("HexMalformed", "", "no 0x prefix").message).to.equal("no 0x prefix");
  });
});
