import { TOPICS as FEED_TOPICS } from "../books/generated/AggregatorV3Interface.ts";
import type { Books } from "../books/Books.ts";
import { createBloomQuery } from "../chain/verify/bloomQuery.ts";
import type { Header } from "../chain/verify/header.ts";
import type { Finding } from "../domain/Finding.ts";
import type { VerifiedLog } from "../domain/VerifiedLog.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { EMPTY_ROOT } from "../trie/nodeEncoding.ts";
import type { Anchors } from "./Anchors.ts";
import { ordered } from "./ordered.ts";
import type { Pace } from "./Pace.ts";
import type { RebuildOptions } from "./RebuildOptions.ts";
import type { Receipts } from "./Receipts.ts";
import { reorged } from "./Segments.ts";
import type { Servers } from "./Servers.ts";
import type { Turns } from "./Turns.ts";

/** Blocks whose receipts are under way or wait for those below them, and all blocks that do. */
const RECEIPTS_AHEAD = 16;
const BLOCKS_AHEAD = 1_024;
/** Beside other work: so few receipts, milliseconds in one go, and events whose words are hashed at once. */
const RECEIPTS_AHEAD_BESIDE = 4;
const SLICE_MS = 4;
const HASHED_EVENTS = 64;
/** Findings that are kept to be told; the rest is counted. */
const MAX_FINDINGS = 16;

/** Fetches the logs of verified headers, of several at once, and applies them to books in order. */
export class Applier {
  readonly books: Books;
  /** Since the books were begun. */
  blocks = 0;
  events = 0;
  findingCount = 0;
  readonly findings: Finding[] = [];
  readonly #options: RebuildOptions;
  readonly #servers: Servers;
  readonly #receipts: Receipts;
  readonly #anchors: Anchors;
  readonly #turns: Turns;
  #hashedEvents = 0;
  #turnAtMs = 0;
  readonly #mayConcern: (logsBloom: `0x${string}`) => boolean;

  constructor(
    books: Books,
    options: RebuildOptions,
    parts: { readonly servers: Servers; readonly receipts: Receipts; readonly anchors: Anchors; readonly turns: Turns },
  ) {
    this.books = books;
    this.#options = options;
    this.#servers = parts.servers;
    this.#anchors = parts.anchors;
    this.#receipts = parts.receipts;
    this.#turns = parts.turns;
    this.#mayConcern = createBloomQuery([...Object.values(options.addresses), FEED_TOPICS.AnswerUpdated]);
  }

  /**
   * Applies blocks, from the one above the books' newest on.
   *
   * @param segments headers of the chain of k operators, the lowest first
   * @throws KeeperError `RebuildReorged` when a header is not on top of the one below; `RebuildStalled`
   */
  async run(segments: AsyncIterable<readonly Header[]>, pace: Pace, signal: AbortSignal): Promise<void> {
    const { now } = this.#options;
    this.#turnAtMs = now();
    const isHeavy = (header: Header): boolean => this.#isWanted(header);
    const work = async (header: Header) => ({
      header,
      logs: isHeavy(header) ? await this.#fetch(header, signal) : [],
    });
    const bounds = {
      maxItems: BLOCKS_AHEAD,
      maxWeight: this.#turns.isShared ? RECEIPTS_AHEAD_BESIDE : RECEIPTS_AHEAD,
      weightOf: (header: Header) => Number(isHeavy(header)),
    };
    for await (const { header, logs } of ordered(flatten(segments), work, bounds)) {
      this.#apply(header, logs);
      const progress = pace.step(header.number, this.events, now());
      if (progress !== null) this.#options.onProgress?.(progress);
      if (this.#turns.isShared) await this.#giveWay();
    }
  }

  /** Hashes what was written before it is much, and lets others have the thread before they have waited long. */
  async #giveWay(): Promise<void> {
    const { now } = this.#options;
    if (this.events - this.#hashedEvents >= HASHED_EVENTS) {
      this.#hashedEvents = this.events;
      this.books.roots();
    }
    if (now() - this.#turnAtMs < SLICE_MS) return;
    await this.#turns.next();
    this.#turnAtMs = now();
  }

  /** A bloom without a book contract and without a price proves that no log of the block concerns the books. */
  #isWanted({ logsBloom, receiptsRoot }: Header): boolean {
    return receiptsRoot !== EMPTY_ROOT && this.#mayConcern(logsBloom);
  }

  /** The logs that concern the books; the others are let go at once, as there may be many. */
  async #fetch(header: Header, signal: AbortSignal): Promise<readonly VerifiedLog[]> {
    const { value } = await this.#servers.ask(
      {
        what: `the receipts of block ${header.number}`,
        recheck: () => this.#recheck(header),
        attempt: (source, ended) => {
          const options = { deadlineMs: this.#options.requestDeadlineMs, signal: ended };
          return this.#receipts.read(source, header, options);
        },
      },
      signal,
    );
    return value.filter((log) => this.books.concerns(log));
  }

  /** A block that was taken back is nobody's any more: its receipts need not be waited for. */
  async #recheck({ number, hash }: Header): Promise<void> {
    try {
      const there = await this.#anchors.at(number);
      if (there.hash !== hash) throw reorged(there);
    } catch (error: unknown) {
      // Without k voices nothing is known of it.
      if (!KeeperError.is(error, "NoAgreement")) throw error;
    }
  }

  #apply({ number, hash, parentHash, timestamp }: Header, logs: readonly VerifiedLog[]): void {
    const { chain, onBlock } = this.#options;
    const tip = this.books.tip;
    if (tip !== null && tip.hash !== parentHash) throw reorged({ number: number - 1, hash: parentHash });
    if (number === chain.pin?.number && hash !== chain.pin.hash) {
      const message = `block ${number} of k operators is ${hash}, pinned is ${chain.pin.hash}`;
      throw new KeeperError("ChainMismatch", message, { number, hash, expected: chain.pin.hash });
    }
    const block = { number, hash, parentHash, timestamp, logs };
    const findings = this.books.apply(block);
    this.blocks += 1;
    this.events += logs.length;
    this.findingCount += findings.length;
    this.findings.push(...findings.slice(0, MAX_FINDINGS - this.findings.length));
    onBlock?.(block, this.books);
  }
}

async function* flatten<Item>(lists: AsyncIterable<readonly Item[]>): AsyncGenerator<Item> {
  for await (const list of lists) yield* list;
}
