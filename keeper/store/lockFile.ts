import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { KeeperError } from "../errors/KeeperError.ts";
import type { LockFiles } from "./LockFiles.ts";
import { LOCK_FILES } from "./LockFiles.ts";

/** Name of the lock in its directory. */
export const LOCK_FILE_NAME = "keeper.lock";

/** A data directory that belongs to this process. */
export interface DirectoryLock {
  readonly path: string;
  /** Gives the directory back. Idempotent; never removes somebody else's lock. */
  release(): Promise<void>;
}

/** Who holds a lock. */
interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** When the process started, as the kernel counts it; tells a process from a later one with the same id. */
  readonly startTicks: string | null;
  readonly token: string;
}

/** One lock file; its owner is undefined when the file is damaged. */
interface LockFile {
  readonly file: string;
  readonly owner: LockOwner | undefined;
}

/** How often to start over when others take and give back the lock at the same time. */
const MAX_ATTEMPTS = 20;

/**
 * Takes the exclusive lock on a data directory, which is made if it is missing; or, by another name, on something else
 * that has its locks there.
 *
 * A lock appears complete or not at all (a hard link to a finished file). One whose process is gone is taken over:
 * gone means that no process on this host has its id, or that the one which has it started at another time, as after
 * a reboot or in a restarted container. Of another host nothing can be known, so its lock is respected.
 *
 * A dead lock is not removed first, for a slower rival could then remove the lock that replaced it. It is succeeded:
 * the file `keeper.lock.after-<token of the dead>` can be made by one process only, and whoever is last in the chain
 * from `keeper.lock` holds the directory. The new holder shortens the chain to itself.
 *
 * @throws KeeperError `DataDirectoryLocked` with the other process in `pid` and `host`.
 */
export async function acquireLock(
  directory: string,
  files: LockFiles = LOCK_FILES,
  name: string = LOCK_FILE_NAME,
): Promise<DirectoryLock> {
  await files.makeDirectory(directory);
  const path = join(directory, name);
  const token = randomUUID();
  const owner: LockOwner = { pid: process.pid, host: hostname(), startTicks: startTicksOf(process.pid), token };
  const draft = `${path}.draft-${token}`;
  await files.create(draft, `${JSON.stringify(owner)}\n`);
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const before = await readChain(path, files);
      const last = before.at(-1);
      if (last !== undefined && !isGone(last.owner)) throw locked(directory, path, last.owner);
      const own = last === undefined ? path : successorOf(path, last.owner);
      if (!(await files.tryLink(draft, own))) continue;
      const after = await readChain(path, files);
      if (after.at(-1)?.owner?.token !== token) {
        // The chain was shortened while it was read: the link hangs on a lock that is no longer in it.
        await files.remove(own);
        continue;
      }
      if (own !== path) await shorten(path, draft, after, files);
      return { path, release: () => release(path, token, files) };
    }
    throw locked(directory, path, undefined);
  } finally {
    await files.remove(draft);
  }
}

async function release(path: string, token: string, files: LockFiles): Promise<void> {
  const found = await readOwner(path, files);
  if (found?.owner?.token === token) await files.remove(path);
}

/** The head is replaced before the links behind it go, so that nobody can take a removed link for a free place. */
async function shorten(path: string, draft: string, chain: readonly LockFile[], files: LockFiles): Promise<void> {
  await files.replace(draft, path);
  for (const { file } of chain.slice(1)) await files.remove(file);
}

/** The lock and its successors, oldest first. Empty when the directory is free. */
async function readChain(path: string, files: LockFiles): Promise<LockFile[]> {
  const chain: LockFile[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const found = await readOwner(next, files);
    if (found === undefined) break;
    chain.push(found);
    next = found.owner === undefined ? undefined : successorOf(path, found.owner);
  }
  return chain;
}

function successorOf(path: string, owner: LockOwner | undefined): string {
  return `${path}.after-${owner?.token ?? "nobody"}`;
}

/** What a lock file says, or undefined when there is none. */
async function readOwner(file: string, files: LockFiles): Promise<LockFile | undefined> {
  const text = await files.read(file);
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<LockOwner> | null;
    const hasPid = Number.isSafeInteger(value?.pid) && Number(value?.pid) > 0;
    const isOwner = hasPid && typeof value?.host === "string" && /^[\w-]{1,64}$/.test(String(value.token));
    return { file, owner: isOwner ? (value as LockOwner) : undefined };
  } catch {
    return { file, owner: undefined };
  }
}

/** A damaged lock says nothing about its owner, so that it is respected and a person has to look. */
function isGone(owner: LockOwner | undefined): boolean {
  if (owner === undefined || owner.host !== hostname()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error: unknown) {
    if (errorCode(error) === "ESRCH") return true;
  }
  const startTicks = startTicksOf(owner.pid);
  return startTicks !== null && owner.startTicks !== null && startTicks !== owner.startTicks;
}

/** Field 22 of `/proc/<pid>/stat` (proc(5)) with the boot's id; null where there is no such file. */
function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The second field is the program's name in parentheses and may hold spaces.
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return ticks === undefined ? null : `${bootId}:${ticks}`;
  } catch {
    return null;
  }
}

function locked(directory: string, path: string, owner: LockOwner | undefined): KeeperError {
  const who = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
  const message =
    `${directory} is in use by ${who}; two keepers must not share a data directory. ` +
    `Stop that keeper, or choose another --data-directory. If it is certain that none runs, remove ${path}`;
  return new KeeperError("DataDirectoryLocked", message, { directory, path, pid: owner?.pid, host: owner?.host });
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
