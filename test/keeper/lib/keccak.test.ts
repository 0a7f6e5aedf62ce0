import { keccak_256 } from "@noble/hashes/sha3.js";
import { expect } from "chai";

import { bytesToHex } from "../../../keeper/lib/hex.ts";
import { isKeccak256, keccak256, keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { CAPACITY } from "../../../keeper/lib/keccak/kernelModule.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";

const RATE = 136;

/** Bytes that look random, of any length at once: xorshift32. */
function bytesOf(length: number, seed: number): Uint8Array {
  let state = seed | 1;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
}

function expectSame(bytes: Uint8Array, what: string): void {
  const [actual, expected] = [keccak256(bytes), keccak_256(bytes)];
  // Text is compared faster than deep equality compares bytes.
  if (bytesToHex(actual) !== bytesToHex(expected)) expect.fail(`${what}: ${bytesToHex(actual)}`);
}

describe("keccak256", function () {
  this.timeout(60_000);

  it("has the digests that everybody knows", () => {
    const text = (value: string): Uint8Array => new TextEncoder().encode(value);
    const known: [string, string][] = [
      ["", "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"],
      ["abc", "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"],
      ["Transfer(address,address,uint256)", "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"],
    ];
    for (const [value, digest] of known) expect(keccak256Hex(text(value)), value).to.equal(digest);
    expect(keccak256Hex(Uint8Array.of(0x80))).to.equal(
      "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    );
  });

  it("equals @noble/hashes at every length from 0 to 600", () => {
    for (let length = 0; length <= 600; length += 1) {
      expectSame(bytesOf(length, length), `${length} bytes`);
      expectSame(new Uint8Array(length), `${length} zeros`);
      expectSame(new Uint8Array(length).fill(255), `${length} times 255`);
    }
  });

  it("equals @noble/hashes around multiples of the rate, and where the kernel's memory is full", () => {
    const marks = [5, 6, 7, 8, 16, 31, 64, 100, 333, 735].map((blocks) => blocks * RATE);
    for (const mark of [...marks, CAPACITY, 2 * CAPACITY, 3 * CAPACITY, 100_000]) {
      for (const length of [mark - RATE, mark - 1, mark, mark + 1])
        expectSame(bytesOf(length, mark), `${length} bytes`);
    }
    expectSame(bytesOf(1_000_003, 1), "a megabyte");
  });

  it("equals @noble/hashes for 10,000 random inputs, one after the other", () => {
    const seed = chooseSeed(20_260_301);
    const random = new SeededRandom(seed);
    for (let count = 0; count < 10_000; count += 1) {
      const length = random.below([33, 70, 140, 600, 3_000][random.below(5)]!);
      expectSame(bytesOf(length, random.below(2 ** 31)), `input ${count} of ${length} bytes`);
    }
  });

  it("hashes a view of its part only, and leaves the input alone", () => {
    const whole = bytesOf(1_000, 7);
    const before = whole.slice();
    for (const [from, to] of [
      [0, 10],
      [1, 137],
      [3, 900],
      [990, 1_000],
    ] as const) {
      expectSame(whole.subarray(from, to), `${from} to ${to}`);
      expect(keccak256Hex(Buffer.from(whole.subarray(from, to)))).to.equal(keccak256Hex(whole.slice(from, to)));
    }
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    shared.set(whole.subarray(0, 64));
    expectSame(shared, "shared memory");
    expect(whole).to.deep.equal(before);
  });

  it("gives an array of its own, which no later call changes", () => {
    const inputs = Array.from({ length: 50 }, (_, at) => bytesOf(at * 40, at));
    const digests = inputs.map((bytes) => keccak256(bytes));
    const buffers = new Set(digests.map(({ buffer }) => buffer));
    expect(buffers.size).to.equal(digests.length);
    for (const [at, digest] of digests.entries()) {
      expect(digest.buffer.byteLength).to.equal(32);
      expect(bytesToHex(digest)).to.equal(bytesToHex(keccak_256(inputs[at]!)));
      digest.fill(0);
    }
    expect(keccak256Hex(inputs[3]!)).to.equal(bytesToHex(keccak_256(inputs[3]!)));
  });

  it("hashes its own digests", () => {
    let [ours, theirs] = [keccak256(new Uint8Array(32)), keccak_256(new Uint8Array(32))];
    for (let count = 0; count < 100; count += 1) [ours, theirs] = [keccak256(ours), keccak_256(theirs)];
    expect(bytesToHex(ours)).to.equal(bytesToHex(theirs));
  });

  it("begins anew after a call that ran out of stack anywhere in it", () => {
    const bytes = bytesOf(2 * CAPACITY + 10, 3);
    const expected = keccak256Hex(bytes);
    let overflows = 0;
    const dive = (): void => {
      try {
        dive();
        keccak256(bytes);
      } catch (error: unknown) {
        if (!(error instanceof RangeError)) throw error;
        overflows += 1;
        throw error;
      }
    };
    expect(dive).to.throw(RangeError);
    expect(overflows).to.be.above(0);
    expect(keccak256Hex(bytes)).to.equal(expected);
  });

  it("refuses what is no bytes", () => {
    for (const bad of [undefined, null, "0x00", "abc", 7, [1, 2, 3], {}, new Uint16Array(4), new ArrayBuffer(4)]) {
      for (const hash of [keccak256, keccak256Hex]) expect(() => hash(bad as Uint8Array)).to.throw(TypeError);
    }
  });

  describe("isKeccak256", () => {
    it("accepts the digest where it stands, and none that differs in a bit or ends too early", () => {
      const bytes = bytesOf(200, 9);
      const digest = keccak_256(bytes);
      const digests = Uint8Array.of(1, 2, 3, ...digest, 4);
      expect(isKeccak256(bytes, digest, 0)).to.equal(true);
      for (let at = 0; at < 40; at += 1) expect(isKeccak256(bytes, digests, at), `at ${at}`).to.equal(at === 3);
      for (let bit = 0; bit < 256; bit += 1) {
        const other = digest.slice();
        other[bit >> 3]! ^= 1 << (bit & 7);
        expect(isKeccak256(bytes, other, 0), `bit ${bit}`).to.equal(false);
      }
      for (const other of [new Uint8Array(0), digest.subarray(0, 31)]) {
        expect(isKeccak256(bytes, other, 0)).to.equal(false);
      }
    });
  });
});
