import type { Hash, Hex } from "../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../keeper/lib/keccak.ts";

/** keccak256 of ASCII text: an event's topic 0. */
export function hashText(text: string): Hash {
  return keccak256Hex(new TextEncoder().encode(text));
}

/** The first four bytes of {@link hashText}: the selector of a function or an error. */
export function selectorOf(signature: string): Hex {
  return hashText(signature).slice(0, 10) as Hex;
}
