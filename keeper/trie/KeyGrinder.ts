import { keccak256 } from "../lib/keccak.ts";
import { bytesToHex, type Hex } from "../lib/hex.ts";

/**
 * Finds slots whose hash starts with given digits, by hashing the slots 0, 1, 2, … in order: no randomness, and small
 * slot numbers, which real contracts use, come first.
 */
export class KeyGrinder {
  readonly #slot = new Uint8Array(32);
  #hashesLeft: number;

  /** `maxHashes` bounds the work over the grinder's whole life; 16^n are expected for n digits. */
  constructor(maxHashes: number) {
    this.#hashesLeft = maxHashes;
  }

  /**
   * One slot for as many of the prefixes (lower-case hex digits) as are found before the work is used up. One pass
   * serves all of them. The next call continues with the next slot.
   */
  grind(prefixes: Iterable<string>): Map<string, Hex> {
    const found = new Map<string, Hex>();
    const wanted = new Set(prefixes);
    const lengths = [...new Set([...wanted].map((prefix) => prefix.length))];
    const longest = Math.max(0, ...lengths);
    while (wanted.size > 0 && this.#hashesLeft > 0) {
      const digits = bytesToHex(keccak256(this.#slot).subarray(0, (longest + 1) >> 1)).slice(2);
      for (const length of lengths) {
        const prefix = digits.slice(0, length);
        if (wanted.delete(prefix)) found.set(prefix, bytesToHex(this.#slot));
      }
      this.#increment();
      this.#hashesLeft -= 1;
    }
    return found;
  }

  #increment(): void {
    for (let at = this.#slot.length - 1; at >= 0; at -= 1) {
      const byte = (this.#slot[at]! + 1) & 255;
      this.#slot[at] = byte;
      if (byte !== 0) return;
    }
  }
}
