import type { DatabaseSync, SQLInputValue } from "node:sqlite";

import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from "kysely";

/**
 * Kysely over the SQLite that is built into Node. One connection, whose calls return when SQLite has; Kysely makes
 * transactions wait for each other. One that may write takes the lock for writing at its begin.
 */
export class NodeSqliteDialect implements Dialect {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  createDriver(): Driver {
    return new NodeSqliteDriver(this.#database);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new SqliteAdapter();
  }

  createIntrospector(db: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(db);
  }
}

class NodeSqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connection: DatabaseConnection;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#connection = new NodeSqliteConnection(database);
  }

  async init(): Promise<void> {
    // The database is open already.
  }

  acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(this.#connection);
  }

  async beginTransaction(_: DatabaseConnection, { accessMode }: TransactionSettings): Promise<void> {
    await this.#run(accessMode === "read only" ? "begin" : "begin immediate");
  }

  commitTransaction(): Promise<void> {
    return this.#run("commit");
  }

  /** After some failures, such as a full disk, SQLite has rolled back by itself. */
  async rollbackTransaction(): Promise<void> {
    if (this.#database.isTransaction) await this.#run("rollback");
  }

  async releaseConnection(): Promise<void> {
    // There is one connection, and it stays.
  }

  destroy(): Promise<void> {
    return settle(() => this.#database.close());
  }

  #run(text: string): Promise<void> {
    return settle(() => this.#database.exec(text));
  }
}

class NodeSqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    return settle(() => {
      const statement = this.#database.prepare(sql);
      const values = parameters as readonly SQLInputValue[];
      if (statement.columns().length > 0) return { rows: statement.all(...values) as R[] };
      const { changes } = statement.run(...values);
      return { numAffectedRows: BigInt(changes), rows: [] };
    });
  }

  streamQuery(): never {
    throw new Error("this connection does not stream");
  }
}

/** What a call that does not wait returns or throws, as a promise. */
function settle<T>(call: () => T): Promise<T> {
  return new Promise((resolve) => resolve(call()));
}
