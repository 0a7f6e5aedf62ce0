import type { Hex } from "../../lib/hex.ts";

const NO_DIGIT = 255;
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
for (const [value, digit] of Array.from("0123456789abcdef").entries()) DIGITS[digit.charCodeAt(0)] = value;

/**
 * Reads a slot, 32 bytes of lower-case hex, into the words in which memory holds it; whether it is one. Nothing is
 * written beyond the words, so that what is no slot may leave them half-written.
 */
export function stageSlot(slot: Hex, words: Uint32Array): boolean {
  if (typeof slot !== "string" || slot.length !== 66 || !slot.startsWith("0x")) return false;
  let seen = 0;
  for (let word = 0, at = 2; word < 8; word += 1, at += 8) {
    let value = 0;
    // The memory is little-endian.
    for (let byte = 0; byte < 4; byte += 1) {
      const high = digitAt(slot, at + 2 * byte);
      const low = digitAt(slot, at + 2 * byte + 1);
      seen |= high | low;
      value |= ((high << 4) | low) << (8 * byte);
    }
    words[word] = value;
  }
  return seen < 16;
}

function digitAt(slot: Hex, at: number): number {
  const code = slot.charCodeAt(at);
  return code < 128 ? DIGITS[code]! : NO_DIGIT;
}
