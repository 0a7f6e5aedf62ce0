import { setTimeout as delay } from "node:timers/promises";

import { KeeperError } from "../errors/KeeperError.ts";
import { corrupt } from "./corrupt.ts";
import { decodeBody, encodeBody } from "./journalCodec.ts";
import { type LoadedStore, loadStore } from "./loadStore.ts";
import { readRecords } from "./readRecords.ts";
import { type ChainEnd, chainValue } from "./recordChain.ts";
import { signatureOf } from "./signatureOf.ts";
import { SignedRoots } from "./SignedRoots.ts";
import type { Store, StoreRecord } from "./Store.ts";
import type { BackendLease, StoreBackend } from "./StoreBackend.ts";
import type { JournalRow, SignatureRow } from "./tables.ts";

/** Records in one transaction at most. */
const MAX_BATCH = 1_000;

/** A kind is a word of a log line too. */
const KIND = /^[a-z][a-z0-9-]{0,62}$/;

/** First wait before a database that did not answer is asked again; doubled up to the second. */
const [RETRY_MIN_MS, RETRY_MAX_MS] = [50, 500] as const;

/** An append that is not durable yet. */
interface Waiting {
  readonly at: number;
  readonly kind: string;
  readonly bodyText: string;
  readonly signature: Omit<SignatureRow, "seq"> | null;
  readonly durable: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The rows of one transaction, and the chain after it. */
interface Batch {
  readonly rows: readonly JournalRow[];
  readonly signatures: readonly SignatureRow[];
  readonly end: ChainEnd;
}

/** The store over either database. */
export class SqlStore implements Store {
  readonly lease: BackendLease;

  readonly #backend: StoreBackend;
  readonly #now: () => number;
  readonly #records: StoreRecord[];
  readonly #signed: SignedRoots;
  #end: ChainEnd;
  /** Written by others, or by an own append whose answer was lost, and not returned by `refresh` yet. */
  #news: StoreRecord[] = [];
  #waiting: Waiting[] = [];
  /** Settles when nothing is written or read any more; each use of the database waits for the one before. */
  #turn: Promise<void> = Promise.resolve();
  #isFlushing = false;
  /** Whether a write was not answered, so that the database may have more than this store knows. */
  #isUncertain = false;
  #failure: KeeperError | undefined;
  #closing: Promise<void> | undefined;

  private constructor(backend: StoreBackend, now: () => number, loaded: LoadedStore) {
    this.#backend = backend;
    this.#now = now;
    this.#records = [...loaded.records];
    this.#signed = loaded.signed;
    this.#end = loaded.end;
    this.lease = backend.createLease(() => this.#exclusively(() => this.#synchronise()));
  }

  /** Loads and verifies a migrated store. @throws KeeperError `StoreCorrupt`, `StoreUnavailable`, `StoreFailed` */
  static async load(backend: StoreBackend, now: () => number): Promise<SqlStore> {
    return new SqlStore(backend, now, await loadStore(backend));
  }

  get kind(): Store["kind"] {
    return this.#backend.kind;
  }

  /** What messages call it: the file, or the database and its schema, without secrets. */
  get place(): string {
    return this.#backend.place;
  }

  records(): readonly StoreRecord[] {
    return this.#records;
  }

  async append(kind: string, body: unknown): Promise<void> {
    this.#checkUsable();
    if (!KIND.test(kind)) {
      const message = `a record's kind is a word of lower-case letters, digits and hyphens, not ${JSON.stringify(kind)}`;
      throw new KeeperError("JournalBodyInvalid", message, { path: "kind" });
    }
    const bodyText = encodeBody(body);
    const signature = signatureOf(kind, body);
    if (signature !== null) {
      const durable = this.#signed.find(signature);
      const waiting = this.#waiting.find(({ signature: other }) => other !== null && isSameBlock(other, signature));
      const root = durable?.books_root ?? waiting?.signature?.books_root;
      if (root !== undefined && root !== signature.books_root) throw SignedRoots.secondRoot(signature, root);
      if (root !== undefined) return waiting?.durable;
    }
    const { promise: durable, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ at: this.#now(), kind, bodyText, signature, durable, resolve, reject });
    void this.#flush();
    return durable;
  }

  async refresh(): Promise<readonly StoreRecord[]> {
    this.#checkUsable();
    if (this.kind === "sqlite") return [];
    await this.#exclusively(() => this.#synchronise());
    const news = this.#news;
    this.#news = [];
    return news;
  }

  close(): Promise<void> {
    this.#closing ??= this.#exclusively(async () => {
      await this.lease.release().catch(() => undefined);
      await this.#backend.close();
    });
    return this.#closing;
  }

  #checkUsable(): void {
    if (this.#closing !== undefined) throw new KeeperError("StoreClosed", `${this.#backend.place} is closed`);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    try {
      await before;
      return await action();
    } catch (error: unknown) {
      throw this.#backend.translate(error);
    } finally {
      resolve();
    }
  }

