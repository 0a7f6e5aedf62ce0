import { concatBytes } from "../lib/bytes.ts";
import { hexToBytes, type Hash } from "../lib/hex.ts";
import { keccak256Hex } from "../lib/keccak.ts";

/** keccak256 of the storage roots, 32 bytes each, in the order of the book set: what a checkpoint commits to. */
export function booksRoot(roots: readonly Hash[]): Hash {
  return keccak256Hex(concatBytes(roots.map((root) => hexToBytes(root))));
}
