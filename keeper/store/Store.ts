import type { Lease } from "./Lease.ts";

/** One record, as it was when it was appended. */
export interface StoreRecord {
  /** 1 for the first record; no gaps. */
  readonly seq: number;
  /** Wall-clock milliseconds of the append; informative only. */
  readonly at: number;
  readonly kind: string;
  /** Deeply frozen. */
  readonly body: unknown;
}

/**
 * What a keeper must never forget: an append-only journal, sealed by a chain of hashes.
 *
 * A record of kind "signature", with the body `{chainId, blockHash, booksRoot, blockNumber?}`, is special: one root for
 * a block hash, for ever. The same root again is harmless and writes nothing.
 */
export interface Store {
  readonly kind: "sqlite" | "postgresql";
  /** What messages call it: the file, or the database and its schema, without secrets. */
  readonly place: string;
  /** Every durable record, oldest first. */
  records(): readonly StoreRecord[];
  /**
   * Adds a record; resolves when it is durable. What comes while the disk is busy shares the next transaction, in the
   * order of the calls.
   *
   * @throws KeeperError `JournalBodyInvalid`; `SecondRoot`; `StoreFenced` when this replica does not lead;
   * `StoreUnavailable` when the database did not answer in time (the record may have become durable nevertheless, and
   * is then found by `refresh`); `StoreFailed`, after which a SQLite store must be opened again; `StoreClosed`.
   */
  append(kind: string, body: unknown): Promise<void>;
  /**
   * Records that were written since by others, oldest first, each once; they are in `records` too. PostgreSQL only
   * returns any. Also those of an own append whose answer was lost.
   *
   * @throws KeeperError `StoreCorrupt` when they do not continue the chain of hashes; `StoreUnavailable`
   */
  refresh(): Promise<readonly StoreRecord[]>;
  readonly lease: Lease;
  /** Waits for what was appended, then closes. Idempotent. */
  close(): Promise<void>;
}
