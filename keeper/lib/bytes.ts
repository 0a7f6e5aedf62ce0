import { hexToBytes } from "./hex.ts";

/** Whether both hold the same bytes. Not constant-time: nothing here is secret. */
export function bytesEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return false;
  return true;
}

/** The parts after one another, in a new array. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The minimal big-endian bytes of a non-negative integer; none for 0, as RLP demands of integers. */
export function bigintToBytes(value: bigint): Uint8Array {
  if (value < 0n) throw new RangeError("a negative integer has no big-endian bytes");
  if (value === 0n) return new Uint8Array(0);
  const digits = value.toString(16);
  return hexToBytes(digits.length % 2 === 0 ? `0x${digits}` : `0x0${digits}`);
}

/** The unsigned big-endian value of the bytes; 0 for none. */
export function bytesToBigint(bytes: Uint8Array): bigint {
  let value = 0n;
  // Six bytes at a time: the largest group whose value a double holds exactly.
  for (let at = 0; at < bytes.length; at += 6) {
    const end = Math.min(at + 6, bytes.length);
    let group = 0;
    for (let index = at; index < end; index += 1) group = group * 256 + bytes[index]!;
    value = (value << BigInt(8 * (end - at))) | BigInt(group);
  }
  return value;
}

/** The nibble (4 bits, high one first) at a position; the position is below twice the number of bytes. */
export function nibbleAt(bytes: Uint8Array, position: number): number {
  const byte = bytes[position >> 1]!;
  return (position & 1) === 0 ? byte >> 4 : byte & 15;
}

/** All nibbles of the bytes, high one first. */
export function bytesToNibbles(bytes: Uint8Array): number[] {
  const nibbles = new Array<number>(2 * bytes.length);
  for (let position = 0; position < nibbles.length; position += 1) nibbles[position] = nibbleAt(bytes, position);
  return nibbles;
}
