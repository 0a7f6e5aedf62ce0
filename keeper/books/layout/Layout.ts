/** How the bytes of a value type are read. Enums are `uint`, contracts `address`, user-defined types what they wrap. */
export type ValueKind = "uint" | "int" | "bool" | "address" | "bytes";

/** A value type: at most 32 bytes, packed with its neighbours. */
export interface LayoutValue {
  readonly kind: "value";
  /** The name in the source: `AccountId`, `enum Grade`, `contract IERC20`, `uint64`. */
  readonly label: string;
  /** The elementary type below it: `bytes32`, `uint8`, `address`, `uint64`. */
  readonly elementary: string;
  readonly value: ValueKind;
  readonly bytes: number;
  /** Names of an enum's members, by value. */
  readonly members?: readonly string[];
}

/** `slots` words, in which `members` stand at slots relative to the struct's first. */
export interface LayoutStruct {
  readonly kind: "struct";
  readonly label: string;
  readonly slots: bigint;
  readonly members: readonly LayoutVariable[];
}

/** `key` and `value` are keys of {@link Layout.types}. */
export interface LayoutMapping {
  readonly kind: "mapping";
  readonly label: string;
  readonly key: string;
  readonly value: string;
}

/** `length` is null for a dynamic array, whose own slot holds its length. */
export interface LayoutArray {
  readonly kind: "array";
  readonly label: string;
  readonly base: string;
  readonly length: bigint | null;
}

/** `bytes` or `string`, in storage or as a mapping key. */
export interface LayoutBytes {
  readonly kind: "bytes";
  readonly label: string;
}

/** What can stand behind a key of {@link Layout.types}; `kind` tells which. */
export type LayoutType = LayoutValue | LayoutStruct | LayoutMapping | LayoutArray | LayoutBytes;

/** A state variable, or a struct's member. */
export interface LayoutVariable {
  readonly label: string;
  /** A key of {@link Layout.types}. */
  readonly type: string;
  /** Absolute for a state variable, relative to the struct's first slot for a member. */
  readonly slot: bigint;
  /** Bytes from the low-order end of the word. */
  readonly offset: number;
  /** Names of the mapping keys from the outside in, where the source gives them; "" where it does not. */
  readonly keyNames: readonly string[];
}

/**
 * The storage layout of one contract as plain data, free of compiler ids: two builds of the same source are equal.
 * Format of the input: https://docs.soliditylang.org/en/v0.8.37/internals/layout_in_storage.html
 */
export interface Layout {
  readonly contract: string;
  readonly variables: readonly LayoutVariable[];
  readonly types: Readonly<Record<string, LayoutType>>;
}
