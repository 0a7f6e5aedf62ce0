import { KeeperError } from "../errors/KeeperError.ts";

/** The key that marks a bigint: `{"$bigint":"-12"}`. No body may use it for anything else. */
const BIGINT_KEY = "$bigint";

/** Deepest nesting of a body. */
const MAX_DEPTH = 32;

/**
 * The JSON text of a journal body. What comes back from `decodeBody` equals what went in; a value for which that
 * cannot be promised is refused instead of being changed silently, as `JSON.stringify` does.
 *
 * @throws KeeperError `JournalBodyInvalid` naming the path of the value.
 */
export function encodeBody(body: unknown): string {
  return JSON.stringify(toPlain(body, "body", 0));
}

/** The body in a text made by `encodeBody`. Objects and arrays in it are frozen. */
export function decodeBody(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null) return value;
    if (!Array.isArray(value) && Object.hasOwn(value, BIGINT_KEY)) {
      return BigInt((value as Record<typeof BIGINT_KEY, string>)[BIGINT_KEY]);
    }
    return Object.freeze(value);
  });
}

function toPlain(value: unknown, path: string, depth: number): unknown {
  if (depth > MAX_DEPTH) throw invalid(path, `is nested deeper than ${MAX_DEPTH}`);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return { [BIGINT_KEY]: value.toString() };
  if (typeof value === "number") {
    if (!Number.isFinite(value) || Object.is(value, -0)) throw invalid(path, `is ${String(value)}`);
    return value;
  }
  if (typeof value !== "object") throw invalid(path, `is of type ${typeof value}`);
  if (Array.isArray(value)) {
    return Array.from(value, (item: unknown, index) => toPlain(item, `${path}[${index}]`, depth + 1));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw invalid(path, "is not a plain object");
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  for (const [key] of entries) {
    if (key === BIGINT_KEY || key === "__proto__") throw invalid(`${path}.${key}`, "has a reserved name");
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, toPlain(item, `${path}.${key}`, depth + 1)]));
}

function invalid(path: string, fact: string): KeeperError {
  return new KeeperError("JournalBodyInvalid", `a journal cannot hold this body: ${path} ${fact}`, { path, fact });
}
