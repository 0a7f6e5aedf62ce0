import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { KeeperError } from "../errors/KeeperError.ts";
import { assert } from "../lib/assert.ts";
import { decodeBody, encodeBody } from "./journalCodec.ts";
import type { JournalRecord } from "./journalFormat.ts";
import { formatHeader, formatRecord, parseJournal } from "./journalFormat.ts";

export type { JournalRecord } from "./journalFormat.ts";

/** What opening a journal had to drop: an append that was cut short, and so was never acknowledged. */
export interface TornTail {
  readonly file: string;
  readonly droppedBytes: number;
}

/** What a journal is given by its composer. */
export interface JournalOptions {
  /** Wall-clock milliseconds, for the `at` of records. */
  readonly now?: () => number;
}

interface QueuedLine {
  readonly line: string;
  readonly record: JournalRecord;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * An append-only file of records that survives `kill -9` and power loss, and notices every other change.
 *
 * Invariants: an append that resolved is on the disk; records come back in the order of the calls; each line seals all
 * lines before it. The directory must be locked by the caller: two writers would break the chain.
 */
export class Journal {
  /** What was dropped at opening, if anything was. */
  readonly tornTail: TornTail | undefined;

  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #now: () => number;
  readonly #records: JournalRecord[];
  #queue: QueuedLine[] = [];
  #chain: string;
  #nextSeq: number;
  #offset: number;
  #flushing: Promise<void> | undefined;
  #failure: KeeperError | undefined;
  #isClosed = false;

  private constructor(file: string, handle: FileHandle, now: () => number, start: JournalStart) {
    this.#file = file;
    this.#handle = handle;
    this.#now = now;
    this.#records = [...start.records];
    this.#chain = start.chain;
    this.#nextSeq = start.records.length + 1;
    this.#offset = start.offset;
    this.tornTail = start.tornTail;
  }

  /**
   * Opens a journal, or creates it.
   *
   * @throws KeeperError `JournalCorrupt`, `JournalVersion`, or `JournalFailed` when the disk refuses.
   */
  static async open(path: string, options: JournalOptions = {}): Promise<Journal> {
    const now = options.now ?? Date.now;
    let handle: FileHandle | undefined;
    try {
      handle = await openOrCreate(path);
      return new Journal(path, handle, now, await prepare(path, handle, now()));
    } catch (error: unknown) {
      await handle?.close();
      throw error instanceof KeeperError ? error : failed(path, error);
    }
  }

  /** Every durable record, oldest first. */
  records(): readonly JournalRecord[] {
    return this.#records;
  }

  /**
   * Adds a record; resolves when it is durable. Appends that come while the disk is busy share its next write.
   *
   * After one failed write or sync nothing more is accepted, for what the disk holds is then unknown: reopen.
   *
   * @throws KeeperError `JournalBodyInvalid`, `JournalFailed`, or `JournalClosed`.
   */
  async append(kind: string, body: unknown): Promise<void> {
    if (this.#isClosed) throw new KeeperError("JournalClosed", `${this.#file} is closed`, { file: this.#file });
    if (this.#failure !== undefined) throw this.#failure;
    const bodyText = encodeBody(body);
    const at = this.#now();
    const seq = this.#nextSeq++;
    const { line, chain } = formatRecord(seq, at, kind, bodyText, this.#chain);
    this.#chain = chain;
    const record = Object.freeze({ seq, at, kind, body: decodeBody(bodyText) });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ line, record, resolve, reject });
    this.#flushing ??= this.#flush();
    await promise;
  }

  /** Waits for what was appended, then closes the file. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#flushing;
    await this.#handle.close();
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        if (this.#failure !== undefined) throw this.#failure;
        const bytes = Buffer.from(batch.map(({ line }) => `${line}\n`).join(""), "utf8");
        await writeAll(this.#handle, bytes, this.#offset);
        await this.#handle.datasync();
        this.#offset += bytes.length;
      } catch (error: unknown) {
        this.#failure ??= failed(this.#file, error);
        for (const { reject } of batch) reject(this.#failure);
        continue;
      }
      for (const { record, resolve } of batch) {
        assert(record.seq === this.#records.length + 1, "records become durable in order");
        this.#records.push(record);
        resolve();
      }
    }
    this.#flushing = undefined;
  }
}

interface JournalStart {
  readonly records: readonly JournalRecord[];
  readonly chain: string;
  readonly offset: number;
  readonly tornTail: TornTail | undefined;
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const handle = await open(path, "wx+", 0o600);
  // The name of a new file is durable only when its directory is.
  const directory = await open(dirname(path), "r");
  await directory.sync();
  await directory.close();
  return handle;
}

/** Verifies the file and brings it to the end of its last whole line; writes the header of a new one. */
async function prepare(path: string, handle: FileHandle, now: number): Promise<JournalStart> {
  const bytes = await handle.readFile();
  const { records, chain, intactBytes, lacksNewline } = parseJournal(path, bytes);
  const droppedBytes = bytes.length - intactBytes;
  const tornTail = droppedBytes === 0 ? undefined : { file: path, droppedBytes };
  if (tornTail !== undefined) await handle.truncate(intactBytes);
  const header = chain === undefined ? formatHeader(now) : undefined;
  const missing = Buffer.from(header === undefined ? (lacksNewline ? "\n" : "") : `${header.line}\n`, "utf8");
  await writeAll(handle, missing, intactBytes);
  if (tornTail !== undefined || missing.length > 0) await handle.sync();
  const offset = intactBytes + missing.length;
  const startChain = header?.chain ?? chain;
  assert(startChain !== undefined, "a journal has a header");
  return { records, chain: startChain, offset, tornTail };
}

async function writeAll(handle: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, offset + written);
    written += bytesWritten;
  }
}

function failed(file: string, error: unknown): KeeperError {
  const reason = error instanceof Error ? error.message : String(error);
  return new KeeperError("JournalFailed", `the disk refused ${file}: ${reason}`, { file, reason }, { cause: error });
}
