import { redactText } from "../../lib/redact.ts";

/** Controls, formats (among them those that reorder text), separators of lines and paragraphs, and unassigned ones. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]+/gu;

/** Longest text that is looked at: what comes from a chain may be megabytes. */
const MAX_INPUT = 16_384;

/**
 * A text from anywhere, fit to stand in a message to a person: one line, well formed, without characters that are not
 * seen or that reorder others, without secrets in URLs, at most `maxLength` characters (code points), of which the last is `…`
 * where something was cut off.
 */
export function cleanText(text: string, maxLength: number): string {
  const isLong = text.length > MAX_INPUT;
  const plain = redactText(text.slice(0, MAX_INPUT).toWellFormed()).replace(UNSAFE, " ").trim();
  const characters = Array.from(plain);
  if (characters.length <= maxLength && !isLong) return plain;
  return `${characters
    .slice(0, maxLength - 1)
    .join("")
    .trimEnd()}…`;
}
