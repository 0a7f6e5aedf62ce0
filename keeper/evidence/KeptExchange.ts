import { hash } from "node:crypto";
import type { Exchange } from "../chain/sources/Source.ts";

/** What is known of a text of which only the beginning was kept. */
export interface TextCut {
  /** Length of the whole as UTF-8. */
  readonly bytes: number;
  /** SHA-256 of the whole as UTF-8, 64 hexadecimal digits: who has the text can show that it is the one. */
  readonly sha256: string;
}

/** An exchange as evidence keeps it: as it was, or without the rest of a text that was too long. */
export interface KeptExchange extends Exchange {
  /** There when `text` is only the beginning of what was answered. */
  readonly cut?: TextCut;
}

/** Characters beyond which a text is long: receipts of a full block are about so much. */
export const LONG_TEXT = 1024 * 1024;

/**
 * The exchange with at most the first `length` characters of its text, and what the whole was. A text that is no longer, or
 * was cut before, is left as it is.
 */
export function cutText(exchange: KeptExchange, length: number): KeptExchange {
  const { text, cut } = exchange;
  if (text === null || text.length <= length || cut !== undefined) return exchange;
  // Half a character would be another one in UTF-8.
  const end = /[\ud800-\udbff]/.test(text.charAt(length - 1)) ? length - 1 : length;
  // A slice alone would keep the whole in memory.
  const start = Buffer.from(text.slice(0, end)).toString("utf8");
  return { ...exchange, text: start, cut: { bytes: Buffer.byteLength(text), sha256: hash("sha256", text) } };
}
