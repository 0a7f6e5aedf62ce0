import { stat } from "node:fs/promises";
import { join } from "node:path";

import { KeeperError } from "../errors/KeeperError.ts";
import { corrupt } from "./corrupt.ts";
import { tooNew } from "./migrate.ts";
import { MIGRATIONS } from "./migrations.ts";
import { storeIsElsewhere, type StoreSettings } from "./openStore.ts";
import { openPostgresPages } from "./postgres/openPostgresPages.ts";
import { checkHead, verifyRows } from "./readRecords.ts";
import { EMPTY_CHAIN, type ChainEnd } from "./recordChain.ts";
import { openSqlitePages } from "./sqlite/openSqlitePages.ts";
import { SQLITE_FILE_NAME } from "./sqlite/openSqliteStore.ts";
import type { Store, StoreRecord } from "./Store.ts";
import type { HeadRow, JournalRow } from "./tables.ts";

/** A database that is read, page by page. */
export interface JournalPages {
  readonly kind: Store["kind"];
  readonly place: string;
  /** The newest version of the tables; null where there are none. */
  version(): Promise<number | null>;
  heads(): Promise<readonly HeadRow[]>;
  /** The rows behind a number up to another, at most some thousand. */
  rows(after: number, last: number): Promise<readonly JournalRow[]>;
  /** The fault behind a library's error. */
  translate(error: unknown): KeeperError;
  close(): Promise<void>;
}

/** What was read of a store. */
export interface JournalRead {
  readonly kind: Store["kind"];
  /** What messages call it: the file, or the database and its schema, without secrets. */
  readonly place: string;
  readonly end: ChainEnd;
}

/**
 * Reads a keeper's journal as it is now, oldest record first, each verified, beside the keeper that may be running: takes no lock
 * of the directory, writes nothing, and keeps the keeper from writing for no longer than a page takes. A journal only grows, so what is read
 * page by page is what it was at the beginning.
 *
 * @param onRows told of each page
 * @throws KeeperError `DataDirectoryMissing`, `StoreMissing`, `StoreElsewhere`, `StoreCorrupt`, `StoreVersion`, `StoreFailed`, `StoreUnavailable`, `StoreRefused`
 */
export async function readJournal(
  settings: StoreSettings,
  onRows: (rows: readonly JournalRow[], records: readonly StoreRecord[]) => void | Promise<void>,
): Promise<JournalRead> {
  const pages = await openPages(settings);
  const { place, kind } = pages;
  try {
    const version = await pages.version();
    if (version === null) throw missing(place);
    if (version > MIGRATIONS.length) throw tooNew(place, version, MIGRATIONS.length);
    const heads = await pages.heads();
    const head = heads[0];
    if (head === undefined || heads.length > 1) throw corrupt(place, "head", null, `it has ${heads.length} rows`);
    let end = EMPTY_CHAIN;
    while (end.count < head.count) {
      const rows = await pages.rows(end.count, head.count);
      if (rows.length === 0) break;
      const verified = verifyRows(rows, place, end);
      await onRows(rows, verified.records);
      end = verified.end;
    }
    checkHead(head, place, end);
    return { kind, place, end };
  } catch (error: unknown) {
    throw pages.translate(error);
  } finally {
    await pages.close();
  }
}

/** All records at once. @throws KeeperError as {@link readJournal} */
export async function readAllRecords(settings: StoreSettings): Promise<readonly StoreRecord[]> {
  const all: StoreRecord[] = [];
  await readJournal(settings, (_, records) => {
    for (const record of records) all.push(record);
  });
  return all;
}

async function openPages(settings: StoreSettings): Promise<JournalPages> {
  const { dataDirectory: directory, databaseUrl: url, databaseSchema: schema } = settings;
  if (url !== undefined) return openPostgresPages({ url, schema });
  if (!(await isThere(directory))) {
    const message = `${directory} does not exist: name the --data-directory of the keeper`;
    throw new KeeperError("DataDirectoryMissing", message, { dataDirectory: directory });
  }
  const elsewhere = await storeIsElsewhere(directory);
  if (elsewhere !== null) throw elsewhere;
  const file = join(directory, SQLITE_FILE_NAME);
  if (!(await isThere(file))) throw missing(file);
  return openSqlitePages(file);
}

function missing(place: string): KeeperError {
  const message = `${place} holds no store of a keeper: name the --data-directory, or the --database-url and --database-schema, of one`;
  return new KeeperError("StoreMissing", message, { place });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
