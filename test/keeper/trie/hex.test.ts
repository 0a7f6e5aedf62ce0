import { expect } from "chai";

import {
  bigintToHex32,
  bytesToHex,
  HexError,
  hexToBigint,
  hexToBytes,
  parseData,
  parseHash,
  parseQuantity,
  parseSafeQuantity,
} from "../../../keeper/lib/hex.ts";

function expectHexError(code: string, action: () => unknown): void {
  expect(action).to.throw(HexError).that.includes({ code, input: "field" });
}

describe("hex", () => {
  it("refuses data that is no string, no hex, or of another length", () => {
    for (const value of [undefined, null, 1, 1n, true, {}, [], ["0x"]]) {
      expectHexError("HexNotString", () => parseData(value, "field"));
    }
    for (const value of [
      "",
      "0",
      "00",
      "x0",
      "0x0",
      "0X00",
      "0xg0",
      "0x0G",
      "0x 1",
      "0x-1",
      "0x0\n",
      "0x\u0661\u0661",
      "0x0@",
      "0x`0",
    ]) {
      expectHexError("HexMalformed", () => parseData(value, "field"));
    }
    expectHexError("HexWrongLength", () => parseData("0x0000", "field", { length: 1 }));
    expectHexError("HexWrongLength", () => parseData("0x", "field", { length: 1 }));
    expectHexError("HexWrongLength", () => parseData("0x000000", "field", { maxLength: 2 }));
    expectHexError("HexWrongLength", () => parseHash(`0x${"00".repeat(31)}`, "field"));
    expectHexError("HexMalformed", () => hexToBigint("0x0", "field"));
    expectHexError("HexMalformed", () => hexToBytes("0x0", "field"));
  });

  it("reads data in either case and writes it in lower case", () => {
    const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0")).join("");
    expect(bytesToHex(hexToBytes(`0x${digits}`))).to.equal(`0x${digits}`);
    expect(bytesToHex(parseData(`0x${digits.toUpperCase()}`, "field"))).to.equal(`0x${digits}`);
    expect(bytesToHex(new Uint8Array(0))).to.equal("0x");
    expect(parseHash(`0x${"AB".repeat(32)}`, "field")).to.equal(`0x${"ab".repeat(32)}`);
  });

  it("refuses quantities that are not canonical or too large", () => {
    for (const value of [
      "",
      "0",
      "0x",
      "0x00",
      "0x01",
      "1",
      "0xg",
      "0x1 ",
      " 0x1",
      "0x-1",
      "0x1.",
      "0x1\n",
      "1e3",
      "0X1",
    ]) {
      expectHexError("QuantityMalformed", () => parseQuantity(value, "field"));
    }
    for (const value of [undefined, null, 0, 1, 1n, {}, []]) {
      expectHexError("HexNotString", () => parseQuantity(value, "field"));
    }
    expectHexError("QuantityTooLarge", () => parseQuantity(`0x1${"0".repeat(64)}`, "field"));
    expectHexError("QuantityTooLarge", () => parseQuantity("0x2", "field", 1));
    expectHexError("QuantityTooLarge", () => parseSafeQuantity("0x20000000000000", "field"));
    expectHexError("QuantityTooLarge", () => parseQuantity(`0x${"f".repeat(1_000_000)}`, "field"));
  });

  it("reads quantities up to their bound", () => {
    expect(parseQuantity("0x0", "field")).to.equal(0n);
    expect(parseQuantity("0xFf", "field")).to.equal(255n);
    expect(parseQuantity(`0x${"f".repeat(64)}`, "field")).to.equal((1n << 256n) - 1n);
    expect(parseSafeQuantity("0x1fffffffffffff", "field")).to.equal(Number.MAX_SAFE_INTEGER);
  });

  it("writes words of 32 bytes, and reads data as integers", () => {
    for (const value of [0n, 1n, 0xabcn, (1n << 256n) - 1n]) {
      expect(bigintToHex32(value)).to.have.length(66);
      expect(hexToBigint(bigintToHex32(value))).to.equal(value);
    }
    expect(hexToBigint("0x")).to.equal(0n);
    for (const value of [-1n, 1n << 256n]) expectHexError("QuantityTooLarge", () => bigintToHex32(value, "field"));
  });
});