  async #flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    await this.#exclusively(async () => {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.slice(0, MAX_BATCH);
        const outcomes = await this.#commit(batch);
        // Until here a second root for a block that waits was seen to be one.
        this.#waiting.splice(0, batch.length);
        for (const [index, outcome] of outcomes.entries()) {
          if (outcome === null) batch[index]?.resolve();
          else batch[index]?.reject(outcome);
        }
      }
      this.#isFlushing = false;
    });
  }

  /** Null for each append that is durable, else why it is not. Never rejects. */
  async #commit(batch: readonly Waiting[]): Promise<(KeeperError | null)[]> {
    try {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#writeUntilAnswered(batch);
      return batch.map(() => null);
    } catch (error: unknown) {
      const fault = this.#backend.translate(error);
      if (fault.code === "SecondRoot" && batch.length > 1) {
        const outcomes: (KeeperError | null)[] = [];
        for (const one of batch) outcomes.push(...(await this.#commit([one])));
        return outcomes;
      }
      // What the disk holds after a failed write is not known.
      if (fault.code === "StoreFailed" || fault.code === "StoreCorrupt") this.#failure = fault;
      return batch.map(() => fault);
    }
  }

  /**
   * A transaction whose answer was lost may have been committed, now or a little later: only the head tells, and it is
   * looked at before the same rows are written again.
   */
  async #writeUntilAnswered(waiting: readonly Waiting[]): Promise<void> {
    const deadline = performance.now() + this.#backend.retryMs;
    let batch: Batch | undefined;
    for (let waitMs: number = RETRY_MIN_MS; ; waitMs = Math.min(2 * waitMs, RETRY_MAX_MS)) {
      try {
        if (this.#isUncertain) {
          await this.#synchronise(batch?.end.chain);
          this.#isUncertain = false;
          if (batch !== undefined && this.#end.chain === batch.end.chain) return;
        }
        batch = this.#seal(waiting);
        await this.#write(batch);
        this.#take(batch);
        return;
      } catch (error: unknown) {
        const fault = this.#backend.translate(error);
        if (fault.code !== "StoreUnavailable") throw fault;
        this.#isUncertain = true;
        if (performance.now() + waitMs > deadline) throw fault;
      }
      await delay(waitMs);
    }
  }

  #seal(waiting: readonly Waiting[]): Batch {
    const signatures: SignatureRow[] = [];
    let { count, chain } = this.#end;
    const rows = waiting.map(({ at, kind, bodyText, signature }) => {
      count += 1;
      const row = { seq: count, at, kind, body: bodyText };
      chain = chainValue(chain, row);
      if (signature !== null) signatures.push({ ...signature, seq: count });
      return { ...row, chain };
    });
    return { rows, signatures, end: { count, chain } };
  }

  /** One transaction: the lease holds, the head is where this store left it, and nothing of it was signed otherwise. */
  #write({ rows, signatures, end }: Batch): Promise<void> {
    const { db } = this.#backend;
    return db.transaction().execute(async (transaction) => {
      await this.lease.check(transaction);
      const move = transaction.updateTable("head").set({ count: end.count, chain: end.chain }).where("id", "=", 1);
      const from = this.#end;
      const moved = await move.where("count", "=", from.count).where("chain", "=", from.chain).executeTakeFirst();
      if (moved.numUpdatedRows !== 1n) throw this.#headMoved();
      await transaction.insertInto("journal").values(rows).execute();
      for (const row of signatures) {
        const insert = transaction
          .insertInto("signatures")
          .values(row)
          .onConflict((conflict) => conflict.doNothing());
        const { numInsertedOrUpdatedRows } = await insert.executeTakeFirst();
        if (numInsertedOrUpdatedRows === 1n) continue;
        const { chain_id, block_hash } = row;
        const query = transaction.selectFrom("signatures").select("books_root").where("chain_id", "=", chain_id);
        const other = await query.where("block_hash", "=", block_hash).executeTakeFirst();
        throw SignedRoots.secondRoot(row, other?.books_root ?? "unknown");
      }
    });
  }

  /** Takes over what the database has beyond this store's end. */
  async #synchronise(ownChain?: string): Promise<void> {
    const { db, place } = this.#backend;
    const read = db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only");
    const { records, signatures, end } = await read.execute((transaction) =>
      readRecords(transaction, place, this.#end),
    );
    for (const row of signatures) {
      if (this.#signed.find(row) !== undefined) throw corrupt(place, "journal", row.seq, "it is a second signature");
    }
    for (const record of records) this.#records.push(record);
    for (const row of signatures) this.#signed.add(row);
    if (end.chain !== ownChain) this.#news.push(...records);
    this.#end = end;
  }

  #take({ rows, signatures, end }: Batch): void {
    for (const { seq, at, kind, body } of rows) {
      this.#records.push(Object.freeze({ seq, at, kind, body: decodeBody(body) }));
    }
    for (const row of signatures) this.#signed.add(row);
    this.#end = end;
  }

  /** The holder of the lease alone writes: on PostgreSQL it was an own transaction whose answer was lost. */
  #headMoved(): KeeperError {
    const { place } = this.#backend;
    if (this.kind === "sqlite") return corrupt(place, "head", null, "another program has written to the store");
    const message = `${place} has more records than this replica knows; they are read before the next try`;
    return new KeeperError("StoreUnavailable", message, { place });
  }
}

function isSameBlock(one: Omit<SignatureRow, "seq">, other: Omit<SignatureRow, "seq">): boolean {
  return one.chain_id === other.chain_id && one.block_hash === other.block_hash;
}
