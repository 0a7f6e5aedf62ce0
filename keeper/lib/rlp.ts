/** What may be encoded: a byte string or a list of such. Source: Ethereum Yellow Paper, appendix B. */
export type RlpInput = Uint8Array | readonly RlpInput[];
/** What is decoded. Byte strings are views into the decoded array. */
export type RlpItem = Uint8Array | RlpItem[];

/** What an encoding violated. */
export type RlpErrorCode = "RlpTruncated" | "RlpTrailingBytes" | "RlpNotCanonical" | "RlpTooDeep" | "RlpTooLarge";

/** Bytes that are not exactly one canonical RLP item. `offset` is where the violation stands. */
export class RlpError extends Error {
  readonly code: RlpErrorCode;
  readonly offset: number;

  constructor(code: RlpErrorCode, offset: number) {
    super(`${code} at byte ${offset}`);
    this.name = "RlpError";
    this.code = code;
    this.offset = offset;
  }
}

const SHORT_STRING = 0x80;
const LONG_STRING = 0xb7;
const SHORT_LIST = 0xc0;
const LONG_LIST = 0xf7;
/** Longest payload whose length stands in the prefix itself. */
const SHORT_LIMIT = 55;
/** Nesting that no consensus object comes near (a branch of embedded nodes: below 20), so that recursion is bounded. */
const MAX_DEPTH = 64;

function lengthOfLength(length: number): number {
  let bytes = 1;
  for (let rest = Math.floor(length / 256); rest > 0; rest = Math.floor(rest / 256)) bytes += 1;
  return bytes;
}

function encodedLength(payload: number): number {
  return payload <= SHORT_LIMIT ? 1 + payload : 1 + lengthOfLength(payload) + payload;
}

/** Length of the item's encoding; the payloads of its lists are noted in the order in which the lists are written. */
function measure(item: RlpInput, payloads: number[]): number {
  if (item instanceof Uint8Array) {
    return item.length === 1 && item[0]! < SHORT_STRING ? 1 : encodedLength(item.length);
  }
  const index = payloads.push(0) - 1;
  let total = 0;
  for (const element of item) total += measure(element, payloads);
  payloads[index] = total;
  return encodedLength(total);
}

function writePrefix(target: Uint8Array, at: number, payload: number, short: number, long: number): number {
  if (payload <= SHORT_LIMIT) {
    target[at] = short + payload;
    return at + 1;
  }
  const bytes = lengthOfLength(payload);
  target[at] = long + bytes;
  for (let index = bytes, rest = payload; index > 0; index -= 1, rest = Math.floor(rest / 256)) {
    target[at + index] = rest % 256;
  }
  return at + 1 + bytes;
}

/** Writes items one after the other; lists take their payload from those measured. */
class RlpWriter {
  readonly target: Uint8Array;
  readonly #payloads: readonly number[];
  #at = 0;
  #lists = 0;

  constructor(length: number, payloads: readonly number[]) {
    this.target = new Uint8Array(length);
    this.#payloads = payloads;
  }

  write(item: RlpInput): void {
    if (!(item instanceof Uint8Array)) {
      this.#at = writePrefix(this.target, this.#at, this.#payloads[this.#lists]!, SHORT_LIST, LONG_LIST);
      this.#lists += 1;
      for (const element of item) this.write(element);
    } else if (item.length === 1 && item[0]! < SHORT_STRING) {
      this.target[this.#at] = item[0]!;
      this.#at += 1;
    } else {
      this.#at = writePrefix(this.target, this.#at, item.length, SHORT_STRING, LONG_STRING);
      this.target.set(item, this.#at);
      this.#at += item.length;
    }
  }
}

/** The canonical encoding of an item. */
export function encodeRlp(item: RlpInput): Uint8Array {
  const payloads: number[] = [];
  const writer = new RlpWriter(measure(item, payloads), payloads);
  writer.write(item);
  return writer.target;
}

/** Where the payload of an item lies; the item ends with it. */
export interface RlpPayload {
  readonly isList: boolean;
  readonly start: number;
  readonly end: number;
}

/**
 * Where the payload of the item at `at` lies, which must end at or before `limit`, itself within the bytes. The prefix is
 * canonical then; what a list holds has not been looked at.
 *
 * @throws RlpError
 */
export function readRlpPrefix(bytes: Uint8Array, at: number, limit: number): RlpPayload {
  if (at >= limit) throw new RlpError("RlpTruncated", at);
  const prefix = bytes[at]!;
  if (prefix < SHORT_STRING) return { isList: false, start: at, end: at + 1 };
  const isList = prefix >= SHORT_LIST;
  const isLong = isList ? prefix > LONG_LIST : prefix > LONG_STRING && prefix < SHORT_LIST;
  let start = at + 1;
  let length: number;
  if (isLong) {
    const bytesOfLength = prefix - (isList ? LONG_LIST : LONG_STRING);
    if (bytesOfLength > limit - start) throw new RlpError("RlpTruncated", at);
    if (bytes[start] === 0) throw new RlpError("RlpNotCanonical", at);
    // Six bytes name 256 TiB: longer ones cannot be real, and a double would no longer hold them exactly.
    if (bytesOfLength > 6) throw new RlpError("RlpTooLarge", at);
    length = 0;
    for (let index = 0; index < bytesOfLength; index += 1) length = length * 256 + bytes[start + index]!;
    if (length <= SHORT_LIMIT) throw new RlpError("RlpNotCanonical", at);
    start += bytesOfLength;
  } else {
    length = prefix - (isList ? SHORT_LIST : SHORT_STRING);
  }
  if (length > limit - start) throw new RlpError("RlpTruncated", at);
  if (!isList && length === 1 && bytes[start]! < SHORT_STRING) throw new RlpError("RlpNotCanonical", at);
  return { isList, start, end: start + length };
}

function readItem(bytes: Uint8Array, payload: RlpPayload, depth: number): RlpItem {
  if (!payload.isList) return bytes.subarray(payload.start, payload.end);
  if (depth >= MAX_DEPTH) throw new RlpError("RlpTooDeep", payload.start);
  const items: RlpItem[] = [];
  for (let at = payload.start; at < payload.end;) {
    const element = readRlpPrefix(bytes, at, payload.end);
    items.push(readItem(bytes, element, depth + 1));
    at = element.end;
  }
  return items;
}

/**
 * Checks the item at `at`, which must end at or before `limit`, as strictly as {@link decodeRlp} and without building it,
 * and returns where it ends.
 *
 * @throws RlpError
 */
export function skipRlp(bytes: Uint8Array, at: number, limit: number, depth = 0): number {
  const { isList, start, end } = readRlpPrefix(bytes, at, limit);
  if (!isList) return end;
  if (depth >= MAX_DEPTH) throw new RlpError("RlpTooDeep", start);
  for (let next = start; next < end;) next = skipRlp(bytes, next, end, depth + 1);
  return end;
}

/**
 * The one item that the bytes encode. Strict: every length is bounded by its container, only the canonical form is
 * accepted, and no byte is left over, so that `encodeRlp(decodeRlp(bytes))` equals `bytes`.
 *
 * @throws RlpError
 */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  const payload = readRlpPrefix(bytes, 0, bytes.length);
  if (payload.end !== bytes.length) throw new RlpError("RlpTrailingBytes", payload.end);
  return readItem(bytes, payload, 0);
}
