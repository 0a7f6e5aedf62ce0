import { hexToBytes } from "../../lib/hex.ts";
import { NODE_KERNEL_MODULE } from "./nodeKernelModule.ts";

/** The part of the WebAssembly JavaScript interface that is used here; TypeScript declares it for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (size: { readonly initial: number }) => KernelMemory;
};

/** Memory that grows in pages of 64 KiB. Growing detaches every view of it. */
export interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/**
 * What the kernel does where the nodes lie; all parameters are addresses but `length`, `blocks` and `depth`. Encodings
 * are written at `to + 3` less the length of their prefix, see {@link startOf}. Source: scripts/wasm/nodeModule.ts.
 */
export interface NodeKernel {
  /** Pads an encoding in place, as Keccak-256 demands; the number of blocks it is then. */
  readonly pad: (from: number, length: number) => number;
  /** The digest of padded blocks. */
  readonly hash: (from: number, blocks: number, to: number) => void;
  /** {@link NodeKernel.hash} of two inputs of equally many blocks, in little more time than of one. */
  readonly hashTwo: (left: number, right: number, blocks: number, toLeft: number, toRight: number) => void;
  /** The RLP of a branch, from its record; its length. */
  readonly encodeBranch: (record: number, to: number) => number;
  /** The RLP of a leaf whose word ends at `end` and whose path starts at nibble `depth`; its length. */
  readonly encodeLeaf: (record: number, end: number, depth: number, to: number) => number;
}

const kernelModule = new WebAssembly.Module(hexToBytes(NODE_KERNEL_MODULE));

/** A memory of one page with a kernel that works in it. */
export function createNodeKernel(): { readonly memory: KernelMemory; readonly kernel: NodeKernel } {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(kernelModule, { trie: { memory } });
  return { memory, kernel: exports as NodeKernel };
}

/** Where an encoding of this length starts that was written at `to`: a list's prefix is right before byte 3. */
export function startOf(to: number, length: number): number {
  return to + (length <= 56 ? 2 : length <= 257 ? 1 : 0);
}
