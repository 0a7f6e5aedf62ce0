import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { KeeperError } from "../errors/KeeperError.ts";
import { openPostgresStore } from "./postgres/openPostgresStore.ts";
import { openSqliteStore, SQLITE_FILE_NAME } from "./sqlite/openSqliteStore.ts";
import type { Store } from "./Store.ts";

/** The journal of versions that kept it as a file of lines. */
const LEGACY_FILE_NAME = "journal.ndjson";

/** Says in a data directory that its keeper's store is on PostgreSQL, and where. */
const ELSEWHERE_FILE_NAME = "store.postgresql";

/** Is in a data directory into which a backup is being restored: what was signed is not there yet. */
export const RESTORING_FILE_NAME = "store.restoring";

/** Where a keeper's store is. */
export interface StoreSettings {
  readonly dataDirectory: string;
  /** Secret. Undefined for SQLite in the data directory. */
  readonly databaseUrl: string | undefined;
  readonly databaseSchema: string;
  readonly leaseMs: number;
}

/**
 * Opens the store of a keeper whose data directory the caller has locked. A directory whose store is somewhere else, by
 * a setting that was changed or forgotten, is refused: what was signed is there.
 *
 * @param now wall-clock milliseconds, for the `at` of records
 * @throws KeeperError `StoreLegacy`, `StoreUnfinished`, `StoreElsewhere`, and those of the two databases
 */
export async function openStore(settings: StoreSettings, now: () => number = Date.now): Promise<Store> {
  const { dataDirectory: directory, databaseUrl: url, databaseSchema: schema, leaseMs: leaseTtlMs } = settings;
  const [legacy, file] = [join(directory, LEGACY_FILE_NAME), join(directory, SQLITE_FILE_NAME)];
  if (await exists(legacy)) throw legacyError(legacy);
  if (await exists(join(directory, RESTORING_FILE_NAME))) {
    const message = `a backup was being restored into ${directory} and that did not end: empty the directory, and restore it again`;
    throw new KeeperError("StoreUnfinished", message, { directory });
  }
  if (url === undefined) {
    const fault = await storeIsElsewhere(directory);
    if (fault !== null) throw fault;
    return openSqliteStore({ directory, now });
  }
  if (await exists(file)) {
    const advice = `start without --database-url, or use another data directory`;
    throw new KeeperError("StoreElsewhere", `${directory} belongs to a keeper whose store is ${file}: ${advice}`, {
      directory,
      place: file,
    });
  }
  const store = await openPostgresStore({ url, schema, now, leaseTtlMs });
  await bindElsewhere(directory, store.place);
  return store;
}

/** Says in a data directory that its store is in a database. */
export async function bindElsewhere(directory: string, place: string): Promise<void> {
  await writeFile(join(directory, ELSEWHERE_FILE_NAME), `${place}\n`, { mode: 0o600 });
}

/** The refusal of a data directory whose store is on PostgreSQL, where no database is set; null for any other directory. */
export async function storeIsElsewhere(directory: string): Promise<KeeperError | null> {
  const database = await readIfThere(join(directory, ELSEWHERE_FILE_NAME));
  if (database === undefined) return null;
  const place = database.trim();
  const advice = `set --database-url, or use another data directory`;
  const message = `${directory} belongs to a keeper whose store is ${place}: ${advice}`;
  return new KeeperError("StoreElsewhere", message, { directory, place });
}

function legacyError(file: string): KeeperError {
  const message =
    `${file} is the journal of an earlier Lockstep, with what this keeper signed; this version does not read it. ` +
    "Start with an empty data directory, and sign again only above every block of which peers or the chain have seen " +
    "a signature of this keeper; keep the old one for the record";
  return new KeeperError("StoreLegacy", message, { file });
}

async function exists(path: string): Promise<boolean> {
  return (await unlessMissing(() => stat(path))) !== undefined;
}

function readIfThere(path: string): Promise<string | undefined> {
  return unlessMissing(() => readFile(path, "utf8"));
}

async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error: unknown) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
