import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { KeeperError } from "../errors/KeeperError.ts";
import { checkEntry } from "./checkEntry.ts";
import { decode } from "./codec.ts";
import {
  FORMAT,
  type Beginning,
  type Decision,
  type EndReason,
  type Entry,
  type RecordedInput,
  type Taken,
} from "./entries.ts";
import type { KeptExchange } from "./KeptExchange.ts";
import { MAX_FILE_BYTES, readSegment } from "./readSegment.ts";
import { FIRST_SEAL, openLine } from "./sealedLines.ts";
import { segmentName } from "./SegmentFiles.ts";
import type { SourceShare } from "./SourceShares.ts";

/** A recording in memory, each kind of entry in its order. */
export interface Recording {
  readonly directory: string;
  readonly beginning: Beginning;
  readonly inputs: readonly { readonly atMs: number; readonly input: RecordedInput }[];
  readonly exchanges: readonly KeptExchange[];
  readonly taken: readonly Taken[];
  readonly decisions: readonly { readonly atMs: number; readonly decision: Decision }[];
  /** Why it ends; null when the process died. */
  readonly end: EndReason | null;
  /** Which source took most of what was used up, where it ends for that. */
  readonly filledBy: SourceShare | null;
  /** Bytes of a last line that was cut short. */
  readonly tornBytes: number;
  /** Lines that are not what was recorded, `file:line`; empty unless they were allowed. */
  readonly altered: readonly string[];
}

/** How to read. */
export interface ReadOptions {
  /** Goes on over lines that were changed after the fact, instead of refusing. */
  readonly mayBeAltered?: boolean;
  /** Most that a file may hold, unpacked; default {@link MAX_FILE_BYTES}. */
  readonly maxFileBytes?: number;
}

const SEGMENT = /^(\d{6})\.ndjson(\.gz)?$/;

/**
 * Reads a recording: the directory of one, or a directory that holds just one.
 *
 * A last line that was cut short, by a kill or a full disk, is dropped and said; everything else that is not as it was
 * written is refused.
 *
 * @throws KeeperError `RecordingMissing`, `RecordingAmbiguous`, `RecordingVersion`, `RecordingTooLarge` or
 * `RecordingCorrupt`.
 */
export async function readRecording(directory: string, options: ReadOptions = {}): Promise<Recording> {
  const { path, files } = await findFiles(directory);
  const reader = new Reader(path, options);
  for (const [index, file] of files.entries()) {
    const bytes = await readSegment(path, file, options.maxFileBytes ?? MAX_FILE_BYTES);
    reader.read(file, bytes, index === files.length - 1);
  }
  return reader.result();
}

/** Takes the lines of all files, in order. */
class Reader {
  readonly #directory: string;
  readonly #mayBeAltered: boolean;
  readonly #inputs: Recording["inputs"][number][] = [];
  readonly #exchanges: KeptExchange[] = [];
  readonly #taken: Taken[] = [];
  readonly #decisions: Recording["decisions"][number][] = [];
  readonly #altered: string[] = [];
  #beginning: Beginning | null = null;
  #end: EndReason | null = null;
  #filledBy: SourceShare | null = null;
  #tornBytes = 0;
  #seal = FIRST_SEAL;

  constructor(directory: string, { mayBeAltered = false }: ReadOptions) {
    this.#directory = directory;
    this.#mayBeAltered = mayBeAltered;
  }

  read(file: string, bytes: Buffer, isLast: boolean): void {
    let start = 0;
    for (let number = 1; start < bytes.length; number += 1) {
      const end = bytes.indexOf(0x0a, start);
      const where = `${file}:${number}`;
      if (end === -1) {
        if (!isLast) throw corrupt(where, "the file ends in the middle of a line");
        this.#tornBytes = bytes.length - start;
        return;
      }
      this.#line(bytes.toString("utf8", start, end), where);
      start = end + 1;
    }
  }

