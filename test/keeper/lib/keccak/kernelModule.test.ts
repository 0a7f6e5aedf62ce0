import { readFileSync } from "node:fs";

import { expect } from "chai";

import { hexToBytes } from "../../../../keeper/lib/hex.ts";
import { CAPACITY, KERNEL_MODULE } from "../../../../keeper/lib/keccak/kernelModule.ts";
import { signed, unsigned } from "../../../../scripts/wasm/encoding.ts";
import { formatKernel, KERNEL_PATH } from "../../../../scripts/wasm/formatKernel.ts";
import { rotations, roundConstants } from "../../../../scripts/wasm/keccakConstants.ts";
import { keccakModule, RATE } from "../../../../scripts/wasm/keccakModule.ts";

describe("the Keccak kernel's module", () => {
  it("is byte for byte what scripts/wasm assembles", () => {
    expect(Buffer.from(hexToBytes(KERNEL_MODULE)).equals(keccakModule())).to.equal(true);
    const committed = readFileSync(new URL(`../../../../${KERNEL_PATH}`, import.meta.url), "utf8");
    expect(formatKernel() === committed).to.equal(true);
  });

  it("has one page of memory that cannot grow, which holds a full input with its padding", () => {
    expect(CAPACITY % RATE).to.equal(0);
    const { memory } = new WebAssembly.Instance(new WebAssembly.Module(hexToBytes(KERNEL_MODULE))).exports;
    expect(memory.buffer.byteLength).to.equal(65_536);
    expect(() => memory.grow(1)).to.throw(RangeError);
  });

  it("is built on constants that equal those of the reference", () => {
    const constants = roundConstants();
    expect(constants.slice(0, 4)).to.deep.equal([
      0x0000000000000001n,
      0x0000000000008082n,
      0x800000000000808an,
      0x8000000080008000n,
    ]);
    expect([constants.length, constants[23]]).to.deep.equal([24, 0x8000000080008008n]);
    const rows = [
      [0, 1, 62, 28, 27],
      [36, 44, 6, 55, 20],
      [3, 10, 43, 25, 39],
      [41, 45, 15, 21, 8],
      [18, 2, 61, 56, 14],
    ];
    expect(rotations()).to.deep.equal(rows.flat());
  });

  it("writes integers in LEB128 as the specification's examples", () => {
    expect(unsigned(0)).to.deep.equal([0]);
    expect(unsigned(127)).to.deep.equal([127]);
    expect(unsigned(624_485)).to.deep.equal([0xe5, 0x8e, 0x26]);
    expect(signed(-123_456n)).to.deep.equal([0xc0, 0xbb, 0x78]);
    expect(signed(63n)).to.deep.equal([0x3f]);
    expect(signed(64n)).to.deep.equal([0xc0, 0x00]);
    expect(signed(-64n)).to.deep.equal([0x40]);
    expect(signed(-1n)).to.deep.equal([0x7f]);
  });
});

/** What TypeScript declares for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number } };
  };
};
