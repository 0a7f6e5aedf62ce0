import { KeeperError } from "../errors/KeeperError.ts";

const WAY_OUT =
  "Never edit a store, and `lockstep resync` does not mend it: restore a backup. What was signed after that backup is " +
  "forgotten then, so sign again only above every block of which peers or the chain have seen a signature of this keeper";

/**
 * A store that is not as it was written.
 *
 * @param place the file, or the database and its schema, without secrets
 * @param table where in it; null for the whole
 * @param record the number of the damaged record, where it is known
 */
export function corrupt(
  place: string,
  table: string | null,
  record: number | null,
  reason: string,
  options: { cause?: unknown } = {},
): KeeperError {
  const where = [place, table === null ? null : `table ${table}`, record === null ? null : `record ${record}`];
  const message = `${where.filter((part) => part !== null).join(", ")} is corrupt: ${reason}. ${WAY_OUT}`;
  return new KeeperError("StoreCorrupt", message, { place, table, record, reason }, options);
}
