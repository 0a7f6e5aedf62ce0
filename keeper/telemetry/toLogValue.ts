import { KeeperError } from "../errors/KeeperError.ts";
import { redactText } from "../lib/redact.ts";

const MAX_DEPTH = 8;
const MAX_TEXT = 8_192;
const MAX_ITEMS = 256;

/** Names of fields whose value is never shown; `pauseKeyAddress` or `keyFile` are no secrets. */
const SECRET_NAME =
  /^(authorization|cookie|mnemonic|(.*(secret|password|passphrase|privatekey|apikey|token))|(pause|attest|post)key)$/i;

/**
 * A value as it may stand in a log or in a status answer: plain JSON, bounded, without secrets. Total: whatever it is
 * given, it returns.
 */
export function toLogValue(value: unknown): unknown {
  return convert(value, 0, new Set());
}

function convert(value: unknown, depth: number, above: ReadonlySet<object>): unknown {
  if (typeof value === "string") return cut(redactText(value));
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value === "boolean" || value === undefined) return value;
  if (typeof value !== "object") return `[${typeof value}]`;
  if (above.has(value)) return "[circular]";
  if (depth >= MAX_DEPTH) return "[deep]";
  const path = new Set([...above, value]);
  try {
    if (value instanceof Error) return convertError(value, depth, path);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
    if (value instanceof Uint8Array) return `0x${Buffer.from(value.subarray(0, MAX_ITEMS)).toString("hex")}`;
    if (value instanceof Set) return convertList([...(value as Set<unknown>)], depth, path);
    if (value instanceof Map) return convertEntries([...(value as Map<unknown, unknown>)], depth, path);
    if (Array.isArray(value)) return convertList(value as unknown[], depth, path);
    return convertEntries(Object.entries(value), depth, path);
  } catch {
    // A getter or proxy that throws must not take the log line with it.
    return "[unreadable]";
  }
}

function convertError(error: Error, depth: number, path: ReadonlySet<object>): unknown {
  const isFault = error instanceof KeeperError;
  return {
    name: error.name,
    ...(isFault ? { code: error.code } : {}),
    message: cut(redactText(error.message)),
    ...(isFault ? { payload: convert(error.payload, depth + 1, path) } : {}),
    ...(error.cause === undefined ? {} : { cause: convert(error.cause, depth + 1, path) }),
    // A fault is expected and named by its code; the stack helps with bugs only.
    ...(isFault || error.stack === undefined ? {} : { stack: cut(redactText(error.stack)) }),
  };
}

function convertList(items: readonly unknown[], depth: number, path: ReadonlySet<object>): unknown[] {
  const shown = items.slice(0, MAX_ITEMS).map((item) => convert(item, depth + 1, path));
  return items.length > MAX_ITEMS ? [...shown, `[${items.length - MAX_ITEMS} more]`] : shown;
}

function convertEntries(
  entries: readonly (readonly [unknown, unknown])[],
  depth: number,
  path: ReadonlySet<object>,
): unknown {
  const shown = entries.slice(0, MAX_ITEMS).map(([key, item]) => {
    const name = String(key);
    const isSecret = SECRET_NAME.test(name) && item !== undefined && item !== null;
    return [name, isSecret ? "***" : convert(item, depth + 1, path)];
  });
  return Object.fromEntries(shown) as unknown;
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
