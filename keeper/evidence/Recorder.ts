import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Exchange, SourceCall } from "../chain/sources/Source.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { KeeperOptions } from "../loop/KeeperOptions.ts";
import type { Effect, Input } from "../loop/ports.ts";
import { toPlain } from "./codec.ts";
import { describeOptions } from "./describeOptions.ts";
import { FORMAT, isDecision, isRecordedInput, type Beginning, type EndReason, type Entry } from "./entries.ts";
import { FIRST_SEAL, sealLine } from "./sealedLines.ts";
import type { RecorderOptions, RecorderStop } from "./RecorderOptions.ts";
import { SegmentFiles, syncDirectory } from "./SegmentFiles.ts";

const MEBIBYTE = 1024 * 1024;
/** What is encoded and written in one go: long enough for the disk, short enough for the event loop. */
const MAX_CHUNK_BYTES = MEBIBYTE;
/** Room for the lines that begin a file and that say why the recording ends. */
const END_BYTES = 256;

/** What waits to be written: an entry's plain form, or an exchange, whose long text is encoded only then. */
type Waiting = { readonly plain: unknown; readonly bytes: number };

/**
 * Writes down everything that a keeper is told, so that it can be decided again.
 *
 * Invariants: entries are in the order of the calls; a call returns at once and never throws; a recording that ended early
 * says why in its last line, unless the disk refused that too. Entries before {@link Recorder.start} are held back, since the
 * beginning comes first.
 */
export class Recorder {
  /** Where this recording is. */
  readonly directory: string;

  readonly #options: RecorderOptions;
  readonly #files: SegmentFiles;
  /** Bytes of earlier recordings. */
  readonly #otherBytes: number;
  /** The calls of the core's requests by their id, and the exchange that became of them: they are the same array. */
  readonly #asked = new Map<number, readonly SourceCall[]>();
  readonly #exchanged = new WeakMap<readonly SourceCall[], Exchange>();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #seal = FIRST_SEAL;
  #isStarted = false;
  #isOver = false;
  #isTold = false;
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> = Promise.resolve();

  private constructor(options: RecorderOptions, directory: string, files: SegmentFiles, otherBytes: number) {
    this.#options = options;
    this.directory = directory;
    this.#files = files;
    this.#otherBytes = otherBytes;
  }

