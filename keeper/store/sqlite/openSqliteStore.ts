import { open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { Kysely } from "kysely";

import { KeeperError } from "../../errors/KeeperError.ts";
import { corrupt } from "../corrupt.ts";
import { migrate } from "../migrate.ts";
import { type Migration, MIGRATIONS } from "../migrations.ts";
import { SqlStore } from "../SqlStore.ts";
import type { BackendLease, StoreBackend } from "../StoreBackend.ts";
import type { StoreTables } from "../tables.ts";
import { NodeSqliteDialect } from "./NodeSqliteDialect.ts";
import { translateSqliteError } from "./translateSqliteError.ts";

/** The store's file in the data directory; its rollback journal has the same name with `-journal`. */
export const SQLITE_FILE_NAME = "store.sqlite";

/** How long another program's lock is waited for; the process stands still meanwhile. */
const BUSY_MS = 1_000;

/**
 * - A rollback journal instead of a write-ahead log: SQLite ends its reading of a log, silently, at the first frame
 *   whose checksum does not fit, and every record behind a flipped byte would be gone without a word.
 * - PERSIST: a commit zeroes the journal's header and syncs it. DELETE would leave a journal whose removal is not
 *   durable, and power loss could roll an acknowledged record back.
 */
const PRAGMAS =
  "pragma journal_mode = persist; pragma synchronous = full; pragma cell_size_check = on; " +
  "pragma trusted_schema = off; pragma temp_store = memory; pragma mmap_size = 0";

/**
 * Opens the store of a data directory, or creates it; everything in it is verified. The caller holds the directory's
 * lock, which is the lease.
 *
 * @throws KeeperError `StoreCorrupt`, `StoreVersion`, or `StoreFailed` when the disk refuses
 */
export async function openSqliteStore(options: {
  readonly directory: string;
  readonly now: () => number;
  /** Other steps than those of this version, for tests of the steps themselves. */
  readonly migrations?: readonly Migration[];
}): Promise<SqlStore> {
  const { directory, now, migrations = MIGRATIONS } = options;
  const place = join(directory, SQLITE_FILE_NAME);
  try {
    if (!(await exists(place))) await create(directory, place, migrations);
    return await openFile(place, now, migrations);
  } catch (error: unknown) {
    throw translateSqliteError(place, error);
  }
}

/** A new store without records in a directory that has none, for whoever fills it in one transaction. */
export async function createSqliteBackend(directory: string): Promise<StoreBackend> {
  const place = join(directory, SQLITE_FILE_NAME);
  try {
    await create(directory, place, MIGRATIONS);
    return backendOf(openDatabase(place), place);
  } catch (error: unknown) {
    throw translateSqliteError(place, error);
  }
}

async function openFile(place: string, now: () => number, migrations: readonly Migration[]): Promise<SqlStore> {
  let backend: StoreBackend | undefined;
  try {
    const database = openDatabase(place);
    backend = backendOf(database, place);
    checkIntegrity(database, place);
    await migrateFile(backend, migrations, false);
    checkSchema(database, place, await expectedSchema(migrations));
    const store = await SqlStore.load(backend, now);
    // A file or a disk that takes no writes is better known now than when the first intent must be written.
    await backend.db.updateTable("head").set({ id: 1 }).execute();
    return store;
  } catch (error: unknown) {
    await backend?.close();
    throw whileReading(place, error);
  }
}

/**
 * A store appears complete or not at all, so that an empty file is never taken for one without records.
 *
 * @throws KeeperError `StoreCorrupt` when there was a store before
 */
async function create(directory: string, place: string, migrations: readonly Migration[]): Promise<void> {
  if (await exists(`${place}-journal`)) throw corrupt(place, null, null, "it is missing, though its journal is there");
  const draft = `${place}.new`;
  for (const file of [draft, `${draft}-journal`]) await rm(file, { force: true });
  const handle = await open(draft, "wx", 0o600);
  await handle.close();
  const backend = backendOf(openDatabase(draft), draft);
  try {
    await migrateFile(backend, migrations, true);
  } finally {
    await backend.close();
  }
  await rm(`${draft}-journal`, { force: true });
  await rename(draft, place);
  const folder = await open(directory, "r");
  await folder.sync();
  await folder.close();
}

function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    database.exec(PRAGMAS);
    return database;
  } catch (error: unknown) {
    database.close();
    throw error;
  }
}

function backendOf(database: DatabaseSync, place: string): StoreBackend {
  const db = new Kysely<StoreTables>({ dialect: new NodeSqliteDialect(database) });
  return {
    kind: "sqlite",
    place,
    db,
    retryMs: 0,
    translate: (error) => translateSqliteError(place, error),
    close: async () => {
      await db.destroy();
      // Kysely leaves alone what it has not used.
      if (database.isOpen) database.close();
    },
    createLease: () => DIRECTORY_LEASE,
  };
}

/** The lock of the directory is held for as long as the process lives. */
const DIRECTORY_LEASE: BackendLease = Object.freeze({
  tryAcquire: () => Promise.resolve(true),
  renew: () => Promise.resolve(true),
  release: () => Promise.resolve(),
  token: 1,
  ttlMs: null,
  check: () => Promise.resolve(),
});

function checkIntegrity(database: DatabaseSync, place: string): void {
  const [first] = database.prepare("pragma integrity_check(1)").all();
  const found = Object.values(first ?? {})[0];
  if (found !== "ok") throw corrupt(place, null, null, String(found));
}

async function migrateFile(backend: StoreBackend, migrations: readonly Migration[], isFresh: boolean): Promise<void> {
  const { kind, place, db } = backend;
  await db.transaction().execute((transaction) => migrate(transaction, { kind, place, migrations, isFresh }));
}

/** The names and statements of all tables and indices: a lost constraint loses no record, but would let one in. */
function schemaOf(database: DatabaseSync): string {
  const rows = database.prepare("select type, name, tbl_name, sql from sqlite_schema order by type, name").all();
  return JSON.stringify(rows);
}

async function expectedSchema(migrations: readonly Migration[]): Promise<string> {
  const database = new DatabaseSync(":memory:");
  const backend = backendOf(database, ":memory:");
  try {
    await migrateFile(backend, migrations, true);
    return schemaOf(database);
  } finally {
    await backend.close();
  }
}

function checkSchema(database: DatabaseSync, place: string, expected: string): void {
  if (schemaOf(database) !== expected)
    throw corrupt(place, "sqlite_schema", null, "the tables are not those of a store");
}

/** Statements that SQLite refuses, and numbers that no program wrote, mean damage where only whole stores are read. */
function whileReading(place: string, error: unknown): unknown {
  const [isGeneric, isNumber] = [
    error instanceof Error && "errcode" in error && error.errcode === 1,
    error instanceof RangeError || (error instanceof Error && "code" in error && error.code === "ERR_OUT_OF_RANGE"),
  ];
  if (!(error instanceof Error) || !(isGeneric || isNumber)) return error;
  return corrupt(place, null, null, error.message, { cause: error });
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error: unknown) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw new KeeperError("StoreFailed", `${file} cannot be looked at`, { file }, { cause: error });
  }
}
