import { mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { bindElsewhere, openStore, RESTORING_FILE_NAME, type StoreSettings } from "../openStore.ts";
import { createPostgresBackend } from "../postgres/openPostgresStore.ts";
import { createSqliteBackend } from "../sqlite/openSqliteStore.ts";
import type { StoreBackend } from "../StoreBackend.ts";
import { importJournal } from "./importJournal.ts";
import { readBackup } from "./readBackup.ts";

/** What comes behind the records of the backup. */
export interface RestoreOptions {
  /** Wall-clock milliseconds. */
  readonly now: () => number;
  readonly records: readonly { readonly kind: string; readonly body: unknown }[];
}

/**
 * Makes the store and the files of a backup in a data directory that the caller has locked and found empty. While it goes on, and where it was
 * killed on the way, `openStore` refuses the directory: a keeper that began without what it had signed could sign against it.
 *
 * @returns the name of the place, and how many records are there now
 * @throws KeeperError those of `readBackup` and of the databases; `StoreNotEmpty`
 */
export async function restoreStore(
  settings: StoreSettings,
  path: string,
  { now, records }: RestoreOptions,
): Promise<{ readonly place: string; readonly records: number }> {
  const { dataDirectory: directory } = settings;
  const marker = join(directory, RESTORING_FILE_NAME);
  await writeWhole(marker, []);
  const backend = await createBackend(settings, now);
  try {
    const read = (take: Parameters<Parameters<typeof importJournal>[1]>[0]): Promise<unknown> =>
      readBackup(path, {
        onRows: (rows, signatures) => take([rows, signatures]),
        onFile: (name, chunks) => writeWhole(join(directory, name), chunks),
      });
    await importJournal(backend, read, { at: now(), records });
  } catch (error: unknown) {
    throw backend.translate(error);
  } finally {
    await backend.close();
  }
  if (settings.databaseUrl !== undefined) await bindElsewhere(directory, backend.place);
  await rm(marker);
  await syncFolder(directory);
  // Whatever is wrong with it is better known now than when it is needed.
  const store = await openStore(settings, now);
  try {
    return { place: store.place, records: store.records().length };
  } finally {
    await store.close();
  }
}

function createBackend(settings: StoreSettings, now: () => number): Promise<StoreBackend> {
  const { dataDirectory, databaseUrl: url, databaseSchema: schema, leaseMs: leaseTtlMs } = settings;
  if (url === undefined) return createSqliteBackend(dataDirectory);
  return createPostgresBackend({ url, schema, now, leaseTtlMs });
}

/** A new file for its owner alone, durable when this resolves. */
async function writeWhole(path: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const handle = await open(path, "wx", 0o600);
  try {
    for await (const chunk of chunks) await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  await folder.sync();
  await folder.close();
}