  /**
   * Begins a recording.
   *
   * @throws KeeperError `RecorderFailed` when the directory cannot be written.
   */
  static async open(options: RecorderOptions): Promise<Recorder> {
    const stamp = new Date(options.wallNow()).toISOString().replaceAll(/[:.-]/g, "");
    const directory = join(options.directory, stamp);
    try {
      await mkdir(options.directory, { recursive: true });
      const otherBytes = await bytesIn(options.directory);
      await mkdir(directory);
      await syncDirectory(options.directory);
      const files = await SegmentFiles.create(directory, options.gzip ?? false);
      return new Recorder(options, directory, files, otherBytes);
    } catch (error: unknown) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new KeeperError(
        "RecorderFailed",
        `cannot record in ${directory}: ${reason}`,
        { directory },
        { cause: error },
      );
    }
  }

  /** What the core is made of, and the version of the program. Called once, before the core's first step. */
  start(options: KeeperOptions, build: string): void {
    if (this.#isOver || this.#isStarted) return;
    const { now, wallNow } = this.#options;
    const plain = this.#encode((): Beginning => {
      const times = { wallMs: wallNow(), atMs: now() };
      return { type: "recording", format: FORMAT, build, ...times, options: describeOptions(options) };
    });
    if (plain === null) return;
    this.#isStarted = true;
    this.#waiting.unshift({ plain, bytes: 0 });
    this.#schedule();
  }

  /**
   * An input of the core, told before its step. Answers to effects are left out: they are in the exchanges, and only when they
   * were taken is noted.
   */
  input(input: Input): void {
    if (this.#isOver) return;
    if (input.type === "answers") this.#noteTaken(input);
    else if (isRecordedInput(input)) this.#add({ type: "input", atMs: this.#options.now(), input }, 100);
  }

  /** An exchange with a source: for `SourceDeps.onExchange`. */
  exchange(exchange: Exchange): void {
    if (this.#isOver) return;
    this.#exchanged.set(exchange.calls, exchange);
    // Its params went over the wire as JSON: it needs no other encoding.
    const entry: Entry = { type: "exchange", exchange };
    this.#wait({ plain: entry, bytes: (exchange.text?.length ?? 0) + 200 * (1 + exchange.calls.length) });
  }

  /** An effect of the core; kept when it says what was decided. */
  effect(effect: Effect): void {
    if (this.#isOver) return;
    if (effect.type === "request") this.#asked.set(effect.id, effect.calls);
    if (!isDecision(effect)) return;
    this.#add({ type: "decision", atMs: this.#options.now(), decision: effect }, 500);
  }

  /** Writes what waits and says that the recording is whole. Idempotent. */
  async close(): Promise<void> {
    if (!this.#isOver) {
      this.#isOver = true;
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#flushing = this.#flushing.then(() => this.#finish());
    }
    await this.#flushing;
  }

  // Writing

  #noteTaken({ id, nowMs }: Extract<Input, { readonly type: "answers" }>): void {
    const calls = this.#asked.get(id);
    const exchange = calls === undefined ? undefined : this.#exchanged.get(calls);
    this.#asked.delete(id);
    if (exchange === undefined) return;
    const { source, firstId } = exchange;
    this.#add({ type: "taken", source, firstId, atMs: this.#options.now(), nowMs }, 100);
  }

  #add(entry: Entry, bytes: number): void {
    const plain = this.#encode(() => entry);
    if (plain !== null) this.#wait({ plain, bytes });
  }

  /** Encoded at once, as a later step may change what the entry refers to. */
  #encode(entryOf: () => Entry): unknown {
    try {
      return toPlain(entryOf());
    } catch (error: unknown) {
      this.#stop("failed", error);
      return null;
    }
  }

  #wait(entry: Waiting): void {
    const { maxWaitingBytes = 128 * MEBIBYTE } = this.#options;
    this.#waitingBytes += entry.bytes;
    if (this.#waitingBytes > maxWaitingBytes) {
      this.#stop("overrun");
      return;
    }
    this.#waiting.push(entry);
    this.#schedule();
  }

  #schedule(): void {
    if (!this.#isStarted || this.#timer !== null || this.#isOver) return;
    this.#timer = setTimeout(() => {
      this.#flushing = this.#flushing.then(() => this.#flush());
    }, this.#options.flushMs ?? 20);
  }

  /** Never rejects. */
  async #flush(): Promise<void> {
    try {
      if (!(await this.#drain())) this.#stop("full");
    } catch (error: unknown) {
      this.#stop("failed", error);
    }
    this.#timer = null;
    if (this.#waiting.length > 0) this.#schedule();
  }

  async #finish(): Promise<void> {
    try {
      if (this.#isTold) {
        await this.#files.close();
        return;
      }
      const isWhole = !this.#isStarted || (await this.#drain());
      await this.#end(isWhole ? "closed" : "full");
      if (!isWhole) this.#tell("full");
    } catch (error: unknown) {
      this.#tell("failed", error);
    }
  }

  /** Writes everything that waits; false when the bound is reached before. */
  async #drain(): Promise<boolean> {
    while (this.#waiting.length > 0) {
      const { lines, isFull } = this.#takeChunk();
      await this.#files.write(lines);
      if (isFull) return false;
      if (this.#files.size < this.#segmentBytes) continue;
      await this.#files.rotate();
      await this.#files.write(this.#sealed({ type: "segment", number: this.#files.number }));
    }
    return true;
  }

  get #segmentBytes(): number {
    return this.#options.segmentBytes ?? 64 * MEBIBYTE;
  }

  #takeChunk(): { lines: Buffer; isFull: boolean } {
    const room = Math.min(MAX_CHUNK_BYTES, this.#segmentBytes - this.#files.size);
    const lines: string[] = [];
    let size = 0;
    let isFull = false;
    for (const { plain } of this.#waiting) {
      if (size >= room) break;
      const { line, seal } = sealLine(JSON.stringify(plain), this.#seal);
      const length = Buffer.byteLength(line) + 1;
      isFull = this.#isFull(size + length + END_BYTES);
      if (isFull) break;
      this.#seal = seal;
      lines.push(line);
      size += length;
    }
    for (const { bytes } of this.#waiting.splice(0, lines.length)) this.#waitingBytes -= bytes;
    return { lines: toBytes(lines), isFull };
  }

  #sealed(entry: Entry): Buffer {
    const { line, seal } = sealLine(JSON.stringify(toPlain(entry)), this.#seal);
    this.#seal = seal;
    return toBytes([line]);
  }

  #isFull(moreBytes: number): boolean {
    const { maxBytes = 1024 * MEBIBYTE } = this.#options;
    return this.#otherBytes + this.#files.totalBytes + moreBytes > maxBytes;
  }

  /** Ends the recording before the keeper ends: what follows is not taken any more. */
  #stop(reason: RecorderStop["reason"], error?: unknown): void {
    if (!this.#isOver) {
      this.#isOver = true;
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#waiting = [];
      this.#asked.clear();
      this.#flushing = this.#flushing.then(() => this.#end(reason)).catch(() => undefined);
    }
    this.#tell(reason, error);
  }

  #tell(reason: RecorderStop["reason"], error?: unknown): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const { directory } = this;
    const stop = { reason, directory, bytes: this.#files.totalBytes, ...(error === undefined ? {} : { error }) };
    this.#options.onStop?.(stop);
  }

  async #end(reason: EndReason): Promise<void> {
    if (this.#isStarted) await this.#files.write(this.#sealed({ type: "end", reason }));
    await this.#files.close();
  }
}

function toBytes(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(""), "utf8");
}

/** Bytes of every file below a directory. */
async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
