import type { Entry } from "./entries.ts";
import { cutText, LONG_TEXT, type KeptExchange } from "./KeptExchange.ts";
import { SourceShares, type SourceShare } from "./SourceShares.ts";

/** Characters that a recording keeps of a text that it cannot keep whole. */
export const KEPT_TEXT = 64 * 1024;

/** What waits to be written: an entry's plain form, or an exchange, whose long text is encoded only then. */
interface Waiting {
  plain: unknown;
  bytes: number;
  readonly source: string | null;
}

/**
 * What waits to be written, in its order, within a bound.
 *
 * When there is too much, the long texts of the source that has most waiting are cut, so that a few huge answers of one source
 * do not end the recording of all. One source alone has nobody to give way to: nothing of it is cut.
 */
export class Backlog {
  readonly #maxBytes: number;
  readonly #longText: number;
  readonly #shares = new SourceShares();
  /** Everybody of whom something waited so far. */
  readonly #sources = new Set<string>();
  #entries: Waiting[] = [];
  #bytes = 0;

  /** @param maxBytes bound of what waits, about */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#longText = Math.min(LONG_TEXT, Math.floor(maxBytes / 16));
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Who has most waiting; null when no exchange waits. */
  get largest(): SourceShare | null {
    return this.#shares.largest;
  }

  /** Puts what comes first in front. */
  begin(plain: unknown): void {
    this.#entries.unshift({ plain, bytes: 0, source: null });
  }

  /** Takes an entry of about so many bytes in; false when there is no room for it. */
  add(plain: unknown, bytes: number): boolean {
    return this.#take({ plain, bytes, source: null });
  }

  /** The same of an exchange: its params went over the wire as JSON and need no other encoding. */
  addExchange(exchange: KeptExchange): boolean {
    const { source } = exchange;
    this.#sources.add(source);
    return this.#take({ plain: entryOf(exchange), bytes: sizeOf(exchange), source });
  }

  /** The plain forms, oldest first. */
  *plains(): Generator {
    for (const { plain } of this.#entries) yield plain;
  }

  /** Removes the oldest: they are written. */
  drop(count: number): void {
    for (const entry of this.#entries.splice(0, count)) this.#change(entry, -entry.bytes);
  }

  /** Removes everything. */
  clear(): void {
    this.drop(this.#entries.length);
  }

  #take(entry: Waiting): boolean {
    this.#entries.push(entry);
    this.#change(entry, entry.bytes);
    while (this.#bytes > this.#maxBytes) {
      if (!this.#cutLargest()) return false;
    }
    return true;
  }

  /** Cuts every long text of the source that has most of them waiting; false when there is none to cut. */
  #cutLargest(): boolean {
    if (this.#sources.size < 2) return false;
    const long = this.#entries.filter(({ plain }) => isLong(plain, this.#longText));
    const shares = new SourceShares();
    for (const { source, bytes } of long) shares.add(source ?? "", bytes);
    const { largest } = shares;
    if (largest === null) return false;
    for (const entry of long) {
      if (entry.source !== largest.source) continue;
      const { exchange } = entry.plain as ExchangeEntry;
      const kept = cutText(exchange, Math.min(KEPT_TEXT, this.#longText));
      this.#change(entry, sizeOf(kept) - entry.bytes);
      entry.plain = entryOf(kept);
      entry.bytes = sizeOf(kept);
    }
    return true;
  }

  #change({ source }: Waiting, bytes: number): void {
    this.#bytes += bytes;
    if (source !== null) this.#shares.add(source, bytes);
  }
}

type ExchangeEntry = Extract<Entry, { readonly type: "exchange" }>;

function entryOf(exchange: KeptExchange): ExchangeEntry {
  return { type: "exchange", exchange };
}

function isLong(plain: unknown, longText: number): boolean {
  const { type, exchange } = plain as Partial<ExchangeEntry>;
  return type === "exchange" && exchange?.cut === undefined && (exchange?.text?.length ?? 0) > longText;
}

/** About: texts of JSON-RPC are mostly one byte a character. */
export function sizeOf({ text, calls }: KeptExchange): number {
  return (text?.length ?? 0) + 200 * (1 + calls.length);
}
