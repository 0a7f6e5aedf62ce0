import { sql, type Transaction } from "kysely";

import { KeeperError } from "../errors/KeeperError.ts";
import { assert } from "../lib/assert.ts";
import { corrupt } from "./corrupt.ts";
import type { Migration } from "./migrations.ts";
import { seal } from "./recordChain.ts";
import type { Store } from "./Store.ts";
import type { StoreTables, VersionRow } from "./tables.ts";

/** The table of versions, which no migration may change: older programs read it to refuse what is newer. */
const VERSIONS =
  "create table schema_versions (version integer not null primary key, name text not null, seal text not null)";

/**
 * Brings the tables to the newest version, within the caller's transaction: a process that dies on the way leaves the
 * old version.
 *
 * @param isFresh that there is nothing yet, not even the table of versions
 * @returns the version before; 0 for none
 * @throws KeeperError `StoreVersion` for a newer store; `StoreCorrupt` when the versions are not as they were written
 */
export async function migrate(
  transaction: Transaction<StoreTables>,
  parts: { kind: Store["kind"]; place: string; migrations: readonly Migration[]; isFresh: boolean },
): Promise<number> {
  const { kind, place, migrations, isFresh } = parts;
  if (isFresh) await sql.raw(VERSIONS).execute(transaction);
  const rows = await transaction.selectFrom("schema_versions").selectAll().orderBy("version").execute();
  if (!isFresh && rows.length === 0) throw corrupt(place, "schema_versions", null, "it is empty");
  let last = "lockstep schema";
  for (const [index, row] of rows.entries()) {
    last = sealOf(last, row);
    if (row.version !== index + 1 || row.seal !== last) {
      throw corrupt(place, "schema_versions", null, `the seal of version ${String(row.version)} does not fit`);
    }
  }
  if (rows.length > migrations.length) throw tooNew(place, rows.length, migrations.length);
  for (const [index, { version, name }] of migrations.entries()) {
    assert(version === index + 1, "migrations are numbered from 1 without gaps");
    const found = rows[index]?.name ?? name;
    if (found !== name) throw tooNew(place, found, name);
  }
  for (const { version, name, statements } of migrations.slice(rows.length)) {
    for (const statement of statements(kind)) await sql.raw(statement).execute(transaction);
    last = sealOf(last, { version, name });
    await transaction.insertInto("schema_versions").values({ version, name, seal: last }).execute();
  }
  return rows.length;
}

function sealOf(previous: string, { version, name }: Pick<VersionRow, "version" | "name">): string {
  return seal(previous, `${version} ${name}`);
}

/** A store that this version does not understand. */
export function tooNew(place: string, found: number | string, supported: number | string): KeeperError {
  const message =
    `${place} was written by a newer Lockstep (schema version ${found}, this one knows ${supported}). Start that ` +
    `version again; to go back, restore the backup that was made before it was started`;
  return new KeeperError("StoreVersion", message, { place, found, supported });
}
