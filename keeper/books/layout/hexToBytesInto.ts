import { LayoutRangeError } from "./LayoutRangeError.ts";

/** Value of each ASCII hex digit, 255 for any other code. */
const DIGITS = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit += 1) {
  DIGITS[digit.toString(16).charCodeAt(0)] = digit;
  DIGITS[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** Writes the digits of `hex` from character `from` on as bytes at `offset`. Throws {@link LayoutRangeError}. */
export function hexToBytesInto(target: Uint8Array, offset: number, hex: string, from: number): void {
  let at = offset;
  for (let i = from; i < hex.length; i += 2) {
    const high = DIGITS[hex.charCodeAt(i)] ?? 255;
    const low = DIGITS[hex.charCodeAt(i + 1)] ?? 255;
    if ((high | low) > 15) throw new LayoutRangeError("hex", hex, "hexadecimal");
    target[at] = (high << 4) | low;
    at += 1;
  }
}
