import type { LayoutValue } from "./Layout.ts";
import type { NamedSlot, PlainValue } from "./NamedSlot.ts";
import { hexOf } from "./wordFields.ts";

/** One field's value in a word. */
export interface FieldValue {
  readonly path: string;
  readonly label: string;
  readonly value: PlainValue;
  /** The member's name when the field is an enum and the value one of its members. */
  readonly member?: string;
}

/** One field before and after. */
export interface FieldChange {
  readonly path: string;
  readonly label: string;
  readonly before: PlainValue;
  readonly after: PlainValue;
}

/** Label under which bits that no field owns are shown when one of them is set. */
export const UNUSED_BITS = "(unused bits)";

/** Every field of `word`, low-order first; plus {@link UNUSED_BITS} as a number when a bit outside all fields is set. */
export function decodeWordAt(options: { name: NamedSlot; word: bigint }): FieldValue[] {
  const { name, word } = options;
  const values: FieldValue[] = [];
  let rest = word;
  for (const field of name.fields) {
    const shift = BigInt(8 * field.offset);
    const bits = BigInt.asUintN(8 * field.type.bytes, word >> shift);
    rest ^= bits << shift;
    const member = field.type.members?.[Number(bits)];
    values.push({
      path: field.path,
      label: field.label,
      value: plainValue(field.type, bits),
      ...(member === undefined ? {} : { member }),
    });
  }
  if (rest !== 0n) values.push({ path: `${name.path} ${UNUSED_BITS}`, label: UNUSED_BITS, value: rest });
  return values;
}

/** The fields that differ between two words of one slot; never empty when the words differ. */
export function diffWordAt(options: { name: NamedSlot; before: bigint; after: bigint }): FieldChange[] {
  const { name, before, after } = options;
  const old = new Map(decodeWordAt({ name, word: before }).map((field) => [field.label, field]));
  const now = new Map(decodeWordAt({ name, word: after }).map((field) => [field.label, field]));
  const changes: FieldChange[] = [];
  for (const label of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(label), now.get(label)];
    const path = (was ?? is)?.path ?? label;
    // Only the unused bits can be absent on one side, where they are zero.
    const change: FieldChange = { path, label, before: was?.value ?? 0n, after: is?.value ?? 0n };
    if (change.before !== change.after) changes.push(change);
  }
  return changes;
}

function plainValue(type: LayoutValue, bits: bigint): PlainValue {
  if (type.value === "uint") return bits;
  if (type.value === "int") return BigInt.asIntN(8 * type.bytes, bits);
  // A dirty bool would read as true in Solidity; show the number instead of hiding it.
  if (type.value === "bool") return bits > 1n ? bits : bits === 1n;
  return hexOf(bits, type.bytes);
}
