import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { messageOf } from "../../lib/messageOf.ts";
import { KeeperError } from "../../errors/KeeperError.ts";
import { decodeSnapshot, SnapshotEncoder, type Section } from "./snapshotFormat.ts";

/** A snapshot that is on disk, whole by its name; what is in it shows when it is read. */
export interface SnapshotFile {
  readonly name: string;
  /** Counts the snapshots of a directory: the newest has the highest. */
  readonly sequence: number;
  /** Height of its block. */
  readonly number: number;
}

const KEPT = 2;
const NAME = /^books-(\d{8})-(\d{1,12})\.snapshot$/;
const TAKEN = /^books-(\d{8})-\d+\.snapshot(?:\.refused)?$/;
const UNFINISHED = ".unfinished";
const REFUSED = ".refused";
/** A handful of small pieces are one write. */
const WRITE_SIZE = 1 << 18;

/**
 * The snapshots of a data directory: the last two, each of which appears under its name whole or not at all. The directory must
 * be locked by the caller.
 */
export class SnapshotStore {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Opens the directory, makes it if it is missing, and removes what was never finished. Throws `SnapshotFailed`. */
  static async open(directory: string): Promise<SnapshotStore> {
    const store = new SnapshotStore(directory);
    try {
      await mkdir(directory, { recursive: true });
      for (const name of await readdir(directory)) if (name.endsWith(UNFINISHED)) await rm(store.pathOf({ name }));
      // A kill between the new one and the removal of the oldest leaves one too many.
      await store.#prune();
      return store;
    } catch (error: unknown) {
      throw KeeperError.is(error) ? error : failed(directory, error);
    }
  }

  /** Where a snapshot lies. */
  pathOf({ name }: { readonly name: string }): string {
    return join(this.directory, name);
  }

  /** The snapshots that are there, newest first. Throws `SnapshotFailed`. */
  async list(): Promise<SnapshotFile[]> {
    const found: SnapshotFile[] = [];
    for (const name of await this.#names()) {
      const match = NAME.exec(name);
      if (match !== null) found.push({ name, sequence: Number(match[1]), number: Number(match[2]) });
    }
    return found.sort((one, other) => other.sequence - one.sequence);
  }

  /**
   * Writes a snapshot of a block: it is durable, and older ones than the last two are gone, when this resolves. What the sections
   * throw is thrown on, and nothing of the snapshot stays.
   *
   * @returns the file, and its length in bytes
   * @throws KeeperError `SnapshotFailed` when the disk refuses
   */
  async write(
    number: number,
    sections: Iterable<Section> | AsyncIterable<Section>,
  ): Promise<SnapshotFile & { readonly bytes: number }> {
    // What was put aside counts as well: no name comes twice.
    const taken = (await this.#names()).map((other) => Number(TAKEN.exec(other)?.[1] ?? 0));
    const sequence = Math.max(0, ...taken) + 1;
    const name = `books-${String(sequence).padStart(8, "0")}-${number}.snapshot`;
    const [path, draft] = [this.pathOf({ name }), this.pathOf({ name: `${name}${UNFINISHED}` })];
    try {
      const bytes = await writeWhole(draft, sections);
      await this.#attempt(async () => {
        await rename(draft, path);
        await this.#syncDirectory();
      });
      await this.#prune();
      return { name, sequence, number, bytes };
    } catch (error: unknown) {
      // Whatever it was, the next start removes what this cannot.
      await rm(draft, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Reads a snapshot.
   *
   * @throws KeeperError `SnapshotCorrupt`, `SnapshotVersion`, or `SnapshotFailed` when the disk refuses
   */
  async read(file: SnapshotFile): Promise<Section[]> {
    const path = this.pathOf(file);
    const bytes = await this.#attempt(() => readFile(path));
    return decodeSnapshot(path, bytes);
  }

  /** Puts a snapshot that must not be used again aside, for whoever wants to know; the last two such are kept. Returns where. */
  async setAside(file: SnapshotFile): Promise<string> {
    const aside = this.pathOf({ name: `${file.name}${REFUSED}` });
    await this.#attempt(() => rename(this.pathOf(file), aside));
    const refused = (await this.#names()).filter((name) => name.endsWith(REFUSED)).sort();
    for (const name of refused.slice(0, -KEPT)) {
      await this.#attempt(() => rm(this.pathOf({ name }), { force: true }));
    }
    return aside;
  }

  async #prune(): Promise<void> {
    for (const old of (await this.list()).slice(KEPT)) {
      await this.#attempt(() => rm(this.pathOf(old), { force: true }));
    }
  }

  #names(): Promise<string[]> {
    return this.#attempt(() => readdir(this.directory));
  }

  /** The name of a file is durable only when its directory is. */
  async #syncDirectory(): Promise<void> {
    const directory = await open(this.directory, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  async #attempt<Value>(act: () => Promise<Value>): Promise<Value> {
    try {
      return await act();
    } catch (error: unknown) {
      throw failed(this.directory, error);
    }
  }
}

/** Writes all sections into a new file and makes it durable; returns its length. What the sections throw is thrown on. */
async function writeWhole(path: string, sections: Iterable<Section> | AsyncIterable<Section>): Promise<number> {
  const encoder = new SnapshotEncoder();
  const handle = await refusable(path, open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600));
  try {
    let waiting = [encoder.start()];
    let [size, written] = [0, 0];
    for await (const section of sections) {
      const bytes = encoder.section(section);
      waiting.push(bytes);
      size += bytes.length;
      if (size < WRITE_SIZE) continue;
      written += await refusable(path, writeAll(handle, Buffer.concat(waiting)));
      [waiting, size] = [[], 0];
    }
    waiting.push(encoder.end());
    written += await refusable(path, writeAll(handle, Buffer.concat(waiting)));
    await refusable(path, handle.sync());
    return written;
  } finally {
    await refusable(path, handle.close());
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<number> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written);
    written += bytesWritten;
  }
  return bytes.length;
}

async function refusable<Value>(path: string, act: Promise<Value>): Promise<Value> {
  try {
    return await act;
  } catch (error: unknown) {
    throw failed(path, error);
  }
}

function failed(path: string, error: unknown): KeeperError {
  const reason = messageOf(error);
  return new KeeperError("SnapshotFailed", `the disk refused ${path}: ${reason}`, { path, reason }, { cause: error });
}
