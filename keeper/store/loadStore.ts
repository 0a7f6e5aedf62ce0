import { corrupt } from "./corrupt.ts";
import { readRecords, type RecordsRead } from "./readRecords.ts";
import { EMPTY_CHAIN } from "./recordChain.ts";
import { SignedRoots } from "./SignedRoots.ts";
import type { StoreBackend } from "./StoreBackend.ts";

/** A whole store, verified. */
export type LoadedStore = Omit<RecordsRead, "signatures"> & { readonly signed: SignedRoots };

/**
 * Reads and verifies everything that a store holds.
 *
 * @throws KeeperError `StoreCorrupt`
 */
export function loadStore({ db, place }: StoreBackend): Promise<LoadedStore> {
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (transaction) => {
      const { records, signatures, end } = await readRecords(transaction, place, EMPTY_CHAIN);
      const signed = new SignedRoots();
      for (const row of signatures) {
        if (!signed.add(row)) throw corrupt(place, "journal", row.seq, "it is a second signature for one block");
      }
      const rows = await transaction.selectFrom("signatures").selectAll().orderBy("seq").execute();
      for (const [index, row] of rows.entries()) {
        const own = signatures[index];
        const isSame = own?.seq === row.seq && signed.find(row) === own && own.books_root === row.books_root;
        if (!isSame) throw corrupt(place, "signatures", index + 1, "it differs from the journal");
      }
      if (rows.length !== signatures.length) {
        const reason = `it has ${rows.length} rows, the journal has ${signatures.length} signatures`;
        throw corrupt(place, "signatures", null, reason);
      }
      return { records, end, signed };
    });
}
