import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../lib/messageOf.ts";
import type { Exchange, SourceCall } from "../chain/sources/Source.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { KeeperOptions } from "../loop/KeeperOptions.ts";
import type { Effect, Input } from "../loop/ports.ts";
import { Backlog, KEPT_TEXT, sizeOf } from "./Backlog.ts";
import { toPlain } from "./codec.ts";
import { describeOptions } from "./describeOptions.ts";
import { FORMAT, isDecision, isRecordedInput, type Beginning, type EndReason, type Entry } from "./entries.ts";
import { cutText, LONG_TEXT, type KeptExchange } from "./KeptExchange.ts";
import { FIRST_SEAL, sealLine } from "./sealedLines.ts";
import type { RecorderOptions, RecorderStop } from "./RecorderOptions.ts";
import { SegmentFiles, syncDirectory } from "./SegmentFiles.ts";
import { SourceShares, type SourceShare } from "./SourceShares.ts";

const MEBIBYTE = 1024 * 1024;
/** What is encoded and written in one go: long enough for the disk, short enough for the event loop. */
const MAX_CHUNK_BYTES = MEBIBYTE;
/** Room for the lines that begin a file and that say why the recording ends. */
const END_BYTES = 512;

/**
 * Writes down everything that a keeper is told, so that it can be decided again.
 *
 * Invariants: entries are in the order of the calls; a call returns at once and never throws; a recording that ended early
 * says why in its last line, unless the disk refused that too. Entries before {@link Recorder.start} are held back, since the
 * beginning comes first. Texts are kept whole, so that they can be read again, but for long ones of a source that takes more
 * than its share: half of the room where there are others, and most of what waits when too much does.
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
  readonly #exchanged = new WeakMap<readonly SourceCall[], Pick<Exchange, "source" | "firstId">>();
  readonly #backlog: Backlog;
  readonly #shares = new SourceShares();
  #seal = FIRST_SEAL;
  #isStarted = false;
  #isOver = false;
  #isTold = false;
  /** Who took most of what was used up. */
  #filledBy: SourceShare | null = null;
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> = Promise.resolve();

  private constructor(options: RecorderOptions, directory: string, files: SegmentFiles, otherBytes: number) {
    this.#options = options;
    this.directory = directory;
    this.#files = files;
    this.#otherBytes = otherBytes;
    this.#backlog = new Backlog(options.maxWaitingBytes ?? 128 * MEBIBYTE);
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
      const reason = messageOf(error);
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
    this.#backlog.begin(plain);
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
    const { source, firstId } = exchange;
    // Without its text, which may be long and has no more to do here.
    this.#exchanged.set(exchange.calls, { source, firstId });
    const kept = this.#takesTooMuch(exchange) ? cutText(exchange, Math.min(KEPT_TEXT, this.#longText)) : exchange;
    this.#shares.add(source, sizeOf(kept));
    this.#noteWaiting(this.#backlog.addExchange(kept));
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
    if (plain !== null) this.#noteWaiting(this.#backlog.add(plain, bytes));
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

  #noteWaiting(hasRoom: boolean): void {
    if (hasRoom) this.#schedule();
    else this.#stop("overrun");
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
      // While it is being closed, the end is written there, and finds no room either.
      if (!(await this.#drain()) && !this.#isOver) this.#stop("full");
    } catch (error: unknown) {
      this.#stop("failed", error);
    }
    this.#timer = null;
    if (!this.#backlog.isEmpty) this.#schedule();
  }

  async #finish(): Promise<void> {
    try {
      if (this.#isTold) {
        await this.#files.close();
        return;
      }
      const isWhole = !this.#isStarted || (await this.#drain());
      if (!isWhole) this.#filledBy = this.#shares.largest;
      await this.#end(isWhole ? "closed" : "full");
      if (!isWhole) this.#tell("full");
    } catch (error: unknown) {
      this.#tell("failed", error);
    }
  }

  /** Writes everything that waits; false when the bound is reached before. */
  async #drain(): Promise<boolean> {
    while (!this.#backlog.isEmpty) {
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
    for (const plain of this.#backlog.plains()) {
      if (size >= room) break;
      const { line, seal } = sealLine(JSON.stringify(plain), this.#seal);
      const length = Buffer.byteLength(line) + 1;
      isFull = this.#isFull(size + length + END_BYTES);
      if (isFull) break;
      this.#seal = seal;
      lines.push(line);
      size += length;
    }
    this.#backlog.drop(lines.length);
    return { lines: toBytes(lines), isFull };
  }

  #sealed(entry: Entry): Buffer {
    const { line, seal } = sealLine(JSON.stringify(toPlain(entry)), this.#seal);
    this.#seal = seal;
    return toBytes([line]);
  }

  #isFull(moreBytes: number): boolean {
    return this.#files.totalBytes + moreBytes > this.#room;
  }

  /** Bytes that this recording may have. */
  get #room(): number {
    return (this.#options.maxBytes ?? 1024 * MEBIBYTE) - this.#otherBytes;
  }

  get #longText(): number {
    return Math.min(LONG_TEXT, Math.floor(Math.max(0, this.#room) / 16));
  }

  /** A long text of a source that would have half of the room with it, while there are others. */
  #takesTooMuch(exchange: KeptExchange): boolean {
    const { source, text } = exchange;
    if (text === null || text.length <= this.#longText || !this.#shares.hasOther(source)) return false;
    return this.#shares.of(source) + sizeOf(exchange) > this.#room / 2;
  }

  /** Ends the recording before the keeper ends: what follows is not taken any more. */
  #stop(reason: RecorderStop["reason"], error?: unknown): void {
    if (!this.#isOver) {
      this.#isOver = true;
      if (this.#timer !== null) clearTimeout(this.#timer);
      if (reason === "full") this.#filledBy = this.#shares.largest;
      if (reason === "overrun") this.#filledBy = this.#backlog.largest;
      this.#backlog.clear();
      this.#asked.clear();
      this.#flushing = this.#flushing.then(() => this.#end(reason)).catch(() => undefined);
    }
    this.#tell(reason, error);
  }

  #tell(reason: RecorderStop["reason"], error?: unknown): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#options.onStop?.({
      ...{ reason, directory: this.directory, bytes: this.#files.totalBytes },
      ...(this.#filledBy === null ? {} : { filledBy: this.#filledBy }),
      ...(error === undefined ? {} : { error }),
    });
  }

  async #end(reason: EndReason): Promise<void> {
    const filledBy = this.#filledBy === null ? {} : { filledBy: this.#filledBy };
    if (this.#isStarted) await this.#files.write(this.#sealed({ type: "end", reason, ...filledBy }));
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
