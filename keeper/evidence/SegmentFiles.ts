import { createReadStream, createWriteStream } from "node:fs";
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** Name of file `number` of a recording. */
export function segmentName(number: number): string {
  return `${String(number).padStart(6, "0")}.ndjson`;
}

/** Makes the names in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The files of one recording: written one after another, packed when they are complete if that is wanted. */
export class SegmentFiles {
  readonly #directory: string;
  readonly #isPacked: boolean;
  #handle: FileHandle;
  #number = 1;
  #size = 0;
  #closedBytes = 0;
  #packing: Promise<void> = Promise.resolve();

  private constructor(directory: string, isPacked: boolean, handle: FileHandle) {
    this.#directory = directory;
    this.#isPacked = isPacked;
    this.#handle = handle;
  }

  /** Creates the first file; fails when it is there. */
  static async create(directory: string, isPacked: boolean): Promise<SegmentFiles> {
    return new SegmentFiles(directory, isPacked, await create(directory, 1));
  }

  /** Number of the file that is being written, from 1. */
  get number(): number {
    return this.#number;
  }

  /** Bytes in the file that is being written. */
  get size(): number {
    return this.#size;
  }

  /** Bytes in all files, as they are on the disk. */
  get totalBytes(): number {
    return this.#closedBytes + this.#size;
  }

  async write(bytes: Buffer): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written, this.#size + written);
      written += bytesWritten;
    }
    this.#size += bytes.length;
  }

  /** Completes the file and starts the next one. */
  async rotate(): Promise<void> {
    await this.#complete();
    this.#number += 1;
    this.#handle = await create(this.#directory, this.#number);
    this.#size = 0;
  }

  /** Completes the last file; afterwards everything is durable. */
  async close(): Promise<void> {
    await this.#complete();
    this.#size = 0;
    await this.#packing;
  }

  async #complete(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
    this.#closedBytes += this.#size;
    if (!this.#isPacked) return;
    const path = join(this.#directory, segmentName(this.#number));
    const size = this.#size;
    // One at a time; the next file is written meanwhile.
    this.#packing = this.#packing.then(async () => {
      this.#closedBytes += (await pack(path)) - size;
    });
    // Whoever closes learns of it.
    this.#packing.catch(() => undefined);
  }
}

/** Opens a new file whose name is durable. */
async function create(directory: string, number: number): Promise<FileHandle> {
  const handle = await open(join(directory, segmentName(number)), "wx", 0o600);
  await syncDirectory(directory);
  return handle;
}

/** Replaces a complete file by its gzip; a crash leaves one of the two, whole. Returns the new size. */
async function pack(path: string): Promise<number> {
  const packed = `${path}.gz`;
  await pipeline(
    createReadStream(path),
    createGzip(),
    createWriteStream(`${packed}.tmp`, { flush: true, mode: 0o600 }),
  );
  await rename(`${packed}.tmp`, packed);
  await rm(path);
  return (await stat(packed)).size;
}
