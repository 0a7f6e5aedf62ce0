import type { Json } from "./Rule.ts";

/** What to do at the end of a path. */
export type Edit =
  | { readonly kind: "set"; readonly value: Json }
  | { readonly kind: "remove" }
  | { readonly kind: "xor"; readonly byte: number; readonly mask: number };

/**
 * The segments of a path: a JSON pointer (RFC 6901), where also `*` is every element and a negative index counts from
 * the end of a list. The empty path is the value itself; undefined when it is no path.
 */
export function parsePath(path: string): readonly string[] | undefined {
  if (path === "") return [];
  if (!path.startsWith("/") || /~(?![01])/.test(path)) return undefined;
  const segments = path.slice(1).split("/");
  return segments.map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A copy of the value with the edit made wherever the path leads; the value itself where it leads nowhere. */
export function editJson(value: unknown, path: readonly string[], edit: Edit): unknown {
  const [segment, ...rest] = path;
  if (segment === undefined) return editEnd(value, edit);
  const isRemoval = rest.length === 0 && edit.kind === "remove";
  if (Array.isArray(value)) return editList(value as unknown[], segment, rest, edit, isRemoval);
  if (typeof value !== "object" || value === null) return value;
  const keys = segment === "*" ? Object.keys(value) : [segment];
  const entries = new Map(Object.entries(value));
  for (const key of keys) {
    const isNew = !entries.has(key);
    if (isRemoval) entries.delete(key);
    else if (!isNew || (rest.length === 0 && edit.kind === "set"))
      entries.set(key, editJson(entries.get(key), rest, edit));
  }
  // Not by assignment: `__proto__` is a key like any other.
  return Object.fromEntries(entries);
}

function editList(list: unknown[], segment: string, rest: readonly string[], edit: Edit, isRemoval: boolean): unknown {
  if (segment === "*") return isRemoval ? [] : list.map((item) => editJson(item, rest, edit));
  const index = /^-?\d+$/.test(segment) ? Number(segment) : Number.NaN;
  const at = index < 0 ? list.length + index : index;
  if (!(at >= 0 && at < list.length)) return list;
  return isRemoval ? list.toSpliced(at, 1) : list.with(at, editJson(list[at], rest, edit));
}

function editEnd(value: unknown, edit: Edit): unknown {
  if (edit.kind === "set") return edit.value;
  if (edit.kind === "remove") return null;
  if (typeof value !== "string" || !/^0x(?:[0-9a-f]{2})+$/i.test(value)) return value;
  const length = value.length / 2 - 1;
  const at = edit.byte < 0 ? length + edit.byte : edit.byte;
  if (at < 0 || at >= length) return value;
  const from = 2 + 2 * at;
  const changed = Number.parseInt(value.slice(from, from + 2), 16) ^ edit.mask;
  return value.slice(0, from) + changed.toString(16).padStart(2, "0") + value.slice(from + 2);
}
