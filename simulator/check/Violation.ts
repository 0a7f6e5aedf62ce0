/** A promise of DESIGN.md, or what it rests on. */
export type Promised =
  | "P1"
  | "P2"
  | "P3"
  | "P4"
  | "P5"
  | "P6"
  | "P7"
  | "P8"
  /** Nothing that reaches a keeper ends it. */
  | "lives"
  /** Nobody can make a keeper work, or write, without end. */
  | "bounds";

/** Something that must not happen, and did. */
export interface Violation {
  readonly promise: Promised;
  readonly atMs: number;
  /** Null where it is not one keeper's. */
  readonly keeper: number | null;
  readonly detail: string;
}
