import { existsSync } from "node:fs";
import { userInfo } from "node:os";

import { loadKeeperConfig } from "../config/loadKeeperConfig.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { readLatch, type Latch } from "../readLatch.ts";
import { acquireLock } from "../store/lockFile.ts";
import { openStore } from "../store/openStore.ts";
import type { Store } from "../store/Store.ts";
import type { CommandContext } from "./CommandContext.ts";
import { confirm } from "./confirm.ts";
import { describeTime } from "./describeTime.ts";
import { EXIT } from "./exitCodes.ts";

type Flags = Readonly<Record<string, unknown>>;

/** `lockstep latch show`: whether the keeper of a data directory has latched itself, and why. Exit 3 when it has. */
export async function showLatch(flags: Flags, context: CommandContext): Promise<number> {
  const { config } = loadKeeperConfig({ flags, env: context.env });
  return withStore(config, (store) => {
    const latch = readLatch(store.records());
    context.stdout.write(config.json ? `${JSON.stringify({ latch })}\n` : `${describe(latch)}\n`);
    return Promise.resolve(latch === null ? EXIT.clean : EXIT.latched);
  });
}

/**
 * `lockstep latch clear --reason`: lets the keeper start again, when a person has found out why it stopped.
 *
 * @throws KeeperError `NothingLatched`
 */
export async function clearLatch(flags: Flags, context: CommandContext): Promise<number> {
  const { config } = loadKeeperConfig({ flags, env: context.env });
  const reason = String(flags["reason"]).trim();
  if (reason === "") throw new KeeperError("ReasonMissing", "--reason is empty: say what was found out");
  return withStore(config, async (store) => {
    const latch = readLatch(store.records());
    if (latch === null) throw new KeeperError("NothingLatched", `the keeper of ${store.place} is not latched`);
    await confirm(`${describe(latch)}. Clear it?`, flags["yes"] === true, context);
    await store.append("latch-cleared", { latch: latch.seq, reason, by: userInfo().username });
    const cleared = { cleared: latch.seq, reason };
    const text = `cleared: the keeper may be started again; record ${latch.seq} and the reason stay in ${store.place}`;
    context.stdout.write(`${config.json ? JSON.stringify(cleared) : text}\n`);
    return EXIT.clean;
  });
}

function describe(latch: Latch | null): string {
  if (latch === null) return "not latched";
  return `latched since ${describeTime(latch.at)} (record ${latch.seq}): ${latch.detail}`;
}

/** Opens the store of a keeper that is not running, under its lock. */
async function withStore(
  config: Parameters<typeof openStore>[0],
  use: (store: Store) => Promise<number>,
): Promise<number> {
  const { dataDirectory } = config;
  if (!existsSync(dataDirectory)) {
    const message = `${dataDirectory} does not exist: name the --data-directory of the keeper`;
    throw new KeeperError("DataDirectoryMissing", message, { dataDirectory });
  }
  const lock = await acquireLock(dataDirectory);
  try {
    const store = await openStore(config);
    try {
      if (!(await store.lease.tryAcquire())) {
        const message = `another replica of this keeper leads on ${store.place}: stop it first`;
        throw new KeeperError("NotLeading", message, { place: store.place });
      }
      return await use(store);
    } finally {
      await store.lease.release();
      await store.close();
    }
  } finally {
    await lock.release();
  }
}
