import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openPostgresStore } from "../keeper/store/postgres/openPostgresStore.ts";
import { openSqliteStore } from "../keeper/store/sqlite/openSqliteStore.ts";
import type { Store } from "../keeper/store/Store.ts";
import { startPostgres } from "../test/helpers/postgres.ts";

/**
 * `node bench/store.ts`: what a durable record costs in each database, as a keeper writes it: the latency of one append
 * after another, and how many a second when many wait at once. Both sync the disk that holds the temporary folder.
 */

const SINGLE = 500;
const AT_ONCE = 5_000;

/** The intent of a pause is about as long. */
const BODY = { incidentId: `0x${"ab".repeat(32)}`, nonce: 7n, attempt: 0, evidenceHash: `0x${"cd".repeat(32)}` };

async function measure(store: Store): Promise<void> {
  const latencies: number[] = [];
  for (let count = 0; count < SINGLE; count++) {
    const startedAt = performance.now();
    await store.append("pause-intent", BODY);
    latencies.push(performance.now() - startedAt);
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number): string => (latencies[Math.floor(share * SINGLE)] ?? NaN).toFixed(2);
  const perSecond = (count: number, ms: number): string => Math.round((count * 1_000) / ms).toLocaleString("en");
  const alone = perSecond(
    SINGLE,
    latencies.reduce((sum, ms) => sum + ms, 0),
  );
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, () => store.append("pause-intent", BODY)));
  const together = perSecond(AT_ONCE, performance.now() - startedAt);
  console.log(
    `${store.kind.padEnd(10)}  one append: median ${at(0.5)} ms, p99 ${at(0.99)} ms, ${alone} a second; ` +
      `${AT_ONCE.toLocaleString("en")} at once: ${together} a second`,
  );
}

const directory = await mkdtemp(join(tmpdir(), "lockstep-bench-store-"));
const server = await startPostgres();
try {
  const stores = [
    await openSqliteStore({ directory, now: Date.now }),
    await openPostgresStore({ url: server.url, schema: "bench", now: Date.now, leaseTtlMs: 600_000 }),
  ];
  for (const store of stores) {
    await store.lease.tryAcquire();
    await measure(store);
    const startedAt = performance.now();
    await store.close();
    const isSqlite = store.kind === "sqlite";
    const options = { url: server.url, schema: "bench", now: Date.now };
    const again = await (isSqlite ? openSqliteStore({ directory, now: Date.now }) : openPostgresStore(options));
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(2);
    console.log(
      `${store.kind.padEnd(10)}  opened and verified ${again.records().length.toLocaleString("en")} records in ${seconds} s`,
    );
    await again.close();
  }
} finally {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
