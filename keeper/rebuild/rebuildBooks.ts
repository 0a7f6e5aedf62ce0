import { Standings } from "../chain/read/Standings.ts";
import { VerifiedReader } from "../chain/read/VerifiedReader.ts";
import type { Header } from "../chain/verify/header.ts";
import { Books } from "../books/Books.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { Anchors } from "./Anchors.ts";
import { Applier } from "./Applier.ts";
import { ordered } from "./ordered.ts";
import { Pace } from "./Pace.ts";
import { proveRoots, type ProvenRoots } from "./proveRoots.ts";
import type { Range } from "./readHeaders.ts";
import { readFinalNumber } from "./readTarget.ts";
import type { BlockPoint, Rebuilt, RebuildOptions } from "./RebuildOptions.ts";
import { Receipts } from "./Receipts.ts";
import { REORGED, Segments } from "./Segments.ts";
import { Servers } from "./Servers.ts";
import { Turns } from "./Turns.ts";

const DEFAULT_SEGMENT_BLOCKS = 256;
/** Segments of headers in memory: the one that is applied, and the next. */
const SEGMENTS_AHEAD = 2;
/** A rebuild goes only where k operators are, and never takes a block back: the newest is what it needs to know where it is. */
const UNDO_DEPTH = 1;
const MAX_RESTARTS = 8;
const NOTHING_TO_PROVE: ProvenRoots = { roots: { kind: "proven" }, codeHashes: new Map() };
const NOT_ASKED: ProvenRoots = {
  roots: { kind: "unproven", contracts: BOOK_NAMES, detail: "no proof was asked for" },
  codeHashes: new Map(),
};

/**
 * Builds the protocol's books again from verified logs, upwards, in memory that does not grow with the chain.
 *
 * Every so many blocks, and at the last one, k operators are asked which block the chain has; the headers between are bound to
 * it by their hashes, and the logs to the headers by the receipts root. So whatever a source serves else is found before it is
 * applied, its name is kept, and another one is asked. Books that are built here can take one block back.
 *
 * @throws KeeperError `RebuildMismatch`: an account proof says another storage root than the books; `RebuildTargetGone`: the target
 * is not of the chain of k operators; `RebuildBaseForeign`: the given books stand on a block that is not; `RebuildReorged`: the chain
 * does not keep still; `RebuildStalled` or `NoAgreement`: too few sources serve what is needed, with what each did;
 * `RebuildCancelled`: the signal, with how far it got; `ReaderUnwitnessed`, `ChainMismatch`
 */
export async function rebuildBooks(options: RebuildOptions): Promise<Rebuilt> {
  return new Rebuild(options).run();
}

class Rebuild {
  readonly #options: RebuildOptions;
  readonly #servers: Servers;
  readonly #standings = new Standings();
  readonly #reader: VerifiedReader;
  readonly #end = new AbortController();
  readonly #anchors: Anchors;
  readonly #segments: Segments;
  readonly #receipts: Receipts;
  readonly #turns: Turns;
  #applier: Applier;
  #target: BlockPoint | null = null;
  #restarts = 0;

