import { writeSync } from "node:fs";

import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { openPostgresStore } from "../../../keeper/store/postgres/openPostgresStore.ts";
import { openSqliteStore } from "../../../keeper/store/sqlite/openSqliteStore.ts";
import type { SqlStore } from "../../../keeper/store/SqlStore.ts";
import { interrupted } from "./testMigrations.ts";

/**
 * A process of its own that uses a store: `childMain.ts <task> sqlite <directory>` or
 * `childMain.ts <task> postgresql <url> <schema> <leaseTtlMs>`. Tells what it does, one word or number a line.
 */

/** At once, so that a kill loses nothing that was told. */
function tell(line: string | number): void {
  writeSync(1, `${line}\n`);
}

function standStill(): readonly string[] {
  tell("midway");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return [];
}

function open(task: string, [kind, place = "", schema = "", ttl = "3000"]: readonly string[]): Promise<SqlStore> {
  const more = { now: Date.now, ...(task === "migrate" ? { migrations: interrupted(standStill) } : {}) };
  if (kind === "sqlite") return openSqliteStore({ directory: place, ...more });
  return openPostgresStore({ url: place, schema, leaseTtlMs: Number(ttl), ...more });
}

/** Appends numbers, some at a time, from the one after the newest; tells each once it is durable. */
async function write(store: SqlStore): Promise<void> {
  let next = store.records().length + 1;
  for (;;) {
    const group = Array.from({ length: 1 + (next % 3) }, () => next++);
    await Promise.all(group.map((number) => store.append("number", { number, filler: "x".repeat(200) })));
    tell(group.at(-1) ?? 0);
  }
}

/** Leads when it can, and writes a few records each time; ends when it is told to. */
async function compete(store: SqlStore): Promise<void> {
  const end = new AbortController();
  process.stdin.on("data", () => end.abort());
  let count = 0;
  while (!end.signal.aborted) {
    try {
      if (!(await store.lease.tryAcquire())) continue;
      for (let turn = 0; turn < 5; turn++) {
        await store.append("turn", { pid: process.pid, count: count + 1, token: store.lease.token });
        count += 1;
      }
      if (count % 2 === 0) await store.lease.release();
    } catch (error: unknown) {
      if (!KeeperError.is(error, "StoreFenced")) throw error;
    }
  }
  tell(count);
}

async function main([task = "", ...place]: readonly string[]): Promise<void> {
  const store = await open(task, place);
  try {
    if (task === "compete") {
      await compete(store);
      return;
    }
    await store.lease.tryAcquire();
    tell("open");
    await write(store);
  } catch (error: unknown) {
    tell(KeeperError.is(error) ? error.code : String(error));
  } finally {
    await store.close();
  }
}

if (process.argv[1] === import.meta.filename) {
  await main(process.argv.slice(2)).catch((error: unknown) => tell(KeeperError.is(error) ? error.code : String(error)));
}
