import { scanJson } from "./scanJson.ts";

/** The value of a text, or what is wrong with it. */
export type StrictJson =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

/**
 * Parses JSON that means one thing only: RFC 8259 leaves open what an object with a name twice is, so that two readers of one
 * answer may see two things. Such a text is refused, as is one that begins with a byte order mark, and, before it is parsed, one with a
 * flaw of {@link scanJson}. Names such as `__proto__` become plain own properties.
 *
 * A name that is written with an escape is refused as well. No node has reason to write one, and V8 13.6 (Node 24) misreads
 * some: once it has seen `{":":1,"\\":2}`, it takes the second name of `{":":1,"\u0063":2}` for a backslash.
 *
 * Of equal names `JSON.parse` keeps the last, so that one is missing from the value: it is enough to count.
 *
 * @param shape of this very text, where it is known already.
 */
export function parseStrictJson(text: string, shape = scanJson(text)): StrictJson {
  if (shape.flaw !== null) return { ok: false, reason: shape.flaw };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: "no JSON" };
  }
  if (shape.hasEscapedName) return { ok: false, reason: "no single meaning: a name is written with an escape" };
  if (shape.names !== countNames(value)) {
    return { ok: false, reason: "no single meaning: an object has a name twice" };
  }
  return { ok: true, value };
}

/** Members of every object in a parsed value; it is nested no deeper than the scan lets pass. */
function countNames(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) count += countNames(value[index]);
    return count;
  }
  // What `JSON.parse` makes inherits nothing that is enumerable.
  for (const name in value) count += 1 + countNames((value as Record<string, unknown>)[name]);
  return count;
}
