import { readFileSync } from "node:fs";
import { join } from "node:path";

/** File in a process's notes with every pause that it sent, a raw transaction a line. */
export const SENT = "sent";

/** The pauses that a process has sent; from the disk, for it may have been killed. */
export function readSent(notes: string): string[] {
  try {
    return readFileSync(join(notes, SENT), "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    return [];
  }
}
