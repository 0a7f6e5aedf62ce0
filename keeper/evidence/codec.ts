/**
 * JSON for values that JSON cannot hold: bigints, maps, sets and bytes come back as what they were. An object whose own
 * keys begin with `$` is wrapped, so that nothing from outside can pass for one of these.
 */
const TAG = /^\$/;

/** The JSON text of a value; undefined members are left out, functions are refused. */
export function encode(value: unknown): string {
  return JSON.stringify(toPlain(value));
}

/** The value in a text made by {@link encode}. */
export function decode(text: string): unknown {
  return fromPlain(JSON.parse(text));
}

/** What {@link encode} writes, as a plain value. */
export function toPlain(value: unknown): unknown {
  switch (typeof value) {
    case "bigint":
      return { $bigint: value.toString() };
    case "number":
      return Number.isFinite(value) ? value : { $number: String(value) };
    case "function":
    case "symbol":
      throw new TypeError(`evidence cannot hold a ${typeof value}`);
    case "object":
      return value === null ? null : toPlainObject(value);
    default:
      return value;
  }
}

/** The value that {@link toPlain} was given. */
export function fromPlain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(fromPlain);
  const entries = Object.entries(value);
  const [first] = entries;
  if (first === undefined || entries.length > 1 || !TAG.test(first[0])) return toObject(entries);
  const [tag, body] = first as [string, unknown];
  switch (tag) {
    case "$bigint":
      return BigInt(String(body));
    case "$number":
      return Number(body);
    case "$map":
      return new Map((fromPlain(body) as [unknown, unknown][]).map(([key, item]) => [key, item]));
    case "$set":
      return new Set(fromPlain(body) as unknown[]);
    case "$bytes":
      return new Uint8Array(body as number[]);
    case "$object":
      return toObject(body as readonly [string, unknown][]);
    default:
      throw new TypeError(`unknown tag ${tag}`);
  }
}

function toPlainObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Map) return { $map: [...value].map(([key, item]) => [toPlain(key), toPlain(item)]) };
  if (value instanceof Set) return { $set: [...value].map(toPlain) };
  if (value instanceof Uint8Array) return { $bytes: [...value] };
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const plain = entries.map(([key, item]) => [key, toPlain(item)] as const);
  return plain.some(([key]) => TAG.test(key)) ? { $object: plain } : Object.fromEntries(plain);
}

/** A key such as `__proto__` becomes an own property like any other. */
function toObject(entries: readonly [string, unknown][]): object {
  return Object.fromEntries(entries.map(([key, item]) => [key, fromPlain(item)]));
}
