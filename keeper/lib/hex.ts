/** A `0x`-prefixed, lower-case hexadecimal string of whole bytes. */
export type Hex = `0x${string}`;
/** 20 bytes, lower case (no checksum casing inside the keeper). */
export type Address = Hex;
/** 32 bytes: a block hash, a root, a topic, a storage slot. */
export type Hash = Hex;

/** What a hexadecimal input violated. */
export type HexErrorCode =
  "HexNotString" | "HexMalformed" | "HexWrongLength" | "QuantityMalformed" | "QuantityTooLarge";

/** A hexadecimal input that is not what its place demands. `name` is the input's name, never its content. */
export class HexError extends Error {
  readonly code: HexErrorCode;
  /** The input, as the caller calls it: a JSON field, a parameter. */
  readonly input: string;

  constructor(code: HexErrorCode, input: string, detail: string) {
    super(`${input}: ${detail}`);
    this.name = "HexError";
    this.code = code;
    this.input = input;
  }
}

const HEX_DIGITS = "0123456789abcdef";
const BYTE_TO_HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  return HEX_DIGITS.charAt(byte >> 4) + HEX_DIGITS.charAt(byte & 15);
});

/** Value of the hexadecimal digit with this character code; 16 or more means that it is none. */
function digitValue(charCode: number): number {
  if (charCode >= 48 && charCode <= 57) return charCode - 48;
  const lower = charCode | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : 16;
}

/** The bytes as lower-case hex; `0x` for none. */
export function bytesToHex(bytes: Uint8Array): Hex {
  let text = "";
  for (const byte of bytes) text += BYTE_TO_HEX[byte]!;
  return `0x${text}`;
}

/**
 * The bytes of a hex string. Strict: prefix `0x`, whole bytes, hexadecimal digits only (either case).
 *
 * @throws HexError naming `input`.
 */
export function hexToBytes(hex: string, input = "hex"): Uint8Array {
  if (!hex.startsWith("0x")) throw new HexError("HexMalformed", input, "no 0x prefix");
  if (hex.length % 2 !== 0) throw new HexError("HexMalformed", input, "odd number of digits");
  const bytes = new Uint8Array(hex.length / 2 - 1);
  for (let index = 0, at = 2; index < bytes.length; index += 1, at += 2) {
    const high = digitValue(hex.charCodeAt(at));
    const low = digitValue(hex.charCodeAt(at + 1));
    if ((high | low) > 15) throw new HexError("HexMalformed", input, "not a hexadecimal digit");
    bytes[index] = (high << 4) | low;
  }
  return bytes;
}

/** Limits of a byte string in an answer. */
export interface DataBounds {
  /** Exact number of bytes. */
  readonly length?: number;
  /** Largest number of bytes; checked before anything is allocated. */
  readonly maxLength?: number;
}

/**
 * The bytes of an untrusted JSON value that has to be hex data (execution-apis `bytes`, `hash32`, `address`).
 *
 * @throws HexError naming `input` when the value is no string, no hex, or outside the bounds.
 */
export function parseData(value: unknown, input: string, bounds: DataBounds = {}): Uint8Array {
  if (typeof value !== "string") throw new HexError("HexNotString", input, "not a string");
  const length = value.length / 2 - 1;
  if (bounds.length !== undefined && length !== bounds.length) {
    throw new HexError("HexWrongLength", input, `not ${bounds.length} bytes`);
  }
  if (bounds.maxLength !== undefined && length > bounds.maxLength) {
    throw new HexError("HexWrongLength", input, `more than ${bounds.maxLength} bytes`);
  }
  return hexToBytes(value, input);
}

/**
 * An untrusted JSON value that has to be a hash (32 bytes), in lower case.
 *
 * @throws HexError naming `input`.
 */
export function parseHash(value: unknown, input: string): Hash {
  return bytesToHex(parseData(value, input, { length: 32 }));
}

/**
 * An untrusted JSON value that has to be a quantity: `0x` and at least one digit, no leading zero, at most `maxBits`.
 * Source: execution-apis `uint`, `^0x(0|[1-9a-f][0-9a-f]*)$`.
 *
 * @throws HexError naming `input`.
 */
export function parseQuantity(value: unknown, input: string, maxBits = 256): bigint {
  if (typeof value !== "string") throw new HexError("HexNotString", input, "not a string");
  // The length first: a quantity of a megabyte is not worth a regular expression.
  if (value.length > 2 + Math.ceil(maxBits / 4)) {
    throw new HexError("QuantityTooLarge", input, `more than ${maxBits} bits`);
  }
  if (!/^0x(?:0|[1-9a-fA-F][0-9a-fA-F]*)$/.test(value)) {
    throw new HexError("QuantityMalformed", input, "not a canonical quantity");
  }
  const quantity = BigInt(value);
  if (quantity >> BigInt(maxBits) !== 0n) throw new HexError("QuantityTooLarge", input, `more than ${maxBits} bits`);
  return quantity;
}

/**
 * {@link parseQuantity} for block numbers, timestamps and indices: at most 2^53 - 1, so that a `number` holds it.
 *
 * @throws HexError naming `input`.
 */
export function parseSafeQuantity(value: unknown, input: string): number {
  return Number(parseQuantity(value, input, 53));
}

/**
 * A word of 32 bytes, big-endian.
 *
 * @throws HexError naming `input` when the value is negative or has more than 256 bits.
 */
export function bigintToHex32(value: bigint, input = "value"): Hash {
  if (value < 0n || value >> 256n !== 0n) throw new HexError("QuantityTooLarge", input, "not a word of 256 bits");
  return `0x${value.toString(16).padStart(64, "0")}`;
}

/**
 * The unsigned big-endian value of hex data; `0x` is 0. Leading zeros are data here: for quantities use
 * {@link parseQuantity}.
 *
 * @throws HexError naming `input`.
 */
export function hexToBigint(hex: string, input = "hex"): bigint {
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(hex)) throw new HexError("HexMalformed", input, "not hex data");
  return hex.length === 2 ? 0n : BigInt(hex);
}
