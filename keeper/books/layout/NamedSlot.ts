import type { Hash, Hex } from "../../lib/hex.ts";
import type { LayoutValue } from "./Layout.ts";

/** A value as the keeper holds it: integers and enums as bigint, addresses and bytes as lower-case hex. */
export type PlainValue = bigint | boolean | Hex;

/** One field of a word. */
export interface WordField {
  /** Full name: `accounts[0xabc…].quote`. */
  readonly path: string;
  /** The last part of it: `quote`, `[3]`, or the variable's own name. */
  readonly label: string;
  readonly type: LayoutValue;
  /** Bytes from the low-order end. */
  readonly offset: number;
}

/** A mapping key or array index on the way to a slot, from the outside in. */
export interface SlotKey {
  /** Solidity type of the key; `index` for an array. */
  readonly type: string;
  /** Name in the source, or "". */
  readonly name: string;
  readonly value: PlainValue;
}

/** A slot and what the layout keeps there. */
export interface NamedSlot {
  readonly contract: string;
  /** The state variable; where several share the word, the first. */
  readonly variable: string;
  /** The one field's path, or for a packed word the path that its fields share. */
  readonly path: string;
  readonly keys: readonly SlotKey[];
  readonly slot: Hash;
  readonly fields: readonly WordField[];
}
