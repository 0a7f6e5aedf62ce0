/** A value as JSON carries it: whole numbers that may not fit a double are decimal strings. */
export type Wire<Value> = Value extends bigint
  ? string
  : Value extends readonly (infer Item)[]
    ? Wire<Item>[]
    : Value extends object
      ? { [Key in keyof Value]: Wire<Value[Key]> }
      : Value;

/** The value as JSON carries it. Plain objects, arrays and primitives only. */
export function toWire<Value>(value: Value): Wire<Value> {
  return convert(value) as Wire<Value>;
}

function convert(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, convert(item)]));
}