  result(): Recording {
    if (this.#beginning === null) throw corrupt(this.#directory, "it has no beginning");
    return {
      directory: this.#directory,
      beginning: this.#beginning,
      inputs: this.#inputs,
      exchanges: this.#exchanges,
      taken: this.#taken,
      decisions: this.#decisions,
      end: this.#end,
      filledBy: this.#filledBy,
      tornBytes: this.#tornBytes,
      altered: this.#altered,
    };
  }

  #line(line: string, where: string): void {
    const opened = openLine(line, this.#seal);
    if (opened === null) throw corrupt(where, "the line has no seal");
    if (!opened.isIntact) {
      if (!this.#mayBeAltered) throw corrupt(where, "the line, or one before it, is not what was recorded");
      this.#altered.push(where);
    }
    this.#seal = opened.seal;
    this.#take(parse(opened.json, where), where);
  }

  #take(entry: Entry, where: string): void {
    if (this.#end !== null) throw corrupt(where, "something follows the end");
    const isFirst = this.#beginning === null;
    if (isFirst !== (entry.type === "recording" || entry.type === "window")) {
      throw corrupt(where, isFirst ? "the recording does not begin at its beginning" : "it begins a second time");
    }
    switch (entry.type) {
      case "recording":
      case "window":
        if (entry.format !== FORMAT) {
          const message = `${where}: format ${entry.format} is not known, only ${FORMAT}`;
          throw new KeeperError("RecordingVersion", message, { format: entry.format });
        }
        this.#beginning = entry;
        return;
      case "input":
        this.#inputs.push(entry);
        return;
      case "exchange":
        this.#exchanges.push(entry.exchange);
        return;
      case "taken":
        this.#taken.push(entry);
        return;
      case "decision":
        this.#decisions.push(entry);
        return;
      case "end":
        this.#end = entry.reason;
        this.#filledBy = entry.filledBy ?? null;
        return;
      case "segment":
    }
  }
}

function parse(json: string, where: string): Entry {
  let value: unknown;
  try {
    // Exchanges hold what went over the wire: nothing in them is a tag.
    value = json.startsWith('{"type":"exchange"') ? JSON.parse(json) : decode(json);
  } catch (error: unknown) {
    const reason = error instanceof SyntaxError || !(error instanceof Error) ? "" : ` (${error.message})`;
    throw corrupt(where, `the line is no JSON of a recording${reason}`, error);
  }
  const problem = checkEntry(value);
  if (problem !== null) throw corrupt(where, problem);
  return value as Entry;
}

/** The files of a recording in order, and where they are. */
async function findFiles(directory: string): Promise<{ path: string; files: string[] }> {
  const own = await segmentsIn(directory);
  if (own.files.length > 0) return { path: directory, files: own.files };
  const holding: { path: string; files: string[] }[] = [];
  for (const name of own.directories) {
    const path = join(directory, name);
    const { files } = await segmentsIn(path);
    if (files.length > 0) holding.push({ path, files });
  }
  const [only] = holding;
  if (only === undefined) throw new KeeperError("RecordingMissing", `${directory} holds no recording`, { directory });
  if (holding.length === 1) return only;
  const names = holding.map(({ path }) => path);
  const message = `${directory} holds ${names.length} recordings, name one of them: ${names.join(", ")}`;
  throw new KeeperError("RecordingAmbiguous", message, { directory, names });
}

async function segmentsIn(directory: string): Promise<{ files: string[]; directories: string[] }> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    throw new KeeperError("RecordingMissing", `cannot read ${directory}`, { directory }, { cause: error });
  });
  const byNumber = new Map<number, string>();
  for (const entry of entries) {
    const match = SEGMENT.exec(entry.name);
    // Of a file and its gzip, whichever is complete: the plain one, which is removed last.
    if (match !== null && (match[2] === undefined || !byNumber.has(Number(match[1])))) {
      byNumber.set(Number(match[1]), entry.name);
    }
  }
  const numbers = [...byNumber.keys()].sort((left, right) => left - right);
  for (const [index, number] of numbers.entries()) {
    if (number !== index + 1) throw corrupt(join(directory, segmentName(index + 1)), "the file is missing");
  }
  const directories = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return { files: [...byNumber].sort(([left], [right]) => left - right).map(([, name]) => name), directories };
}

function corrupt(where: string, fact: string, cause?: unknown): KeeperError {
  return new KeeperError(
    "RecordingCorrupt",
    `${where}: ${fact}`,
    { where, fact },
    cause === undefined ? {} : { cause },
  );
}
