import { messageOf } from "../../lib/messageOf.ts";
import { KeeperError } from "../../errors/KeeperError.ts";
import { corrupt } from "../corrupt.ts";

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const [BUSY, LOCKED, READONLY, CORRUPT, FULL, NOTADB] = [5, 6, 8, 11, 13, 26] as const;

/** What to do about a disk that refuses, by SQLite's primary code. */
const ADVICE: Readonly<Record<number, string>> = {
  [BUSY]: "another program has locked the file; end it",
  [LOCKED]: "another program has locked the file; end it",
  [READONLY]: "make the file and its folder writable for the keeper's user",
  [FULL]: "make room on the disk, then start again",
};

/** The fault behind an error of `node:sqlite`. */
export function translateSqliteError(place: string, error: unknown): KeeperError {
  if (error instanceof KeeperError) return error;
  const cause = { cause: error };
  const reason = messageOf(error);
  const code = primaryCodeOf(error);
  if (code === CORRUPT || code === NOTADB) return corrupt(place, null, null, reason, cause);
  const advice = ADVICE[code ?? -1] ?? "look at the disk, then start again";
  return new KeeperError(
    "StoreFailed",
    `${place} cannot be used (${reason}): ${advice}`,
    { place, reason, code },
    cause,
  );
}

/** SQLite's primary result code; undefined for an error that is none of SQLite's. */
function primaryCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}
