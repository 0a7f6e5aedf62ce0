/** A `0x`-prefixed, lower-case hexadecimal string of whole bytes. */
export type Hex = `0x${string}`;
/** 20 bytes, lower case (no checksum casing inside the keeper). */
export type Address = Hex;
/** 32 bytes: a block hash, a root, a topic, a storage slot. */
export type Hash = Hex;

/** What a hexadecimal input violated. */
export type HexErrorCode =
  "HexNotString" | "HexMalformed" | "HexWrongLength" | "QuantityMalformed" | "QuantityTooLarge";

/** A hexadecimal input that is not what its place demands. It names the input and never shows its content. */
export class HexError extends Error {
  readonly code: HexErrorCode;
  /** The input, as the caller calls it: a JSON field, a parameter. */
  readonly input: string;
  readonly detail: string;

  constructor(code: HexErrorCode, input: string, detail: string) {
    super(input === "" ? detail : `${input}: ${detail}`);
    this.name = "HexError";
    this.code = code;
    this.input = input;
    this.detail = detail;
  }

  /** The same of an input that is a field of `parent`, or `parent` itself where the input has no name yet. */
  inside(parent: string): HexError {
    return new HexError(this.code, this.input === "" ? parent : `${parent}.${this.input}`, this.detail);
  }
}

const HEX_DIGITS = "0123456789abcdef";
const BYTE_TO_HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  return HEX_DIGITS.charAt(byte >> 4) + HEX_DIGITS.charAt(byte & 15);
});

/*
 * Long strings go through a buffer of their characters, which the engine fills and reads far faster than one character
 * is appended or looked at. Two characters are one number of it, in the machine's order of bytes. No call leaves
 * anything there for another.
 */
const textBytes = new Uint8Array(65_536);
const textPairs = new Uint16Array(textBytes.buffer);
const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Bytes whose digits fit the buffer at once, beside a prefix. */
const PART = textPairs.length - 1;
/** Below this many bytes appending is the faster way. */
const SHORT = 16;

const NO_DIGITS = 256;
/** The digits of each byte as a pair of the buffer; and the byte of a pair, {@link NO_DIGITS} for one of no digits. */
const BYTE_TO_PAIR = new Uint16Array(256);
const PAIR_TO_BYTE = new Uint16Array(65_536).fill(NO_DIGITS);
for (const [high, first] of Array.from(`${HEX_DIGITS}ABCDEF`).entries()) {
  for (const [low, second] of Array.from(`${HEX_DIGITS}ABCDEF`).entries()) {
    const byte = ((high < 16 ? high : high - 6) << 4) | (low < 16 ? low : low - 6);
    encoder.encodeInto(first + second, textBytes);
    PAIR_TO_BYTE[textPairs[0]!] = byte;
    if (high < 16 && low < 16) BYTE_TO_PAIR[byte] = textPairs[0]!;
  }
}

/** The digits of at most {@link PART} bytes, after `0x`. */
function longToHex(bytes: Uint8Array): Hex {
  encoder.encodeInto("0x", textBytes);
  for (let at = 0; at < bytes.length; at += 1) textPairs[at + 1] = BYTE_TO_PAIR[bytes[at]!]!;
  return decoder.decode(textBytes.subarray(0, 2 + 2 * bytes.length)) as Hex;
}

/** The bytes as lower-case hex; `0x` for none. */
export function bytesToHex(bytes: Uint8Array): Hex {
  if (bytes.length >= SHORT && bytes.length <= PART) return longToHex(bytes);
  let text = "";
  if (bytes.length < SHORT) for (const byte of bytes) text += BYTE_TO_HEX[byte]!;
  else for (let at = 0; at < bytes.length; at += PART) text += longToHex(bytes.subarray(at, at + PART)).slice(2);
  return `0x${text}`;
}

/**
 * Writes the bytes of a hex string into `target` from `start` on, which has to have room for them, and returns where
 * they end. Strict: prefix `0x`, whole bytes, hexadecimal digits only (either case).
 *
 * @throws HexError naming `input`; what was written then is of no meaning.
 */
