import type { Layout, LayoutType, LayoutVariable } from "./Layout.ts";

/** The type that `id` names; a layout that names a type it does not hold is a bug of the generator. */
export function typeOf(layout: Pick<Layout, "types">, id: string): LayoutType {
  const type = layout.types[id];
  if (type === undefined) throw new Error(`layout holds no type ${id}`);
  return type;
}

/** How many elements of type `base` share one word: 1 for anything that is not a value of at most 16 bytes. */
export function elementsPerWord(layout: Pick<Layout, "types">, base: string): bigint {
  const type = typeOf(layout, base);
  return type.kind === "value" ? BigInt(Math.floor(32 / type.bytes)) : 1n;
}

/** Slots that a variable of this type takes in place; what it keeps behind a hash does not count. */
export function slotsOf(layout: Pick<Layout, "types">, id: string): bigint {
  const type = typeOf(layout, id);
  if (type.kind === "struct") return type.slots;
  if (type.kind !== "array" || type.length === null) return 1n;
  const perWord = elementsPerWord(layout, type.base);
  if (perWord > 1n) return (type.length + perWord - 1n) / perWord;
  return type.length * slotsOf(layout, type.base);
}

/** Variables that start in the same slot, in slot order. A group of several is one packed word of value types. */
export function groupBySlot(variables: readonly LayoutVariable[]): { slot: bigint; variables: LayoutVariable[] }[] {
  const groups = new Map<bigint, LayoutVariable[]>();
  for (const variable of variables) {
    const group = groups.get(variable.slot);
    if (group === undefined) groups.set(variable.slot, [variable]);
    else group.push(variable);
  }
  return [...groups].map(([slot, members]) => ({ slot, variables: members }));
}
