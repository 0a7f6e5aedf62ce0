import { DatabaseSync } from "node:sqlite";
import { setImmediate as turn } from "node:timers/promises";

import { KeeperError } from "../../errors/KeeperError.ts";
import type { JournalPages } from "../readJournal.ts";
import type { HeadRow, JournalRow } from "../tables.ts";
import { translateSqliteError } from "./translateSqliteError.ts";

/** How long the keeper's own write is waited for. */
const BUSY_MS = 2_000;
/** A page holds the lock of readers, which the keeper's commit waits for, for about a millisecond. */
const PAGE_ROWS = 500;

/** SQLite's code for a journal of a dead writer, which only a writer may undo. */
const READONLY = 8;

/** A store's file, for reading only. Every page is a transaction of its own. */
export function openSqlitePages(file: string): JournalPages {
  const translate = (error: unknown): KeeperError => translateReading(file, error);
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
  } catch (error: unknown) {
    throw translate(error);
  }
  return {
    ...{ kind: "sqlite", place: file, translate },
    version: async () => {
      const tables = database.prepare("select name from sqlite_schema where name = 'schema_versions'").all();
      if (tables.length === 0) return null;
      const row = database.prepare("select max(version) as version from schema_versions").get();
      await turn();
      return typeof row?.["version"] === "number" ? row["version"] : null;
    },
    heads: () => Promise.resolve(database.prepare("select * from head").all() as unknown as HeadRow[]),
    rows: async (after, last) => {
      await turn();
      const text = "select * from journal where seq > ? and seq <= ? order by seq limit ?";
      return database.prepare(text).all(after, last, PAGE_ROWS) as unknown as JournalRow[];
    },
    close: () => {
      database.close();
      return Promise.resolve();
    },
  };
}

function translateReading(file: string, error: unknown): KeeperError {
  const code = error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode : 0;
  if ((code & 0xff) !== READONLY) return translateSqliteError(file, error);
  const message =
    `${file} was being written when its keeper died, and only a keeper may undo that: start it, ` +
    "or run lockstep latch show with its --data-directory, and then this again";
  return new KeeperError("StoreFailed", message, { place: file, code }, { cause: error });
}
