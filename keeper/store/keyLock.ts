import { lstat } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

import { messageOf } from "../lib/messageOf.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { Address, Hash } from "../lib/hex.ts";
import { LOCK_FILES } from "./LockFiles.ts";
import { acquireLock, type DirectoryLock } from "./lockFile.ts";

/** What a key is used for: one keeper at a time, or two would use its nonces, and sign against each other. */
export interface KeyUse {
  readonly chainId: number;
  /** Tells development chains with one id apart; null for a public chain. */
  readonly genesisHash: Hash | null;
  readonly address: Address;
}

/**
 * Takes a key for this process, on this host and for this user; keepers on other hosts are not seen. Held until it is
 * released or the process ends. Replicas that share one store on PostgreSQL share their keys too: they hold the lease.
 *
 * @param directory of the locks, made if it is missing; for nobody else
 * @throws KeeperError `KeyInUse` with the other process in `pid` and `host`; `KeyLockFailed`
 */
export async function acquireKeyLock(use: KeyUse, directory = defaultDirectory()): Promise<DirectoryLock> {
  const { chainId, genesisHash, address } = use;
  await checkDirectory(directory);
  const name = `${[chainId, genesisHash, address].filter((part) => part !== null).join("-")}.lock`;
  try {
    return await acquireLock(directory, LOCK_FILES, name);
  } catch (error: unknown) {
    if (!KeeperError.is(error, "DataDirectoryLocked")) throw failed(directory, error);
    const { pid, host, path } = error.payload;
    const who = typeof pid === "number" ? `process ${pid} on ${String(host)}` : "another process";
    const message =
      `the key of ${address} is in use for chain ${chainId} by ${who}; two keepers must not share a key. ` +
      `Stop that keeper, or give this one a key of its own. If it is certain that none runs, remove ${String(path)}`;
    throw new KeeperError("KeyInUse", message, { address, chainId, pid, host, path }, { cause: error });
  }
}

function defaultDirectory(): string {
  return join(tmpdir(), `lockstep-keys-${userInfo().uid}`);
}

/** In a folder that everybody may write to, somebody else may have made ours first. */
async function checkDirectory(directory: string): Promise<void> {
  try {
    await LOCK_FILES.makeDirectory(directory);
    const { uid, mode } = await lstat(directory).then((found) => {
      if (!found.isDirectory()) throw new Error("it is not a directory");
      return found;
    });
    const own = process.getuid?.() ?? uid;
    if (uid !== own || (mode & 0o022) !== 0) throw new Error("others may write to it");
  } catch (error: unknown) {
    throw failed(directory, error);
  }
}

function failed(directory: string, error: unknown): KeeperError {
  const reason = messageOf(error);
  const message = `${directory}, which shows the keys in use on this host, cannot be used: ${reason}`;
  return new KeeperError("KeyLockFailed", message, { directory, reason }, { cause: error });
}
