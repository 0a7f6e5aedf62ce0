/**
 * JSON for values that JSON cannot hold: bigints, maps, sets and bytes come back as what they were. An object whose own
 * keys begin with `$` is wrapped, so that nothing from outside can pass for one of these.
 */
const TAG = /^\$/;
/** What a number is that JSON has no digits for. */
const NUMBERS: ReadonlySet<string> = new Set(["NaN", "Infinity", "-Infinity"]);
const INTEGER = /^-?\d+$/;
/** Decimal digits of an integer: the keeper's have 256 bits, and to read longer ones takes time. */
const MAX_DIGITS = 1_000;

/** The JSON text of a value; undefined members are left out, functions are refused. */
export function encode(value: unknown): string {
  return JSON.stringify(toPlain(value));
}

/** The value in a text made by {@link encode}; throws as {@link fromPlain} does, and SyntaxError. */
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

/**
 * The value that {@link toPlain} was given. What it was not given is refused: nothing takes more memory than its text.
 *
 * @throws TypeError naming the tag whose content is of another type, or too long
 */
export function fromPlain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(fromPlain);
  const entries = Object.entries(value);
  const [first] = entries;
  if (first === undefined || entries.length > 1 || !TAG.test(first[0])) return toObject(entries);
  const [tag, body] = first as [string, unknown];
  switch (tag) {
    case "$bigint":
      return readBigint(body);
    case "$number":
      if (typeof body !== "string" || !NUMBERS.has(body)) throw refusal(tag, "NaN or an infinity");
      return Number(body);
    case "$map":
      return new Map(pairsIn(tag, body).map(([key, item]) => [fromPlain(key), fromPlain(item)]));
    case "$set":
      return new Set(listIn(tag, body).map(fromPlain));
    case "$bytes":
      if (!listIn(tag, body).every(isByte)) throw refusal(tag, "a list of bytes");
      return Uint8Array.from(body as readonly number[]);
    case "$object":
      return toObject(pairsIn(tag, body).map(([key, item]) => [keyIn(tag, key), item]));
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

function readBigint(body: unknown): bigint {
  if (typeof body !== "string" || body.length > MAX_DIGITS || !INTEGER.test(body)) {
    throw refusal("$bigint", `the text of an integer of at most ${MAX_DIGITS} digits`);
  }
  return BigInt(body);
}

function listIn(tag: string, body: unknown): readonly unknown[] {
  if (!Array.isArray(body)) throw refusal(tag, "a list");
  return body;
}

function pairsIn(tag: string, body: unknown): readonly (readonly unknown[])[] {
  return listIn(tag, body).map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw refusal(tag, "a list of pairs");
    return pair as readonly unknown[];
  });
}

function keyIn(tag: string, key: unknown): string {
  if (typeof key !== "string") throw refusal(tag, "a list of pairs whose first is a text");
  return key;
}

function isByte(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
}

function refusal(tag: string, wanted: string): TypeError {
  return new TypeError(`${tag} holds something else than ${wanted}`);
}
