import { createHash } from "node:crypto";

/** The seal that comes before the first line. */
export const FIRST_SEAL = "0".repeat(32);

const SEAL_KEY = ',"seal":"';
const SEALED = /^,"seal":"([0-9a-f]{32})"\}$/;
const TAIL_LENGTH = SEAL_KEY.length + FIRST_SEAL.length + 2;

/** A line and its seal, which the next line's is made of. */
export interface SealedLine {
  readonly line: string;
  readonly seal: string;
}

/**
 * The JSON text of an object with one more member: the SHA-256, cut to 128 bits, of the seal before it and of the text. A line
 * that was changed, dropped, moved or added after the fact is noticed; who makes all seals anew is not.
 */
export function sealLine(json: string, before: string): SealedLine {
  const seal = sealOf(json, before);
  return { line: `${json.slice(0, -1)}${SEAL_KEY}${seal}"}`, seal };
}

/** The JSON text inside a line, its seal, and whether the seal is the right one; null when the line has none. */
export function openLine(line: string, before: string): { json: string; seal: string; isIntact: boolean } | null {
  const match = SEALED.exec(line.slice(-TAIL_LENGTH));
  const seal = match?.[1];
  if (seal === undefined) return null;
  const json = `${line.slice(0, -TAIL_LENGTH)}}`;
  return { json, seal, isIntact: seal === sealOf(json, before) };
}

function sealOf(json: string, before: string): string {
  return createHash("sha256").update(before).update(json).digest("hex").slice(0, FIRST_SEAL.length);
}
