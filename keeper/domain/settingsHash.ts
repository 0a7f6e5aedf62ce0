import type { Hash } from "../lib/hex.ts";
import { keccak256Hex } from "../lib/keccak.ts";

/**
 * keccak256 of settings as canonical JSON: members in the order of their names, bigints as decimal strings, what is undefined or
 * infinite as null. Equal settings have one hash, whatever wrote them; it goes into the evidence of whatever they decided.
 */
export function settingsHash(settings: unknown): Hash {
  return keccak256Hex(new TextEncoder().encode(canonicalJson(settings)));
}

/** The text that {@link settingsHash} hashes. */
export function canonicalJson(value: unknown): string {
  if (typeof value === "bigint") return `"${value}"`;
  if (value === undefined || value === null || (typeof value === "number" && !Number.isFinite(value))) return "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).filter(([, item]) => item !== undefined);
  members.sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item)}`).join(",")}}`;
}
