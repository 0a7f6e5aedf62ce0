const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** What a framer reports. After `oversized` or `garbage` it must not be fed any more. */
export type FramerEvent = { kind: "message"; bytes: Buffer } | { kind: "oversized" } | { kind: "garbage" };

/**
 * Cuts a byte stream into JSON texts by counting brackets outside strings. Clients differ in what they put between
 * two messages on a socket (a newline or nothing), so only the JSON itself is relied upon. UTF-8 needs no care: its
 * continuation bytes are above 0x7f.
 */
export class JsonFramer {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #size = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the next bytes and returns what they complete. */
  push(chunk: Buffer): FramerEvent[] {
    const events: FramerEvent[] = [];
    let start = 0;
    let index = 0;
    while (index < chunk.length) {
      if (this.#inString) {
        index = this.#skipString(chunk, index);
        continue;
      }
      const byte = chunk[index];
      index++;
      if (byte === QUOTE && this.#depth > 0) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (this.#depth++ === 0) start = index - 1;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (--this.#depth < 0) return [...events, { kind: "garbage" }];
        if (this.#depth > 0) continue;
        if (this.#size + index - start > this.#maxBytes) return [...events, { kind: "oversized" }];
        events.push({ kind: "message", bytes: this.#take(chunk.subarray(start, index)) });
      } else if (this.#depth === 0 && !isWhitespace(byte)) return [...events, { kind: "garbage" }];
    }
    if (this.#depth > 0) {
      this.#parts.push(chunk.subarray(start));
      this.#size += chunk.length - start;
      if (this.#size > this.#maxBytes) return [...events, { kind: "oversized" }];
    }
    return events;
  }

  /** Skips to behind the end of the string or of the chunk: most bytes of an answer are hexadecimal strings. */
  #skipString(chunk: Buffer, from: number): number {
    let index = this.#escaped ? from + 1 : from;
    this.#escaped = false;
    for (;;) {
      const end = chunk.indexOf(QUOTE, index);
      const isEscaped = backslashesBefore(chunk, index, end === -1 ? chunk.length : end) % 2 === 1;
      if (end === -1) {
        this.#escaped = isEscaped;
        return chunk.length;
      }
      index = end + 1;
      if (!isEscaped) {
        this.#inString = false;
        return index;
      }
    }
  }

  #take(last: Buffer): Buffer {
    const bytes = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#size = 0;
    return bytes;
  }
}

function isWhitespace(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x20 || byte === 0x0d || byte === 0x09;
}

function backslashesBefore(chunk: Buffer, from: number, to: number): number {
  let count = 0;
  while (to - count > from && chunk[to - count - 1] === BACKSLASH) count++;
  return count;
}
