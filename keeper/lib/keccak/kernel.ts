import { hexToBytes } from "../hex.ts";
import { CAPACITY, INPUT_AT, IS_FIRST, IS_LAST, KERNEL_MODULE, STATE_AT } from "./kernelModule.ts";

/** The part of the WebAssembly JavaScript interface that is used here; TypeScript declares it for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly absorb: (length: number, flags: number) => void;
}

const DIGEST_LENGTH = 32;

const { memory, absorb } = new WebAssembly.Instance(new WebAssembly.Module(hexToBytes(KERNEL_MODULE)))
  .exports as KernelExports;
// The memory never grows, so that these views stay valid.
const input = new Uint8Array(memory.buffer, INPUT_AT);
const digest = new Uint8Array(memory.buffer, STATE_AT, DIGEST_LENGTH);

/** An input beyond what fits the kernel's memory, in parts. */
function absorbParts(bytes: Uint8Array): void {
  let at = 0;
  for (; bytes.length - at > CAPACITY; at += CAPACITY) {
    input.set(bytes.subarray(at, at + CAPACITY));
    absorb(CAPACITY, at === 0 ? IS_FIRST : 0);
  }
  const rest = bytes.subarray(at);
  input.set(rest);
  absorb(rest.length, IS_LAST);
}

/**
 * Keccak-256 into the kernel's own memory: the view returned is always the same one, and holds this digest until the
 * next call. For this folder's callers, who read or copy it at once and hand it to nobody.
 *
 * @throws TypeError when the argument is no `Uint8Array`: whatever else were copied would have some other hash.
 */
export function digestInPlace(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!(bytes instanceof Uint8Array)) throw new TypeError("only bytes have a Keccak hash");
  if (bytes.length <= CAPACITY) {
    input.set(bytes);
    absorb(bytes.length, IS_FIRST | IS_LAST);
  } else {
    absorbParts(bytes);
  }
  return digest;
}
