import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";

import { cleanText } from "../alerts/plan/cleanText.ts";
import { chainOf } from "../config/chainOf.ts";
import { loadDeployment } from "../config/deployment.ts";
import type { KeeperConfig } from "../config/KeeperConfig.ts";
import { loadKeeperConfig } from "../config/loadKeeperConfig.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { BackupManifest } from "../store/backup/manifest.ts";
import { readBackup } from "../store/backup/readBackup.ts";
import { restoreStore } from "../store/backup/restoreStore.ts";
import { acquireLock, LOCK_FILE_NAME } from "../store/lockFile.ts";
import type { CommandContext } from "./CommandContext.ts";
import { confirm } from "./confirm.ts";
import { describeTime } from "./describeTime.ts";
import { EXIT } from "./exitCodes.ts";

const MAX_TEXT = 400;

/**
 * `lockstep restore <file>`: makes the data directory of a backup in an empty one. The keeper is latched then, until a person has made sure
 * that nothing was signed with its keys since that could be signed against: see docs/decisions/0043-backups.md.
 *
 * @throws KeeperError `DirectoryNotEmpty`, `DataDirectoryLocked`, `StoreNotEmpty`, `BackupOtherChain`, `NotConfirmed`, and those of `readBackup`
 */
export async function restoreBackup(
  flags: Readonly<Record<string, unknown>>,
  context: CommandContext,
  file: string,
): Promise<number> {
  const { config } = loadKeeperConfig({ flags, env: context.env });
  const manifest = await readBackup(file);
  checkChain(manifest, config, file);
  const { dataDirectory } = config;
  const wasThere = existsSync(dataDirectory);
  const lock = await acquireLock(dataDirectory);
  let [hasBegun, isDone] = [false, false];
  try {
    const found = await filesIn(dataDirectory);
    if (found.length > 0) {
      const message = `${dataDirectory} is not empty (${found.slice(0, 3).join(", ")}): name an empty --data-directory; what a keeper there signed must not be lost`;
      throw new KeeperError("DirectoryNotEmpty", message, { dataDirectory });
    }
    await confirm(describe(manifest, context.wallNow()), flags["yes"] === true, context);
    const { at, records, newestSigned } = manifest;
    const detail = latchDetail(manifest);
    const more = [
      { kind: "restored", body: { backupAt: at, records, newestSigned, by: userInfo().username } },
      { kind: "latch", body: { detail } },
    ];
    hasBegun = true;
    const restored = await restoreStore(config, file, { now: context.wallNow, records: more });
    isDone = true;
    const text = `restored ${restored.place}. It is latched: ${detail}`;
    context.stdout.write(`${config.json ? JSON.stringify({ ...restored, latch: detail, manifest }) : text}\n`);
    return EXIT.clean;
  } finally {
    // The directory was empty: what is there now is half of a backup.
    if (hasBegun && !isDone) {
      for (const name of await filesIn(dataDirectory)) await rm(join(dataDirectory, name), { recursive: true });
    }
    await lock.release();
    if (!isDone && !wasThere) await rm(dataDirectory, { recursive: true, force: true });
  }
}

async function filesIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => !name.startsWith(LOCK_FILE_NAME));
}

/** @throws KeeperError `BackupOtherChain` */
function checkChain({ chainId, genesisHash }: BackupManifest, config: KeeperConfig, file: string): void {
  if (chainId === null) return;
  const wanted = config.deployment === undefined ? chainId : loadDeployment(config.deployment).chainId;
  const expected = chainOf(wanted, config).genesisHash;
  if (wanted === chainId && (expected === null || expected === genesisHash)) return;
  const settings = expected === null ? `chain ${wanted}` : `chain ${wanted} with block 0 ${expected}`;
  const message = `${file} is of chain ${chainId} with block 0 ${genesisHash}, the settings are of ${settings}: what was signed on one says nothing of another`;
  throw new KeeperError("BackupOtherChain", message, { chainId, genesisHash, wanted, expected });
}

function describe(manifest: BackupManifest, nowMs: number): string {
  const { at, chainId, records, newestSigned, keys } = manifest;
  const hours = Math.max(0, (nowMs - at) / 3_600_000);
  const age = hours < 48 ? `${hours.toFixed(1)} hours` : `${Math.round(hours / 24)} days`;
  const signed = newestSigned === null ? "no signature of a block" : `signatures up to block ${newestSigned}`;
  const whose = Object.entries(keys).map(([role, address]) => `${role} ${address}`);
  const of = whose.length === 0 ? "" : ` of ${cleanText(whose.join(", "), MAX_TEXT)}`;
  return [
    `The backup${of}, chain ${chainId ?? "unknown"}, is ${age} old: ${records} records, ${signed}.`,
    "What the keeper signed, sent and was told since then is forgotten. The keeper starts latched.",
  ].join(" ");
}

/** What stands in the way of a start, and what a person has to know before it is cleared. */
function latchDetail({ at, newestSigned, latch }: BackupManifest): string {
  const since = newestSigned === null ? "" : ` after block ${newestSigned}`;
  const before =
    latch === null ? "" : `. It was latched already when the backup was made: ${cleanText(latch, MAX_TEXT)}`;
  return (
    `restored from a backup of ${describeTime(at)}: what was signed${since} since then is not known here. Before this is cleared: ` +
    "the keeper that the backup is of runs nowhere any more; all its peers answer, who know what it signed; and its sources are level " +
    `with the chain's head, below which nothing is signed after a start${before}`
  );
}
