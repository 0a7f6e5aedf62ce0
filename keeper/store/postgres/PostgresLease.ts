import { type Kysely, sql, type Transaction } from "kysely";

import { KeeperError } from "../../errors/KeeperError.ts";
import type { BackendLease } from "../StoreBackend.ts";
import type { StoreTables } from "../tables.ts";

/**
 * A row that names who leads until when, by the database's clock: the clocks of replicas are never compared. An expired
 * lease that nobody took is still its holder's. A holder that slept through a take-over finds another token, and can
 * write no more.
 */
export class PostgresLease implements BackendLease {
  readonly ttlMs: number;

  readonly #parts: PostgresLeaseParts;
  #token: number | null = null;

  constructor(parts: PostgresLeaseParts) {
    this.#parts = parts;
    this.ttlMs = parts.ttlMs;
  }

  get token(): number | null {
    return this.#token;
  }

  async tryAcquire(): Promise<boolean> {
    if (this.#token !== null && (await this.renew())) return true;
    const { db, holder, holderName, translate, synchronise } = this.#parts;
    let token: number | undefined;
    try {
      const isFree = sql<boolean>`(holder is null or expires_at <= clock_timestamp())`;
      // A row that is locked is in use by its holder: nothing is gained by waiting for it.
      const free = db.selectFrom("lease").select("id").where(isFree).forUpdate().skipLocked();
      const claim = { holder, holder_name: holderName, expires_at: this.#end(), token: sql<number>`token + 1` };
      const taken = await db.updateTable("lease").set(claim).where("id", "in", free).returning("token").execute();
      token = taken[0]?.token;
    } catch (error: unknown) {
      throw translate(error);
    }
    if (token === undefined) return false;
    this.#token = token;
    try {
      await synchronise();
    } catch (error: unknown) {
      await this.release().catch(() => undefined);
      throw error;
    }
    return this.#token === token;
  }

  async renew(): Promise<boolean> {
    const token = this.#token;
    if (token === null) return false;
    const isRenewed = await this.#updateOwn(token, { expires_at: this.#end() });
    if (!isRenewed) this.#lose(token);
    return isRenewed;
  }

  async release(): Promise<void> {
    const token = this.#token;
    if (token === null) return;
    this.#lose(token);
    await this.#updateOwn(token, { holder: null, holder_name: null });
  }

  async check(transaction: Transaction<StoreTables>): Promise<void> {
    const token = this.#token;
    const { place, holder } = this.#parts;
    if (token === null) throw fenced(place, null);
    const row = await transaction.selectFrom("lease").selectAll().forUpdate().executeTakeFirst();
    if (row?.holder === holder && row.token === token) return;
    this.#lose(token);
    throw fenced(place, row?.holder_name ?? null);
  }

  async #updateOwn(token: number, values: Parameters<typeof setOf>[1]): Promise<boolean> {
    const { db, holder, translate } = this.#parts;
    try {
      const update = setOf(db, values).where("holder", "=", holder).where("token", "=", token);
      return (await update.executeTakeFirst()).numUpdatedRows === 1n;
    } catch (error: unknown) {
      throw translate(error);
    }
  }

  /** A later token may have been taken while the answer about an earlier one was on its way. */
  #lose(token: number): void {
    if (this.#token === token) this.#token = null;
  }

  #end(): ReturnType<typeof sql<Date>> {
    return sql<Date>`clock_timestamp() + ${this.ttlMs}::bigint * interval '1 millisecond'`;
  }
}

/** What a lease on PostgreSQL is made of. */
export interface PostgresLeaseParts {
  readonly db: Kysely<StoreTables>;
  readonly place: string;
  /** Random, of this opened store. */
  readonly holder: string;
  /** Process and host, for people. */
  readonly holderName: string;
  readonly ttlMs: number;
  readonly translate: (error: unknown) => KeeperError;
  readonly synchronise: () => Promise<void>;
}

function setOf(
  db: Kysely<StoreTables>,
  values: { expires_at?: ReturnType<typeof sql<Date>>; holder?: null; holder_name?: null },
) {
  return db.updateTable("lease").set(values);
}

function fenced(place: string, leader: string | null): KeeperError {
  const who = leader === null ? "another replica may" : `${leader} does`;
  const message = `this replica does not lead on ${place} (${who}), so it may not write: nothing was written`;
  return new KeeperError("StoreFenced", message, { place, leader });
}
