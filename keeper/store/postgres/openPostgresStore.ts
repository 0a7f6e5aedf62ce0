import { randomUUID } from "node:crypto";
import { hostname } from "node:os";

import { Kysely, PostgresDialect, sql } from "kysely";
import { Pool, TypeOverrides } from "pg";

import { assert } from "../../lib/assert.ts";
import { redactUrl } from "../../lib/redact.ts";
import { migrate } from "../migrate.ts";
import { type Migration, MIGRATIONS } from "../migrations.ts";
import { SqlStore } from "../SqlStore.ts";
import type { StoreBackend } from "../StoreBackend.ts";
import type { StoreTables } from "../tables.ts";
import { PostgresLease } from "./PostgresLease.ts";
import { translatePostgresError } from "./translatePostgresError.ts";

/** How long one statement, one wait for a lock and one connection may take. */
const STATEMENT_MS = 2_000;

/** How long an answer is waited for by this side, for a network that swallows it. */
const ANSWER_MS = 2_500;

const MAX_CONNECTIONS = 4;

/** PostgreSQL's type number of `bigint`. */
const INT8 = 20;

/** What opening a store on PostgreSQL needs. */
export interface PostgresStoreOptions {
  /** Holds a password: never shown. */
  readonly url: string;
  /** The schema of this keeper's identity: replicas share it, other keepers do not. */
  readonly schema: string;
  readonly now: () => number;
  /** How long a lease lasts without renewal. */
  readonly leaseTtlMs?: number;
  /** How long an append is tried while the server does not answer. */
  readonly retryMs?: number;
  /** Other steps than those of this version, for tests of the steps themselves. */
  readonly migrations?: readonly Migration[];
}

/**
 * Opens a keeper's store on PostgreSQL, or creates it, in a schema of its own; everything in it is verified.
 *
 * @throws KeeperError `StoreUnavailable`, `StoreRefused`, `StoreCorrupt`, `StoreVersion` or `StoreFailed`
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<SqlStore> {
  const { migrations = MIGRATIONS, now } = options;
  const backend = createBackend(options);
  try {
    await migrateSchema(backend, options.schema, migrations);
    return await SqlStore.load(backend, now);
  } catch (error: unknown) {
    await backend.close();
    throw backend.translate(error);
  }
}

/** A schema with the tables of a store, made where they are missing, for whoever fills it in one transaction. */
export async function createPostgresBackend(options: PostgresStoreOptions): Promise<StoreBackend> {
  const backend = createBackend(options);
  try {
    await migrateSchema(backend, options.schema, MIGRATIONS);
    return backend;
  } catch (error: unknown) {
    await backend.close();
    throw backend.translate(error);
  }
}

/** Connections to a store; nothing is looked at yet. */
export function createBackend(options: PostgresStoreOptions): StoreBackend {
  const { url, schema, leaseTtlMs = 3_000, retryMs = 5_000 } = options;
  assert(/^[a-z_][a-z0-9_]{0,62}$/.test(schema), "the name of a schema needs no quotes");
  const place = placeOf(url, schema);
  const translate = (error: unknown): ReturnType<typeof translatePostgresError> => translatePostgresError(place, error);
  const pool = createPool(url, schema, leaseTtlMs);
  const db = new Kysely<StoreTables>({ dialect: new PostgresDialect({ pool }) });
  const holder = randomUUID();
  const holderName = `process ${process.pid} on ${hostname()}`;
  return {
    kind: "postgresql",
    place,
    db,
    retryMs,
    translate,
    close: async () => {
      await db.destroy();
      if (!pool.ending) await pool.end();
    },
    createLease: (synchronise) =>
      new PostgresLease({ db, place, holder, holderName, ttlMs: leaseTtlMs, translate, synchronise }),
  };
}

function createPool(url: string, schema: string, leaseTtlMs: number): Pool {
  const numbers = new TypeOverrides();
  numbers.setTypeParser(INT8, Number);
  const pool = new Pool({
    connectionString: url,
    application_name: "lockstep",
    max: MAX_CONNECTIONS,
    keepAlive: true,
    connectionTimeoutMillis: STATEMENT_MS,
    statement_timeout: STATEMENT_MS,
    lock_timeout: STATEMENT_MS,
    query_timeout: ANSWER_MS,
    // A leader that was stopped within a transaction must not keep the row of the lease locked.
    idle_in_transaction_session_timeout: Math.min(leaseTtlMs, STATEMENT_MS),
    // An acknowledged commit is on the disk, whatever the server's default.
    options: `-c search_path=${schema} -c synchronous_commit=on`,
    types: numbers,
  });
  // A connection that ends is replaced at the next use. Without listeners it would end the process: the pool hears those
  // that are idle, nobody those in use, when the server ends them between two statements.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/** Two replicas that start at once make the tables once. Whoever led with the older tables is fenced. */
async function migrateSchema(backend: StoreBackend, schema: string, migrations: readonly Migration[]): Promise<void> {
  const { kind, place, db } = backend;
  await db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`lockstep ${schema}`}, 0))`.execute(transaction);
    await sql`create schema if not exists ${sql.id(schema)}`.execute(transaction);
    const name = `${schema}.schema_versions`;
    const found = await sql<{ isFresh: boolean }>`select to_regclass(${name}) is null as "isFresh"`.execute(
      transaction,
    );
    const isFresh = found.rows[0]?.isFresh ?? true;
    const before = await migrate(transaction, { kind, place, migrations, isFresh });
    if (before === 0 || before === migrations.length) return;
    const fence = { holder: null, holder_name: null, token: sql<number>`token + 1` };
    await transaction.updateTable("lease").set(fence).execute();
  });
}

/** Host, port, database and schema. */
function placeOf(url: string, schema: string): string {
  const shown = new URL(url);
  [shown.username, shown.password, shown.search] = ["", "", ""];
  return `${redactUrl(shown.href)} (schema ${schema})`;
}
