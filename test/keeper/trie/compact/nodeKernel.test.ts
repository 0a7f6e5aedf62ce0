import { readFileSync } from "node:fs";

import { keccak_256 } from "@noble/hashes/sha3.js";
import { expect } from "chai";

import { bytesEqual } from "../../../../keeper/lib/bytes.ts";
import { hexToBytes } from "../../../../keeper/lib/hex.ts";
import { createNodeKernel } from "../../../../keeper/trie/compact/nodeKernel.ts";
import { KERNEL_BYTES, NODE_KERNEL_MODULE } from "../../../../keeper/trie/compact/nodeKernelModule.ts";
import { formatNodeKernel, NODE_KERNEL_PATH } from "../../../../scripts/wasm/formatKernel.ts";
import { nodeModule } from "../../../../scripts/wasm/nodeModule.ts";

describe("the kernel of the storage trie", () => {
  it("is byte for byte what scripts/wasm assembles", () => {
    expect(Buffer.from(hexToBytes(NODE_KERNEL_MODULE)).equals(nodeModule())).to.equal(true);
    const committed = readFileSync(new URL(`../../../../${NODE_KERNEL_PATH}`, import.meta.url), "utf8");
    expect(formatNodeKernel() === committed).to.equal(true);
  });

  it("hashes one input and two as @noble/hashes does, at every length and alignment of a node", () => {
    const { memory, kernel } = createNodeKernel();
    const bytes = new Uint8Array(memory.buffer);
    for (let length = 0; length <= 544; length += 1) {
      const left = Uint8Array.from({ length }, (_, at) => 7 * at + length);
      const right = left.map((byte) => ~byte);
      const [leftAt, rightAt] = [KERNEL_BYTES + (length % 9), 4_000 + (length % 5)];
      bytes.fill(0xff, KERNEL_BYTES, 8_000);
      bytes.set(left, leftAt);
      bytes.set(right, rightAt);
      const blocks = kernel.pad(leftAt, length);
      expect(blocks).to.equal(Math.floor(length / 136) + 1);
      expect(kernel.pad(rightAt, length)).to.equal(blocks);
      kernel.hash(leftAt, blocks, 6_000);
      kernel.hashTwo(leftAt, rightAt, blocks, 6_100, 6_132);
      for (const [at, input] of [
        [6_000, left],
        [6_100, left],
        [6_132, right],
      ] as const) {
        expect(bytesEqual(bytes.slice(at, at + 32), keccak_256(input)), `length ${length} at ${at}`).to.equal(true);
      }
    }
  });
});
