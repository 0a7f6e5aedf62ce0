/**
 * The right to write, among the replicas that share one store. On SQLite the lock of the data directory is the lease:
 * whoever opened the store holds it. On PostgreSQL it is a row, judged by the database's clock alone.
 */
export interface Lease {
  /**
   * True when this replica leads now: it did, or nobody held the lease, or its holder's time is over. After a change of
   * holder the store has every record of the earlier ones; `refresh` returns them.
   *
   * @throws KeeperError `StoreUnavailable`
   */
  tryAcquire(): Promise<boolean>;
  /**
   * Extends the time of the lease. False when this replica does not lead (any more).
   *
   * @throws KeeperError `StoreUnavailable`
   */
  renew(): Promise<boolean>;
  /** Lets the next replica lead at once. Idempotent. */
  release(): Promise<void>;
  /** The fencing token: grows with every change of holder. Null while this replica does not lead, as far as it knows. */
  readonly token: number | null;
  /** How long a lease lasts without renewal, in milliseconds; null where it lasts as long as the process. */
  readonly ttlMs: number | null;
}
