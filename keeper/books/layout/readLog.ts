import type { Hash, Hex } from "../../lib/hex.ts";
import { DecodeError } from "./DecodeError.ts";

/** The parts of a log that carry an event. Lower-case hex. */
export interface LogData {
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

const IS_TOPIC = /^0x[0-9a-f]{64}$/;
const IS_DATA = /^0x[0-9a-f]*$/;
/** ZEROS[n] is n zero digits. */
const ZEROS: readonly string[] = Array.from({ length: 65 }, (_, digits) => "0".repeat(digits));

/** Passed as `words` to {@link checkLog} by events with dynamic parameters; {@link checkEnd} then fixes the length. */
export const DYNAMIC = -1;

/**
 * Checks everything about a log that does not depend on single fields.
 *
 * `words` is the exact length of the data in words, or {@link DYNAMIC}.
 * Throws {@link DecodeError}.
 */
export function checkLog(event: string, log: LogData, topic0: Hash, topicCount: number, words: number): void {
  const { topics, data } = log;
  if (topics.length !== topicCount) throw new DecodeError(event, "topics", "topic-count");
  if (topics[0] !== topic0) throw new DecodeError(event, "topics", "wrong-event");
  for (let i = 1; i < topicCount; i += 1) {
    if (!IS_TOPIC.test(topics[i] ?? "")) throw new DecodeError(event, "topics", "topic-length");
  }
  if (!IS_DATA.test(data)) throw new DecodeError(event, "data", "not-hex");
  if (words === DYNAMIC ? data.length % 64 !== 2 : data.length !== 2 + 64 * words) {
    throw new DecodeError(event, "data", "data-length");
  }
}

/** `at` is the position of the word's first digit in `hex`: 2 in a topic, 2 + 64 i in data. */
export function readUint(event: string, field: string, hex: Hex, at: number, bits: number): bigint {
  const pad = 64 - bits / 4;
  if (pad > 0 && !hex.startsWith(ZEROS[pad] as string, at)) throw new DecodeError(event, field, "padding");
  // Up to 48 bits a double is exact, and `BigInt(number)` beats parsing text.
  if (bits <= 48) return BigInt(Number.parseInt(hex.substring(at + pad, at + 64), 16));
  return BigInt(`0x${hex.substring(at + pad, at + 64)}`);
}

/** A signed integer: sign-extended to the whole word. */
export function readInt(event: string, field: string, hex: Hex, at: number, bits: number): bigint {
  const word = BigInt(`0x${hex.substring(at, at + 64)}`);
  const value = BigInt.asIntN(bits, word);
  if (BigInt.asUintN(256, value) !== word) throw new DecodeError(event, field, "padding");
  return value;
}

/** A bool: 0 or 1 and nothing else. */
export function readBool(event: string, field: string, hex: Hex, at: number): boolean {
  const last = hex.charCodeAt(at + 63);
  if (!hex.startsWith(ZEROS[63] as string, at) || (last !== 48 && last !== 49)) {
    throw new DecodeError(event, field, "padding");
  }
  return last === 49;
}

/** An address or contract: the low 20 bytes. */
export function readAddress(event: string, field: string, hex: Hex, at: number): Hex {
  if (!hex.startsWith(ZEROS[24] as string, at)) throw new DecodeError(event, field, "padding");
  return `0x${hex.substring(at + 24, at + 64)}`;
}

/** A `bytesN`: the high N bytes. */
export function readFixedBytes(event: string, field: string, hex: Hex, at: number, bytes: number): Hex {
  const end = at + 2 * bytes;
  if (bytes < 32 && !hex.startsWith(ZEROS[64 - 2 * bytes] as string, end)) {
    throw new DecodeError(event, field, "padding");
  }
  return `0x${hex.substring(at, end)}`;
}

/**
 * Checks that the head word at word `head` points at word `tail` (canonical: parts in order, no gaps) and returns the
 * number there: an array's length or a bytes' size. `wordsOf` it must fit into the rest of the data.
 */
export function readTailLength(
  event: string,
  field: string,
  data: Hex,
  head: number,
  tail: number,
  wordsOf: (length: number) => number,
): number {
  const available = (data.length - 2) / 64;
  if (tail >= available) throw new DecodeError(event, field, "data-length");
  if (readUint(event, field, data, 2 + 64 * head, 256) !== BigInt(32 * tail)) {
    throw new DecodeError(event, field, "offset");
  }
  const length = readUint(event, field, data, 2 + 64 * tail, 256);
  if (length > BigInt(32 * available) || wordsOf(Number(length)) > available - tail - 1) {
    throw new DecodeError(event, field, "array-length");
  }
  return Number(length);
}

/** Words that `length` bytes take. */
export function wordsOfBytes(length: number): number {
  return Math.ceil(length / 32);
}

/** The contents of a `bytes` or `string` whose length word is word `tail`; raw bytes, because UTF-8 is not promised. */
export function readBytes(event: string, field: string, data: Hex, tail: number, length: number): Hex {
  const from = 2 + 64 * (tail + 1);
  const end = from + 2 * length;
  const padding = 64 * wordsOfBytes(length) - 2 * length;
  if (!data.startsWith(ZEROS[padding] as string, end)) throw new DecodeError(event, field, "padding");
  return `0x${data.substring(from, end)}`;
}

/** Throws {@link DecodeError} unless the data ends where its last dynamic part does. */
export function checkEnd(event: string, data: Hex, words: number): void {
  if (data.length !== 2 + 64 * words) throw new DecodeError(event, "data", "data-length");
}
