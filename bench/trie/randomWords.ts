import { bytesToHex, hexToBytes, type Hex } from "../../keeper/lib/hex.ts";
import { keccak256 } from "../../keeper/lib/keccak.ts";

/** A slot with its word. */
export type Write = readonly [Hex, bigint];

/** So many slots with words of 32 bytes, all of them hashes of numbers. */
export function randomWords(seed: number, count: number): Write[] {
  const input = new Uint8Array(12);
  const view = new DataView(input.buffer);
  view.setUint32(0, seed);
  return Array.from({ length: count }, (_, at): Write => {
    view.setUint32(4, at);
    view.setUint32(8, 0);
    const slot = bytesToHex(keccak256(input));
    view.setUint32(8, 1);
    return [slot, BigInt(bytesToHex(keccak256(input))) | (1n << 255n)];
  });
}

/** The key of a slot, as hexadecimal digits. */
export function keyDigits(slot: Hex): string {
  // Flat text: a slice of a longer one would keep that alive.
  return Buffer.from(keccak256(hexToBytes(slot))).toString("hex");
}
