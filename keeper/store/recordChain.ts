import { hash } from "node:crypto";

import type { JournalRow } from "./tables.ts";

/** The end of a chain of records. */
export interface ChainEnd {
  readonly count: number;
  readonly chain: string;
}

/** The chain without records. */
export const EMPTY_CHAIN: ChainEnd = Object.freeze({ count: 0, chain: seal("lockstep store", "") });

/** The chain value of a record: SHA-256 over the one before it and every word of this one. */
export function chainValue(previous: string, { seq, at, kind, body }: Omit<JournalRow, "chain">): string {
  return seal(previous, `{"seq":${seq},"at":${at},"kind":${JSON.stringify(kind)},"body":${body}}`);
}

/** SHA-256 over a seal and the text that follows it, in hexadecimal. */
export function seal(previous: string, text: string): string {
  return hash("sha256", Buffer.from(`${previous}\n${text}`, "utf8"), "hex");
}
