import type { StoreRecord } from "./store/Store.ts";

/** A halt that a keeper put on itself. */
export interface Latch {
  /** Its record in the store. */
  readonly seq: number;
  /** Wall-clock milliseconds. */
  readonly at: number;
  readonly detail: string;
}

/** The halt that no person has cleared; null when there is none. */
export function readLatch(records: readonly StoreRecord[]): Latch | null {
  const last = records.findLast(({ kind }) => kind === "latch" || kind === "latch-cleared");
  if (last?.kind !== "latch") return null;
  const { detail } = last.body as { detail?: unknown };
  return { seq: last.seq, at: last.at, detail: typeof detail === "string" ? detail : JSON.stringify(last.body) };
}
