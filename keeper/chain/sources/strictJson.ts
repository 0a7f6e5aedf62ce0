/** Deepest nesting that is taken; an answer of a node has about ten. */
export const MAX_JSON_DEPTH = 64;

/** The value of a text, or what is wrong with it. */
export type StrictJson =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

const TOO_DEEP = -1;
const ESCAPED = -2;

/**
 * Parses JSON that means one thing only: RFC 8259 leaves open what an object with a name twice is, so that two readers of one
 * answer may see two things. Such a text is refused, as is one that begins with a byte order mark or is nested deeper than
 * {@link MAX_JSON_DEPTH}. Names such as `__proto__` become plain own properties.
 *
 * A name that is written with an escape is refused as well. No node has reason to write one, and V8 13.6 (Node 24) misreads
 * some: once it has seen `{":":1,"\\":2}`, it takes the second name of `{":":1,"\u0063":2}` for a backslash.
 *
 * Of equal names `JSON.parse` keeps the last, so that one is missing from the value: it is enough to count. Each name in the
 * text is followed by one colon, and few texts have other colons.
 */
export function parseStrictJson(text: string): StrictJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: "no JSON" };
  }
  const kept = countNames(value, 0);
  if (kept === TOO_DEEP) return { ok: false, reason: `nested deeper than ${MAX_JSON_DEPTH}` };
  // There are at least as many colons as names, and at least as many names as were kept.
  if (!text.includes("\\") && countColons(text) === kept) return { ok: true, value };
  const written = countWritten(text);
  if (written === kept) return { ok: true, value };
  const what = written === ESCAPED ? "a name is written with an escape" : "an object has a name twice";
  return { ok: false, reason: `no single meaning: ${what}` };
}

/** Members of every object in a parsed value, or {@link TOO_DEEP}. */
function countNames(value: unknown, depth: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (depth === MAX_JSON_DEPTH) return TOO_DEEP;
  let count = 0;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const inner = countNames(value[index], depth + 1);
      if (inner === TOO_DEEP) return TOO_DEEP;
      count += inner;
    }
    return count;
  }
  // What `JSON.parse` makes inherits nothing that is enumerable.
  for (const name in value) {
    const inner = countNames((value as Record<string, unknown>)[name], depth + 1);
    if (inner === TOO_DEEP) return TOO_DEEP;
    count += 1 + inner;
  }
  return count;
}

function countColons(text: string): number {
  let count = 0;
  for (let at = text.indexOf(":"); at !== -1; at = text.indexOf(":", at + 1)) count++;
  return count;
}

/** Names in a text that is JSON, or {@link ESCAPED} when one of them holds an escape. */
function countWritten(text: string): number {
  let count = 0;
  for (let quote = text.indexOf('"'); quote !== -1;) {
    const end = endOfString(text, quote);
    if (isFollowedByColon(text, end)) {
      if (text.slice(quote, end).includes("\\")) return ESCAPED;
      count++;
    }
    quote = text.indexOf('"', end);
  }
  return count;
}

function isFollowedByColon(text: string, from: number): boolean {
  for (let at = from; ; at++) {
    const code = text.charCodeAt(at);
    // The white space of RFC 8259.
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code === 0x3a;
  }
}

/** Where the string that begins at `quote` is over. */
function endOfString(text: string, quote: number): number {
  for (let at = quote + 1; ;) {
    const end = text.indexOf('"', at);
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end + 1;
    at = end + 1;
  }
}