export function writeHex(hex: string, target: Uint8Array, start: number, input = "hex"): number {
  if (!hex.startsWith("0x")) throw new HexError("HexMalformed", input, "no 0x prefix");
  if (hex.length % 2 !== 0) throw new HexError("HexMalformed", input, "odd number of digits");
  const end = start + hex.length / 2 - 1;
  for (let from = start, digit = 2; from < end; from += PART, digit += 2 * PART) {
    const text = hex.length > 2 * PART ? `0x${hex.slice(digit, digit + 2 * PART)}` : hex;
    // What is no ASCII becomes bytes of 128 or more, of which the first stands where the character stood; where it no
    // longer fitted, not all was read.
    let seen = encoder.encodeInto(text, textBytes).read === text.length ? 0 : NO_DIGITS;
    const count = Math.min(end - from, PART);
    for (let at = 0; at < count; at += 1) {
      const byte = PAIR_TO_BYTE[textPairs[at + 1]!]!;
      seen |= byte;
      target[from + at] = byte;
    }
    if (seen >= NO_DIGITS) throw new HexError("HexMalformed", input, "not a hexadecimal digit");
  }
  return end;
}

/**
 * The bytes of a hex string, read as {@link writeHex} does.
 *
 * @throws HexError naming `input`.
 */
export function hexToBytes(hex: string, input = "hex"): Uint8Array {
  // Half a byte too many is refused below; what is no hex at all may have no length.
  const bytes = new Uint8Array(Math.max(0, (hex.length >> 1) - 1));
  writeHex(hex, bytes, 0, input);
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

const HASH_BOUNDS: DataBounds = { length: 32 };

/**
 * An untrusted JSON value that has to be a hash (32 bytes), in lower case.
 *
 * @throws HexError naming `input`.
 */
export function parseHash(value: unknown, input: string): Hash {
  parseData(value, input, HASH_BOUNDS);
  // It is hex, hence a string of ASCII: only its letters may still be of the other case.
  return (value as Hex).toLowerCase() as Hash;
}

const QUANTITY = /^0x(?:0|[1-9a-fA-F][0-9a-fA-F]*)$/;

/** The value as the text of a canonical quantity of at most `maxBits`. */
function checkQuantity(value: unknown, input: string, maxBits: number): string {
  if (typeof value !== "string") throw new HexError("HexNotString", input, "not a string");
  // The length first: a quantity of a megabyte is not worth a regular expression.
  if (value.length > 2 + Math.ceil(maxBits / 4)) {
    throw new HexError("QuantityTooLarge", input, `more than ${maxBits} bits`);
  }
  if (!QUANTITY.test(value)) throw new HexError("QuantityMalformed", input, "not a canonical quantity");
  // The first digit is not 0, or the only one: all bits below it count.
  const bits = 4 * (value.length - 3) + 32 - Math.clz32(Number(value.slice(0, 3)));
  if (bits > maxBits) throw new HexError("QuantityTooLarge", input, `more than ${maxBits} bits`);
  return value;
}

/**
 * An untrusted JSON value that has to be a quantity: `0x` and at least one digit, no leading zero, at most `maxBits`.
 * Source: execution-apis `uint`, `^0x(0|[1-9a-f][0-9a-f]*)$`.
 *
 * @throws HexError naming `input`.
 */
export function parseQuantity(value: unknown, input: string, maxBits = 256): bigint {
  return BigInt(checkQuantity(value, input, maxBits));
}

/**
 * {@link parseQuantity} as the minimal big-endian bytes, none for 0, as RLP writes integers.
 *
 * @throws HexError naming `input`.
 */
export function parseQuantityBytes(value: unknown, input: string, maxBits = 256): Uint8Array {
  const quantity = checkQuantity(value, input, maxBits);
  if (quantity === "0x0") return new Uint8Array(0);
  return hexToBytes(quantity.length % 2 === 0 ? quantity : `0x0${quantity.slice(2)}`, input);
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
