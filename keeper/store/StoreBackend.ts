import type { Kysely, Transaction } from "kysely";

import type { KeeperError } from "../errors/KeeperError.ts";
import type { Lease } from "./Lease.ts";
import type { Store } from "./Store.ts";
import type { StoreTables } from "./tables.ts";

/** A database that holds a store: all that differs between the two. */
export interface StoreBackend {
  readonly kind: Store["kind"];
  /** What messages call it: the file, or the database and its schema, without secrets. */
  readonly place: string;
  readonly db: Kysely<StoreTables>;
  /** How long what the database did not answer is tried again; 0 where a failure is final. */
  readonly retryMs: number;
  /** The fault behind a library's error; a KeeperError is returned as it is. */
  translate(error: unknown): KeeperError;
  /** Closes the connections. */
  close(): Promise<void>;
  /** The lease; `synchronise` is awaited after each change of holder, before `tryAcquire` says true. */
  createLease(synchronise: () => Promise<void>): BackendLease;
}

/** A lease as the store needs it. */
export interface BackendLease extends Lease {
  /**
   * Within the transaction of an append: this replica leads, and no other one can until the transaction ends.
   *
   * @throws KeeperError `StoreFenced`
   */
  check(transaction: Transaction<StoreTables>): Promise<void>;
}
