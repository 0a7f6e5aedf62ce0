import type { Hash, Hex } from "../../keeper/lib/hex.ts";
import { toHash } from "../../keeper/books/layout/hexBytes.ts";
import { keccak256 } from "../../keeper/books/layout/keccakShim.ts";

/** keccak256 of ASCII text: an event's topic 0. */
export function hashText(text: string): Hash {
  return toHash(keccak256(new TextEncoder().encode(text)));
}

/** The first four bytes of {@link hashText}: the selector of a function or an error. */
export function selectorOf(signature: string): Hex {
  return hashText(signature).slice(0, 10) as Hex;
}
