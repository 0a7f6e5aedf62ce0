import type { Hash, Hex } from "../../lib/hex.ts";
import type { LayoutType } from "./Layout.ts";
import type { PlainValue } from "./NamedSlot.ts";
import { addressKey, boolKey, bytesKey, dynamicKeySlot, hashMappingSlot, intKey, uintKey } from "./slots.ts";

/** The values worth trying for a mapping key of this type; those that the type cannot hold are left out. */
export function keyCandidates(
  key: LayoutType,
  candidates: Readonly<Record<string, readonly PlainValue[]>>,
): Iterable<PlainValue> {
  if (key.kind === "bytes") return new Set((candidates[key.label] ?? []).filter((value) => typeof value === "string"));
  if (key.kind !== "value") return [];
  if (key.value === "bool") return [false, true];
  if (key.members !== undefined) return key.members.map((_, index) => BigInt(index));
  const named = [...(candidates[key.label] ?? []), ...(candidates[key.elementary] ?? [])];
  return new Set(named.filter((value) => fits(key.value, key.bytes, value)));
}

/** The slot of `map[value]` for a map at `base`. */
export function plainKeySlot(key: LayoutType, base: Hash, value: PlainValue): Hash {
  if (key.kind === "bytes") return dynamicKeySlot(key.label, base, value as Hex);
  if (key.kind !== "value") throw new Error(`a mapping cannot be keyed by ${key.kind}`);
  return hashMappingSlot(base, keyWord(key.value, key.bytes, value));
}

function keyWord(kind: string, bytes: number, value: PlainValue): string {
  if (typeof value === "boolean") return boolKey(value);
  if (typeof value === "bigint") {
    return kind === "int" ? intKey("key", value, 8 * bytes) : uintKey("key", value, 8 * bytes);
  }
  return kind === "address" ? addressKey("key", value) : bytesKey("key", value, bytes);
}

function fits(kind: string, bytes: number, value: PlainValue): boolean {
  if (typeof value === "boolean") return false;
  if (typeof value === "string") return (kind === "address" || kind === "bytes") && value.length === 2 + 2 * bytes;
  if (kind === "uint") return BigInt.asUintN(8 * bytes, value) === value;
  return kind === "int" && BigInt.asIntN(8 * bytes, value) === value;
}
