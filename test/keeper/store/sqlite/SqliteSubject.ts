import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { Migration } from "../../../../keeper/store/migrations.ts";
import { openSqliteStore } from "../../../../keeper/store/sqlite/openSqliteStore.ts";
import type { SqlStore } from "../../../../keeper/store/SqlStore.ts";
import type { StoreSubject } from "../StoreSubject.ts";

/** A store in a data directory of its own. */
export class SqliteSubject implements StoreSubject {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(parent = tmpdir()): Promise<SqliteSubject> {
    return new SqliteSubject(await mkdtemp(join(parent, "lockstep-store-")));
  }

  get file(): string {
    return join(this.directory, "store.sqlite");
  }

  get childArguments(): readonly string[] {
    return ["sqlite", this.directory];
  }

  open(migrations?: readonly Migration[]): Promise<SqlStore> {
    return openSqliteStore({ directory: this.directory, now: Date.now, ...(migrations && { migrations }) });
  }

  tamper(statements: string): Promise<void> {
    const database = new DatabaseSync(this.file);
    database.exec(statements);
    database.close();
    return Promise.resolve();
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }
}
