import type { Layout, LayoutType } from "./Layout.ts";
import { slotsOf, typeOf } from "./layoutShape.ts";

/** What a mapping is keyed by: 32 bytes, an address, or a number of so many bits. */
export type KeyKind = "bytes32" | "address" | number;

/** A variable that is a mapping, or a mapping of mappings, of values or structs. */
export interface ValueMapping {
  readonly variable: string;
  readonly slot: bigint;
  /** One or two, from the outside in. */
  readonly keys: readonly KeyKind[];
  /** Words of each value. */
  readonly words: number;
}

/** The variables of a contract whose words are found by one or two mapping keys. */
export function valueMappingsOf(layout: Layout): ValueMapping[] {
  return layout.variables.flatMap(({ label, slot, type }) => {
    const keys: KeyKind[] = [];
    let id = type;
    for (let at = typeOf(layout, id); at.kind === "mapping"; at = typeOf(layout, id)) {
      const kind = kindOf(typeOf(layout, at.key));
      if (kind === null) return [];
      keys.push(kind);
      id = at.value;
    }
    if (keys.length === 0 || keys.length > 2) return [];
    return [{ variable: label, slot, keys, words: Number(slotsOf(layout, id)) }];
  });
}

function kindOf(key: LayoutType): KeyKind | null {
  if (key.kind !== "value") return null;
  if (key.value === "address") return "address";
  if (key.value === "uint") return 8 * key.bytes;
  return key.value === "bytes" && key.bytes === 32 ? "bytes32" : null;
}
