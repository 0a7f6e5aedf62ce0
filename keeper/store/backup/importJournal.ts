import { KeeperError } from "../../errors/KeeperError.ts";
import type { StoreBackend } from "../StoreBackend.ts";
import { encodeBody } from "../journalCodec.ts";
import { chainValue, EMPTY_CHAIN } from "../recordChain.ts";
import type { JournalRow, SignatureRow } from "../tables.ts";

/** Rows of one statement: SQLite takes 32,766 values, of which a row has five. */
const MAX_ROWS = 1_000;

/** Verified rows, page by page, and what was signed by them. */
export type JournalPage = readonly [rows: readonly JournalRow[], signatures: readonly SignatureRow[]];

/**
 * Writes the records of a backup into a store without any, as they were, with their times and their seals, and more behind them. All of it,
 * or nothing.
 *
 * @param read hands over the pages, oldest first
 * @param more records without signatures that follow, written at `at`, wall-clock milliseconds
 * @throws KeeperError `StoreNotEmpty`
 */
export async function importJournal(
  { db, place }: Pick<StoreBackend, "db" | "place">,
  read: (take: (page: JournalPage) => Promise<void>) => Promise<unknown>,
  more: { readonly at: number; readonly records: readonly { readonly kind: string; readonly body: unknown }[] },
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const heads = await transaction.selectFrom("head").selectAll().execute();
    if (heads[0]?.count !== 0) {
      const message = `${place} has records already: a backup is restored into an empty data directory or schema only`;
      throw new KeeperError("StoreNotEmpty", message, { place });
    }
    let end = EMPTY_CHAIN;
    await read(async ([rows, signatures]) => {
      for (let from = 0; from < rows.length; from += MAX_ROWS) {
        await transaction
          .insertInto("journal")
          .values(rows.slice(from, from + MAX_ROWS))
          .execute();
      }
      for (let from = 0; from < signatures.length; from += MAX_ROWS) {
        await transaction
          .insertInto("signatures")
          .values(signatures.slice(from, from + MAX_ROWS))
          .execute();
      }
      const last = rows.at(-1);
      if (last !== undefined) end = { count: last.seq, chain: last.chain };
    });
    for (const { kind, body } of more.records) {
      const row = { seq: end.count + 1, at: more.at, kind, body: encodeBody(body) };
      end = { count: row.seq, chain: chainValue(end.chain, row) };
      await transaction
        .insertInto("journal")
        .values({ ...row, chain: end.chain })
        .execute();
    }
    await transaction.updateTable("head").set(end).where("id", "=", 1).execute();
  });
}
