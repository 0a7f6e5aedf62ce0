import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Exchange } from "../chain/sources/Source.ts";
import { toPlain } from "./codec.ts";
import { FORMAT, type Beginning, type Entry } from "./entries.ts";
import { cutText, LONG_TEXT, type KeptExchange } from "./KeptExchange.ts";
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
  readonly exchange: KeptExchange;
  readonly bytes: number;
  /** Place among all that were taken in. */
  readonly place: number;
}

/** What is kept of one source, oldest first. */
class Lane {
  bytes = 0;
  #slots: (Slot | undefined)[] = [];
  /** Index of the oldest; those before it are gone and are cut off now and then. */
  #first = 0;

  get slots(): Slot[] {
    return this.#slots.filter((slot) => slot !== undefined);
  }

  push(slot: Slot): void {
    this.#slots.push(slot);
    this.bytes += slot.bytes;
  }

  /** Removes the oldest and returns its bytes; null when there is none. */
  shift(): number | null {
    const oldest = this.#slots[this.#first];
    if (oldest === undefined) return null;
    this.#slots[this.#first] = undefined;
    this.bytes -= oldest.bytes;
    this.#first += 1;
    if (this.#first > 1_000 && this.#first * 2 > this.#slots.length) {
      this.#slots = this.#slots.slice(this.#first);
      this.#first = 0;
    }
    return oldest.bytes;
  }
}

/**
 * The newest exchanges with all sources, in memory, oldest first: what an incident's bundle is made from.
 *
 * Sources share it fairly: when it is full, the oldest exchange goes of the source that holds most. Of a long text only the
 * beginning is kept, with the length and the SHA-256 of the whole. So nobody can push out what others said.
 */
export class ExchangeRing {
  readonly #maxBytes: number;
  readonly #longText: number;
  readonly #lanes = new Map<string, Lane>();
  #bytes = 0;
  #count = 0;
  #droppedCount = 0;

  constructor({ maxBytes = DEFAULT_BYTES }: ExchangeRingOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#longText = Math.min(LONG_TEXT, Math.floor(maxBytes / 16));
  }

  /** Bytes that are kept, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many had to go. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Takes an exchange in: for `SourceDeps.onExchange`. */
  readonly add = (exchange: Exchange): void => {
    const kept = cutText(exchange, this.#longText);
    const bytes = sizeOf(kept);
    this.#count += 1;
    this.#laneOf(exchange.source).push({ exchange: kept, bytes, place: this.#count });
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes) {
      const gone = this.#fullest()?.shift() ?? null;
      if (gone === null) break;
      this.#bytes -= gone;
      this.#droppedCount += 1;
    }
  };

  /** What is kept of the time from `sinceMs` on, oldest first: exchanges that were not over before it. */
  exchanges(sinceMs = Number.NEGATIVE_INFINITY): KeptExchange[] {
    return [...this.#lanes.values()]
      .flatMap(({ slots }) => slots)
      .sort((left, right) => left.place - right.place)
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

  #laneOf(source: string): Lane {
    const lane = this.#lanes.get(source) ?? new Lane();
    this.#lanes.set(source, lane);
    return lane;
  }

  /** That of the source which holds most. */
  #fullest(): Lane | null {
    let fullest: Lane | null = null;
    for (const lane of this.#lanes.values()) {
      if (fullest === null || lane.bytes > fullest.bytes) fullest = lane;
    }
    return fullest;
  }
}

/** About: texts of JSON-RPC are mostly one byte a character. */
function sizeOf({ text, calls }: KeptExchange): number {
  return calls.reduce((sum, { params }) => sum + 60 + sizeOfParams(params), OVERHEAD_BYTES + (text?.length ?? 0));
}

function sizeOfParams(value: unknown): number {
  if (typeof value === "string") return value.length + 20;
  if (typeof value !== "object" || value === null) return 8;
  return Object.values(value).reduce<number>((sum, item) => sum + sizeOfParams(item), 20);
}
