import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Exchange } from "../chain/sources/Source.ts";
import { toPlain } from "./codec.ts";
import { FORMAT, type Beginning, type Entry } from "./entries.ts";
import { FIRST_SEAL, sealLine } from "./sealedLines.ts";
import { segmentName, syncDirectory } from "./SegmentFiles.ts";

const DEFAULT_BYTES = 16 * 1024 * 1024;
/** What an exchange takes besides its texts, about. */
const OVERHEAD_BYTES = 300;

/** How a ring is made. */
export interface ExchangeRingOptions {
  /** Bound of what is kept, about; default 16 MiB. */
  readonly maxBytes?: number;
}

/** What a dump says of itself. */
export interface DumpOptions {
  readonly build: string;
  readonly wallMs: number;
  /** Monotonic milliseconds at the same moment. */
  readonly atMs: number;
}

interface Slot {
  readonly exchange: Exchange;
  readonly bytes: number;
}

/** The newest exchanges with all sources, in memory, oldest first: what an incident's bundle is made from. */
export class ExchangeRing {
  readonly #maxBytes: number;
  #slots: (Slot | undefined)[] = [];
  /** Index of the oldest; those before it are gone and are cut off now and then. */
  #first = 0;
  #bytes = 0;
  #droppedCount = 0;

  constructor({ maxBytes = DEFAULT_BYTES }: ExchangeRingOptions = {}) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are kept, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many had to go. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Takes an exchange in: for `SourceDeps.onExchange`. An answer larger than the whole ring is kept without its text. */
  readonly add = (exchange: Exchange): void => {
    const size = sizeOf(exchange);
    const isTooLarge = size > this.#maxBytes;
    const kept = isTooLarge ? { ...exchange, text: null, fault: exchange.fault ?? "NotKept" } : exchange;
    const bytes = isTooLarge ? sizeOf(kept) : size;
    this.#slots.push({ exchange: kept, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#slots[this.#first];
      if (oldest === undefined) break;
      this.#slots[this.#first] = undefined;
      this.#bytes -= oldest.bytes;
      this.#first += 1;
      this.#droppedCount += 1;
    }
    if (this.#first > 1_000 && this.#first * 2 > this.#slots.length) this.#cut();
  };

  /** What is kept of the time from `sinceMs` on, oldest first: exchanges that were not over before it. */
  exchanges(sinceMs = Number.NEGATIVE_INFINITY): Exchange[] {
    return this.#slots
      .filter((slot) => slot !== undefined)
      .map(({ exchange }) => exchange)
      .filter(({ settledAtMs }) => settledAtMs >= sinceMs);
  }

  /**
   * Writes what is kept into a directory, in the format of a recording: a window, which shows what was answered but cannot be
   * decided again, since its beginning is gone. Durable when it resolves. Returns the file.
   */
  async dump(directory: string, { build, wallMs, atMs }: DumpOptions): Promise<string> {
    const beginning: Beginning = { type: "window", format: FORMAT, build, wallMs, atMs, options: null };
    const kept = this.exchanges();
    await mkdir(directory, { recursive: true });
    const path = join(directory, segmentName(1));
    const handle = await open(`${path}.tmp`, "w", 0o600);
    try {
      let seal = FIRST_SEAL;
      const write = async (plain: unknown): Promise<void> => {
        const sealed = sealLine(JSON.stringify(plain), seal);
        seal = sealed.seal;
        await handle.appendFile(`${sealed.line}\n`);
      };
      await write(toPlain(beginning));
      for (const exchange of kept) await write({ type: "exchange", exchange } satisfies Entry);
      await write({ type: "end", reason: "closed" } satisfies Entry);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${path}.tmp`, path);
    await syncDirectory(directory);
    return path;
  }

  #cut(): void {
    this.#slots = this.#slots.slice(this.#first);
    this.#first = 0;
  }
}

/** About: texts of JSON-RPC are mostly one byte a character. */
function sizeOf({ text, calls }: Exchange): number {
  return calls.reduce((sum, { params }) => sum + 60 + sizeOfParams(params), OVERHEAD_BYTES + (text?.length ?? 0));
}

function sizeOfParams(value: unknown): number {
  if (typeof value === "string") return value.length + 20;
  if (typeof value !== "object" || value === null) return 8;
  return Object.values(value).reduce<number>((sum, item) => sum + sizeOfParams(item), 20);
}
