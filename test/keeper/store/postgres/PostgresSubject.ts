import { Client } from "pg";

import type { Migration } from "../../../../keeper/store/migrations.ts";
import { openPostgresStore } from "../../../../keeper/store/postgres/openPostgresStore.ts";
import type { SqlStore } from "../../../../keeper/store/SqlStore.ts";
import type { StoreSubject } from "../StoreSubject.ts";

let count = 0;

/** A store in a schema of its own of a server that the tests share. */
export class PostgresSubject implements StoreSubject {
  readonly schema: string;
  readonly #url: string;
  readonly #leaseTtlMs: number;

  constructor(url: string, leaseTtlMs = 3_000, schema = `keeper_${(count += 1)}`) {
    this.schema = schema;
    this.#url = url;
    this.#leaseTtlMs = leaseTtlMs;
  }

  get childArguments(): readonly string[] {
    return ["postgresql", this.#url, this.schema, String(this.#leaseTtlMs)];
  }

  async open(migrations?: readonly Migration[]): Promise<SqlStore> {
    const store = await this.standBy(migrations);
    // A process that was killed holds the lease until its time is over.
    while (!(await store.lease.tryAcquire())) await new Promise((resolve) => setTimeout(resolve, 20));
    return store;
  }

  /** Opens it without taking the lead. */
  standBy(migrations?: readonly Migration[], retryMs = 5_000): Promise<SqlStore> {
    const options = { url: this.#url, schema: this.schema, leaseTtlMs: this.#leaseTtlMs, retryMs, now: Date.now };
    return openPostgresStore({ ...options, ...(migrations && { migrations }) });
  }

  /** A connection behind the store's back, which the caller ends. */
  async connect(): Promise<Client> {
    const client = new Client({ connectionString: this.#url, options: `-c search_path=${this.schema}` });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  }

  async tamper(statements: string): Promise<void> {
    const client = await this.connect();
    try {
      await client.query(statements);
    } finally {
      await client.end();
    }
  }

  remove(): Promise<void> {
    return this.tamper(`drop schema if exists ${this.schema} cascade`);
  }
}
