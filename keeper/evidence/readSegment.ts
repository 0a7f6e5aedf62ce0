import { open } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { KeeperError } from "../errors/KeeperError.ts";

const MEBIBYTE = 1024 * 1024;
/**
 * Most that a file of a recording may hold, unpacked: a file is complete from 64 MiB on, and its last line may be as long as
 * the longest text that a program like this can hold.
 */
export const MAX_FILE_BYTES = 512 * MEBIBYTE;

const unpack = promisify(gunzip);

/**
 * The bytes of a file of a recording, unpacked if it is packed. Never more than `maxBytes` of them are held.
 *
 * @throws KeeperError `RecordingMissing`, `RecordingCorrupt`, or `RecordingTooLarge` naming the file and the limit
 */
export async function readSegment(directory: string, file: string, maxBytes: number): Promise<Buffer> {
  const path = join(directory, file);
  const bytes = await readBounded(path, file, maxBytes);
  if (!file.endsWith(".gz")) return bytes;
  try {
    return await unpack(bytes, { maxOutputLength: maxBytes });
  } catch (error: unknown) {
    if (codeOf(error) === "ERR_BUFFER_TOO_LARGE") throw tooLarge(file, maxBytes, "unpacked, ");
    const fact = "it cannot be unpacked";
    throw new KeeperError("RecordingCorrupt", `${file}: ${fact}`, { where: file, fact }, { cause: error });
  }
}

async function readBounded(path: string, file: string, maxBytes: number): Promise<Buffer> {
  try {
    const handle = await open(path, "r");
    try {
      if ((await handle.stat()).size > maxBytes) throw tooLarge(file, maxBytes, "");
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error: unknown) {
    if (KeeperError.is(error)) throw error;
    throw new KeeperError("RecordingMissing", `cannot read ${path}`, { file }, { cause: error });
  }
}

function tooLarge(file: string, maxBytes: number, how: string): KeeperError {
  const message = `${file}: ${how}it holds more than ${maxBytes} bytes, which no recorder writes into one file`;
  return new KeeperError("RecordingTooLarge", message, { file, maxBytes });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
