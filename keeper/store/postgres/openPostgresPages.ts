import { sql } from "kysely";

import type { JournalPages } from "../readJournal.ts";
import { createBackend } from "./openPostgresStore.ts";

/** Rows read at once: bounds an answer of the server. */
const PAGE_ROWS = 2_000;

/** A store's schema, for reading only: the server sees to that. What was committed stays, so that every page is a statement of its own. */
export function openPostgresPages({ url, schema }: { readonly url: string; readonly schema: string }): JournalPages {
  const backend = createBackend({ url, schema, now: Date.now });
  const { kind, place } = backend;
  const reading = backend.db.transaction().setAccessMode("read only");
  return {
    ...{ kind, place, translate: (error: unknown) => backend.translate(error), close: () => backend.close() },
    version: () =>
      reading.execute(async (transaction) => {
        const name = `${schema}.schema_versions`;
        const found = await sql<{ isThere: boolean }>`select to_regclass(${name}) is not null as "isThere"`.execute(
          transaction,
        );
        if (found.rows[0]?.isThere !== true) return null;
        const newest = transaction.selectFrom("schema_versions").select("version").orderBy("version", "desc");
        return (await newest.limit(1).executeTakeFirst())?.version ?? null;
      }),
    heads: () => reading.execute((transaction) => transaction.selectFrom("head").selectAll().execute()),
    rows: (after, last) =>
      reading.execute((transaction) => {
        const query = transaction.selectFrom("journal").selectAll().where("seq", ">", after).where("seq", "<=", last);
        return query.orderBy("seq").limit(PAGE_ROWS).execute();
      }),
  };
}
