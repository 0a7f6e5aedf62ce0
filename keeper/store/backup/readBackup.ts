import { createHash, type Hash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";

import { KeeperError } from "../../errors/KeeperError.ts";
import { checkHead, verifyRows } from "../readRecords.ts";
import { EMPTY_CHAIN, type ChainEnd } from "../recordChain.ts";
import type { JournalRow, SignatureRow } from "../tables.ts";
import { FIRST_LINE, JOURNAL_PART, MAX_JOURNAL_PART, MAX_LINE, altered, isFileName, truncated } from "./manifest.ts";
import type { BackupManifest, BackupPart } from "./manifest.ts";

/** What is told of a backup while it is read, in its order. */
export interface BackupHandlers {
  onRows(rows: readonly JournalRow[], signatures: readonly SignatureRow[]): Promise<void>;
  /** The file must be read to its end. */
  onFile(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

const CHUNK = 1 << 20;
const DIGEST = /^[0-9a-f]{64}$/;

/**
 * Reads a whole backup and verifies every byte of it: digests, the chain of the records, and what the manifest says. Told what it holds on
 * the way, so that only the end says whether that may be used.
 *
 * @throws KeeperError `BackupMissing`, `BackupInvalid` for another kind of file, `BackupVersion`, `BackupTruncated`, `BackupAltered`
 */
export async function readBackup(path: string, handlers: Partial<BackupHandlers> = {}): Promise<BackupManifest> {
  const file = await openBackup(path);
  try {
    return await new BackupReading(path, file, handlers).read();
  } catch (error: unknown) {
    if (KeeperError.is(error, "StoreCorrupt")) throw altered(path, error.message);
    throw error;
  } finally {
    await file.close();
  }
}

async function openBackup(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error: unknown) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new KeeperError("BackupMissing", `${path} cannot be read (${code}): name the file of a backup`, {
      path,
      code,
    });
  }
}

class BackupReading {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #handlers: Partial<BackupHandlers>;
  readonly #digest: Hash = createHash("sha256");
  readonly #parts: BackupPart[] = [];
  /** Read and not used yet. */
  #rest: Buffer = Buffer.alloc(0);
  #end: ChainEnd = EMPTY_CHAIN;

  constructor(path: string, file: FileHandle, handlers: Partial<BackupHandlers>) {
    this.#path = path;
    this.#file = file;
    this.#handlers = handlers;
  }

  async read(): Promise<BackupManifest> {
    await this.#readFirstLine();
    for (;;) {
      const { part, bytes, manifest } = await this.#readObject();
      if (typeof part === "string" && Number.isSafeInteger(bytes) && (bytes as number) >= 0) {
        await this.#readPart(part, bytes as number);
      } else if (typeof manifest === "object" && manifest !== null) {
        await this.#readEnd();
        return this.#check(manifest as BackupManifest);
      } else throw this.#altered("a line names no piece");
    }
  }

  async #readFirstLine(): Promise<void> {
    const length = FIRST_LINE.length + 1;
    await this.#fill(length, true);
    const line = this.#rest.toString("latin1", 0, length);
    if (line === `${FIRST_LINE}\n`) {
      this.#take(length);
      return;
    }
    // What was cut off within its first line begins like one.
    if (line !== "" && `${FIRST_LINE}\n`.startsWith(line)) throw truncated(this.#path);
    if (/^lockstep-backup \d/.test(line)) {
      const message = `${this.#path} was written by another version of Lockstep: restore it with that one, or a later one`;
      throw new KeeperError("BackupVersion", message, { path: this.#path });
    }
    throw new KeeperError("BackupInvalid", `${this.#path} is no backup of a keeper`, { path: this.#path });
  }

  async #readPart(name: string, bytes: number): Promise<void> {
    const sha256 = createHash("sha256");
    if (name === JOURNAL_PART) {
      if (bytes > MAX_JOURNAL_PART) throw this.#altered("a piece of the journal is longer than any");
      const chunks: Uint8Array[] = [];
      for await (const chunk of this.#chunks(bytes, sha256)) chunks.push(chunk);
      const page = verifyRows(this.#rowsOf(Buffer.concat(chunks)), this.#path, this.#end);
      await this.#handlers.onRows?.(this.#rowsOf(Buffer.concat(chunks)), page.signatures);
      this.#end = page.end;
    } else {
      if (!isFileName(name)) throw this.#altered("a piece has a name that no backup gives");
      const chunks = this.#chunks(bytes, sha256);
      await this.#handlers.onFile?.(name, chunks);
      for await (const _ of chunks);
    }
    await this.#fill(1);
    if (this.#take(1).toString("latin1") !== "\n") throw this.#altered("a piece does not end where it says");
    this.#parts.push({ name, bytes, sha256: sha256.digest("hex") });
  }

  #rowsOf(text: Buffer): JournalRow[] {
    const lines = text.toString("utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => this.#parse(line) as unknown as JournalRow);
  }

  /** After the manifest comes the digest of all before, and nothing. */
  async #readEnd(): Promise<void> {
    const expected = this.#digest.copy().digest("hex");
    const { sha256 } = await this.#readObject();
    if (typeof sha256 !== "string" || !DIGEST.test(sha256)) throw this.#altered("its digest is missing");
    if (sha256 !== expected) throw this.#altered("its digest does not fit");
    if (await this.#fill(1, true)) throw this.#altered("something follows its end");
  }

  #check(manifest: BackupManifest): BackupManifest {
    const { records, chain, parts } = manifest;
    if (JSON.stringify(parts) !== JSON.stringify(this.#parts)) throw this.#altered("its manifest names other pieces");
    checkHead({ count: records, chain }, this.#path, this.#end);
    return manifest;
  }

  async #readObject(): Promise<Readonly<Record<string, unknown>>> {
    let end = this.#rest.indexOf(10);
    while (end === -1) {
      if (this.#rest.length > MAX_LINE) throw this.#altered("a line is longer than any");
      await this.#fill(this.#rest.length + 1);
      end = this.#rest.indexOf(10);
    }
    return this.#parse(this.#take(end + 1).toString("utf8"));
  }

  #parse(line: string): Readonly<Record<string, unknown>> {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
    } catch {
      // Told below.
    }
    throw this.#altered("a line is no JSON");
  }

  async *#chunks(bytes: number, sha256: Hash): AsyncGenerator<Uint8Array> {
    for (let left = bytes; left > 0;) {
      await this.#fill(1);
      const chunk = this.#take(Math.min(left, this.#rest.length));
      sha256.update(chunk);
      left -= chunk.length;
      yield chunk;
    }
  }

  /** Reads on until so many bytes wait; false at the end of the file, which is a fault unless it may be there. */
  async #fill(length: number, mayEnd = false): Promise<boolean> {
    while (this.#rest.length < length) {
      const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, null);
      if (bytesRead > 0) {
        this.#rest = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
        continue;
      }
      if (mayEnd) return false;
      throw truncated(this.#path);
    }
    return true;
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    this.#digest.update(taken);
    return taken;
  }

  #altered(reason: string): KeeperError {
    return altered(this.#path, reason);
  }
}
