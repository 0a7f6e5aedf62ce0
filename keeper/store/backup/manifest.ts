import { KeeperError } from "../../errors/KeeperError.ts";

/** What a backup holds, and of whom. No part of it is a secret. */
export interface BackupManifest {
  /** The version of Lockstep that wrote it. */
  readonly build: string;
  /** Wall-clock milliseconds. */
  readonly at: number;
  /** Of the chain that the store is bound to; null where it is bound to none yet. */
  readonly chainId: number | null;
  readonly genesisHash: string | null;
  /** Addresses of the keeper's keys, by what they are for, as far as the settings told them. */
  readonly keys: Readonly<Record<string, string>>;
  readonly records: number;
  /** The seal of the last record and all before it. */
  readonly chain: string;
  /** Wall-clock milliseconds of the newest record; null where there is none. */
  readonly newestAt: number | null;
  /** The highest block of which roots were signed; null where none were, or where no record says it. */
  readonly newestSigned: number | null;
  /** Why the keeper is latched; null where it is not. */
  readonly latch: string | null;
  readonly parts: readonly BackupPart[];
}

/** One piece of a backup. */
export interface BackupPart {
  /** `journal`, several times in order, or the path of a file below the data directory. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The name of the pieces that hold records. */
export const JOURNAL_PART = "journal";
/** The first line of a backup of this version. */
export const FIRST_LINE = "lockstep-backup 1";
/** Most records of one piece, in bytes. */
export const MAX_JOURNAL_PART = 256 * 1024 * 1024;
/** Longest line that is no record: the manifest names every piece. */
export const MAX_LINE = 16 * 1024 * 1024;

const SEGMENT = /^(?!\.{1,2}$)[\w.-]{1,128}$/;
const FOLDERS: ReadonlySet<string> = new Set(["snapshots", "evidence"]);
const MAX_DEPTH = 6;

/** Whether a name is that of a file which a restore may write: below the folders of a data directory that hold no journal. */
export function isFileName(name: string): boolean {
  const segments = name.split("/");
  const isDeep = segments.length > 1 && segments.length <= MAX_DEPTH;
  return isDeep && FOLDERS.has(segments[0] ?? "") && segments.every((segment) => SEGMENT.test(segment));
}

/** The refusal of a file that was changed, or that was damaged. */
export function altered(path: string, reason: string): KeeperError {
  const message = `${path} was altered after it was written, or is damaged: ${reason}. Nothing may be restored from it: use another backup`;
  return new KeeperError("BackupAltered", message, { path, reason });
}

/** The refusal of a file that ends too early. */
export function truncated(path: string): KeeperError {
  const message = `${path} ends before its end: it was not copied whole, or the disk was full. Copy it again, or use another backup`;
  return new KeeperError("BackupTruncated", message, { path });
}
