import type { LayoutValue } from "../../keeper/books/layout/Layout.ts";

/** The TypeScript type that holds values of `type`. */
export function valueTsType(type: Pick<LayoutValue, "value">): string {
  if (type.value === "bool") return "boolean";
  return type.value === "uint" || type.value === "int" ? "bigint" : "Hex";
}

/** Code for the bits of `expression` in a field called `field`, unshifted, range-checked. */
export function encodeValueCode(type: LayoutValue, field: string, expression: string): string {
  if (type.value === "bool") return `boolBits(${expression})`;
  const call = { uint: "uintBits", int: "intBits", address: "hexBits", bytes: "hexBits" }[type.value];
  const size = call === "hexBits" ? type.bytes : 8 * type.bytes;
  return `${call}(${JSON.stringify(field)}, ${expression}, ${size})`;
}

/** Code for the value whose bits begin at the low end of `expression`. */
export function decodeValueCode(type: LayoutValue, expression: string): string {
  const bits = 8 * type.bytes;
  if (type.value === "int") return `BigInt.asIntN(${bits}, ${expression})`;
  const unsigned = `BigInt.asUintN(${bits}, ${expression})`;
  if (type.value === "uint") return unsigned;
  return type.value === "bool" ? `${unsigned} !== 0n` : `hexOf(${unsigned}, ${type.bytes})`;
}

/** Code for the slot that a key of a mapping at `base` leads to. */
export function mappingSlotCode(type: LayoutValue, field: string, base: string, expression: string): string {
  if (type.value === "bool") return `boolSlot(${base}, ${expression})`;
  const start = `${type.value}Slot(${JSON.stringify(field)}, ${base}, ${expression}`;
  if (type.value === "address") return `${start})`;
  return type.value === "bytes" ? `${start}, ${type.bytes})` : `${start}, ${8 * type.bytes})`;
}
