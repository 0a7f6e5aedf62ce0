import { toJson } from "../lib/toJson.ts";

/** A value as the API writes it: whole numbers that may not fit a double are decimal strings. */
export function wireJson(value: unknown): string {
  const json = toJson(value, (_key, item: unknown) => (typeof item === "bigint" ? item.toString() : item));
  return json ?? "null";
}