  constructor(options: RebuildOptions) {
    const { sources, chain, chainId, now, requestDeadlineMs: deadlineMs } = options;
    this.#options = options;
    this.#servers = new Servers(options);
    this.#reader = new VerifiedReader({
      ...{ sources, now, chainId, deadlineMs, hedgeMs: options.hedgeMs },
      genesisHash: chain.genesisHash ?? undefined,
      pin: chain.pin ?? undefined,
      allowUnwitnessed: options.allowUnwitnessed,
      onLiar: (source, reason) => this.#servers.distrust(source, reason),
    });
    const { patienceMs } = this.#servers;
    this.#anchors = new Anchors(this.#reader, { patienceMs, now, signal: this.#end.signal });
    this.#turns = new Turns(options.isBackground ?? false);
    const parts = { servers: this.#servers, anchors: this.#anchors, standings: this.#standings, turns: this.#turns };
    this.#segments = new Segments(options, parts);
    this.#receipts = new Receipts(this.#standings, this.#turns, now);
    this.#applier = this.#begin(options.from ?? this.#newBooks());
  }

  async run(): Promise<Rebuilt> {
    const { signal } = this.#options;
    const onAbort = (): void => this.#stop();
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) this.#stop();
    try {
      for (;;) {
        const rebuilt = await this.#attempt();
        if (rebuilt !== null) return rebuilt;
      }
    } catch (error: unknown) {
      if (signal?.aborted === true && KeeperError.is(error)) throw this.#cancelled(error);
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#stop();
    }
  }

  /** Ends every wait. */
  #stop(): void {
    this.#end.abort();
    void this.#reader.close();
  }

  /** Goes to the target; null when the chain has changed meanwhile, and what is still of it is kept. */
  async #attempt(): Promise<Rebuilt | null> {
    const tip = await this.#checkTip();
    this.#target = await this.#readTarget(tip);
    try {
      if (this.#target !== null && (tip === null || tip.number < this.#target.number)) await this.#climb(this.#target);
    } catch (error: unknown) {
      if (!KeeperError.is(error, REORGED) || this.#restarts === MAX_RESTARTS) throw error;
      this.#restarts += 1;
      return null;
    }
    const { books, blocks, events, findingCount, findings } = this.#applier;
    const block = books.tip === null ? null : { number: books.tip.number, hash: books.tip.hash };
    const proven = await this.#prove(block);
    if (this.#end.signal.aborted) throw new KeeperError("ReaderClosed", "the reader was closed");
    const sources = this.#servers.tally.reports();
    return { books, block, ...proven, blocks, events, findingCount, findings, restarts: this.#restarts, sources };
  }

  async #prove(block: BlockPoint | null): Promise<ProvenRoots> {
    if (block === null) return NOTHING_TO_PROVE;
    return this.#options.provesRoots === false ? NOT_ASKED : proveRoots(this.#reader, this.#applier.books, block);
  }

  /** Where the books stand, if k operators have it; books of our own begin anew where they do not. */
  async #checkTip(): Promise<BlockPoint | null> {
    const { tip } = this.#applier.books;
    if (tip === null) return null;
    const { hash } = await this.#anchors.at(tip.number);
    if (hash === tip.hash) return tip;
    if (this.#options.from !== null) {
      const message = `the books stand at block ${tip.number} ${tip.hash}, the chain of k operators has ${hash} there`;
      throw new KeeperError("RebuildBaseForeign", message, { number: tip.number, books: tip.hash, chain: hash });
    }
    this.#applier = this.#begin(this.#newBooks());
    return null;
  }

  /** The block to arrive at; null when no block that can hold an event is final. */
  async #readTarget(tip: BlockPoint | null): Promise<BlockPoint | null> {
    const { target, deploymentBlock } = this.#options;
    if (target !== "final") {
      const { hash } = await this.#anchors.at(target.number);
      if (hash !== target.hash) throw targetGone(target, `the chain of k operators has ${hash} there`);
      const lowest = tip?.number ?? deploymentBlock;
      if (target.number < lowest) throw targetGone(target, `the books begin at ${lowest}, or stand there`);
      return target;
    }
    const parts = { reader: this.#reader, standings: this.#standings };
    const ask = (): Promise<number> => readFinalNumber(this.#options, parts, this.#end.signal);
    // Who only wants to know whether it is worth it is not kept waiting for those who do not answer.
    const isQuestion = this.#options.minBlocks !== undefined && this.#restarts === 0;
    const number = await (isQuestion ? ask() : this.#anchors.insist(ask));
    const stands = tip?.number ?? deploymentBlock - 1;
    // Once begun it is finished, also where the chain has changed meanwhile.
    const minBlocks = this.#restarts > 0 ? 1 : (this.#options.minBlocks ?? 1);
    return number - stands < minBlocks ? null : this.#anchors.at(number);
  }

  async #climb(target: BlockPoint): Promise<void> {
    const { now, deploymentBlock, segmentBlocks = DEFAULT_SEGMENT_BLOCKS } = this.#options;
    const tip = this.#applier.books.tip;
    const from = tip === null ? deploymentBlock : tip.number + 1;
    const ended = new AbortController();
    const signal = AbortSignal.any([this.#end.signal, ended.signal]);
    const load = (range: Range): Promise<Header[]> => this.#segments.load(range, target, signal);
    const bounds = { maxItems: this.#turns.isShared ? 1 : SEGMENTS_AHEAD, maxWeight: Infinity, weightOf: () => 0 };
    try {
      const segments = ordered(rangesOf(from, target.number, segmentBlocks), load, bounds);
      await this.#applier.run(segments, new Pace(from, target.number, now()), signal);
    } finally {
      ended.abort();
    }
    const { hash } = await this.#anchors.at(target.number);
    if (hash === target.hash) return;
    throw new KeeperError(REORGED, `block ${target.number} is no longer ${target.hash}`, { ...target });
  }

  #begin(books: Books): Applier {
    const parts = { servers: this.#servers, receipts: this.#receipts, anchors: this.#anchors, turns: this.#turns };
    return new Applier(books, this.#options, parts);
  }

  #newBooks(): Books {
    const { addresses, immutables } = this.#options;
    return new Books({ addresses, immutables, undoDepth: UNDO_DEPTH });
  }

  #cancelled(cause: KeeperError): KeeperError {
    const block = this.#applier.books.tip?.number ?? null;
    const target = this.#target?.number ?? null;
    const where = block === null ? "before its first block" : `at block ${block} of ${target ?? "an unknown number"}`;
    return new KeeperError("RebuildCancelled", `the rebuild was ended ${where}`, { block, target }, { cause });
  }
}

function targetGone({ number, hash }: BlockPoint, why: string): KeeperError {
  return new KeeperError("RebuildTargetGone", `block ${number} ${hash} cannot be arrived at: ${why}`, { number, hash });
}

/** The heights from one to another in runs that end at multiples of their length, or with the last. */
function* rangesOf(from: number, to: number, length: number): Generator<Range> {
  for (let low = from; low <= to;) {
    const high = Math.min(to, low + length - 1);
    yield { from: low, to: high };
    low = high + 1;
  }
}
