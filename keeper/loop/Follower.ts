import type { BookBlock, Books } from "../books/Books.ts";
import { Votes, type ServedHead } from "../chain/agree/Votes.ts";
import type { UnknownReason } from "../domain/Verdict.ts";
import type { Hash } from "../lib/hex.ts";
import { BlockFetcher, type FetchedBlock } from "./BlockFetcher.ts";
import { findPath, type Path } from "./findPath.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { RpcAnswer } from "./ports.ts";
import { Sources } from "./Sources.ts";

/** Receipts fetched ahead of the block that is applied next. */
const FETCH_AHEAD = 8;
/** Time that an answer may take before its absence is reported. */
const PATIENCE_MS = 1_000;
const RETRY_MS = 250;
/** A request that takes longer does not keep back what is known without its answer. */
const STUCK_MS = 100;
/** No contract of ours is in it, and Anvil's state root there is not that of its state. */
const GENESIS = 0;

/** Where the books stand, and who stands behind it. */
export interface Standing {
  readonly tip: BookBlock;
  readonly fetched: FetchedBlock;
  /** The head that is followed: the tip itself, or a descendant that is not complete yet. */
  readonly head: Hash;
  /** Operators that vote for the tip. */
  readonly votes: number;
}

/** What following the chain leads to, in order. */
export interface FollowerEvents {
  /** A verified block on top of the books' tip: apply and judge it. */
  onBlock(fetched: FetchedBlock, block: BookBlock, nowMs: number): void;
  /** The books took this block back. */
  onTakenBack(hash: Hash): void;
  /** All of a reorg's blocks were taken back. */
  onRolledBack(depth: number, base: Hash | null): void;
  onUnknown(reason: UnknownReason, detail: string): void;
}

/**
 * Follows the head that most operators serve: verifies every block down to the books, rolls the books back where the
 * chain did, and hands over what is to be applied.
 */
export class Follower {
  readonly #options: KeeperOptions;
  readonly #books: Books;
  readonly #outbox: Outbox;
  readonly #events: FollowerEvents;
  readonly #undoDepth: number;
  readonly #votes: Votes;
  readonly #fetcher: BlockFetcher;
  readonly #sources = new Sources();
  readonly #applied = new Map<Hash, FetchedBlock>();
  #target: ServedHead | null = null;
  #retriedAtMs = 0;
  #noHeadSinceMs: number | null = null;

  constructor(options: KeeperOptions, books: Books, outbox: Outbox, undoDepth: number, events: FollowerEvents) {
    this.#options = options;
    this.#books = books;
    this.#outbox = outbox;
    this.#events = events;
    this.#undoDepth = undoDepth;
    this.#votes = new Votes(options.sources);
    this.#fetcher = new BlockFetcher(options, outbox, (source, reason, nowMs) => {
      this.#distrust(source, reason, nowMs);
    });
  }

  get quorum(): number {
    return this.#votes.quorum;
  }

  get operatorCount(): number {
    return this.#votes.operatorCount;
  }

  /** Sources that answer and are believed. */
  trusted(): readonly string[] {
    return this.#sources.trusted();
  }

  setUp(source: string): void {
    this.#sources.setUp(source);
  }

  setDown(source: string): void {
    this.#sources.setDown(source);
    this.#votes.withdraw(source);
  }

  announce(source: string, head: ServedHead): void {
    this.#sources.announce(source, head);
  }

  /** A block was proven: what its sources did wrong before is forgiven. */
  forgive(): void {
    for (const source of this.#votes.heads().keys()) this.#sources.forgive(source);
  }

  /** Takes answers to an own request in; false when the id is somebody else's. */
  answer(id: number, answers: readonly RpcAnswer[], nowMs: number): boolean {
    return this.#fetcher.answer(id, answers, nowMs);
  }

  /** Lets time pass: quarantines end, and what nobody answered is asked again. */
  tick(nowMs: number): void {
    this.#sources.release(nowMs);
    if (nowMs - this.#retriedAtMs >= RETRY_MS) {
      this.#retriedAtMs = nowMs;
      for (const [, { hash }] of this.#sources.heads()) this.#fetcher.retry(hash);
      const path = this.#target === null ? null : this.#path(this.#target);
      if (path?.kind === "missing") this.#fetcher.retry(path.block.hash);
      if (path?.kind === "linked") for (const hash of path.hashes) this.#fetcher.retry(hash);
    }
  }

  /** Goes on as far as what is known allows; returns the block to decide at, or null while nothing can be said. */
  advance(nowMs: number): Standing | null {
    this.#countVotes(nowMs);
    const best = this.#votes.best(this.#isAncestor);
    this.#target = best;
    if (best === null) {
      this.#noHeadSinceMs ??= nowMs;
      const isLong = nowMs - this.#noHeadSinceMs >= PATIENCE_MS;
      if (isLong) this.#events.onUnknown("no-source", "no source serves a head that could be verified");
      return null;
    }
    this.#noHeadSinceMs = null;
    const trusted = this.#sources.trusted();
    const sources = [...best.sources, ...trusted.filter((source) => !best.sources.includes(source))];
    const path = this.#path(best);
    if (path.kind === "broken") {
      for (const source of best.sources) this.#distrust(source, path.detail, nowMs);
      return null;
    }
    if (path.kind === "missing") {
      const { number, hash } = path.block;
      const withProofs = number > GENESIS && best.number - number < this.#options.proofDepth;
      this.#fetcher.wantHeader(hash, sources, withProofs, nowMs);
      this.#checkFetch(hash, nowMs);
      return null;
    }
    this.#rollBackTo(path.base);
    this.#applyAll(path.hashes, sources, nowMs);
    const tip = this.#books.tip;
    const next = path.hashes.find((hash) => !this.#applied.has(hash));
    // A descendant that nobody completes must not keep back what is known of the block below it.
    const isSettled = next === undefined || this.#isStuck(next, nowMs);
    const fetched = tip === null ? undefined : this.#applied.get(tip.hash);
    if (tip === null || fetched === undefined || !isSettled) return null;
    return { tip, fetched, head: best.hash, votes: this.#votes.votesFor(tip, this.#isAncestor) };
  }

  #isStuck(hash: Hash, nowMs: number): boolean {
    const request = this.#fetcher.get(hash)?.request ?? null;
    return request === null || nowMs - request.sinceMs >= STUCK_MS;
  }

  /** Applies what is there, fetching a few blocks ahead. */
  #applyAll(hashes: readonly Hash[], sources: readonly string[], nowMs: number): void {
    for (const hash of hashes.slice(0, FETCH_AHEAD)) this.#fetcher.wantFacts(hash, sources, nowMs);
    for (const [index, hash] of hashes.entries()) {
      const fetched = this.#fetcher.get(hash);
      if (fetched?.facts == null) {
        this.#checkFetch(hash, nowMs);
        return;
      }
      this.#apply(fetched, nowMs);
      const ahead = hashes[index + FETCH_AHEAD];
      if (ahead !== undefined) this.#fetcher.wantFacts(ahead, sources, nowMs);
    }
  }

  #path(target: ServedHead): Path {
    return findPath(target, {
      isApplied: (hash) => this.#applied.has(hash),
      header: (hash) => this.#fetcher.header(hash),
      deploymentBlock: this.#options.deploymentBlock,
    });
  }

  readonly #isAncestor = (ancestor: Hash, descendant: Hash): boolean => {
    const lowest = this.#fetcher.header(ancestor)?.number;
    let hash = descendant;
    while (hash !== ancestor) {
      const header = this.#fetcher.header(hash);
      if (header === undefined || lowest === undefined || header.number <= lowest) return false;
      hash = header.parentHash;
    }
    return true;
  };

  #distrust(source: string, reason: string, nowMs: number): void {
    this.#sources.distrust(source, nowMs);
    this.#votes.withdraw(source);
    this.#outbox.emit({ type: "quarantine", source, reason });
  }

  /** A source votes for the newest head of its own whose header is verified; until then for the one before. */
  #countVotes(nowMs: number): void {
    for (const [source, head] of this.#sources.heads()) {
      const header = this.#fetcher.header(head.hash);
      if (header === undefined) {
        const others = this.#sources.trusted().filter((other) => other !== source);
        this.#fetcher.wantHeader(head.hash, [source, ...others], head.number > GENESIS, nowMs);
        this.#checkFetch(head.hash, nowMs);
      } else if (header.number !== head.number) {
        this.#distrust(source, `block ${head.hash} has number ${header.number}, announced as ${head.number}`, nowMs);
      } else this.#votes.serve(source, head);
    }
  }

  #rollBackTo(base: Hash | null): void {
    let depth = 0;
    for (let tip = this.#books.tip; tip !== null && tip.hash !== base; tip = this.#books.tip) {
      this.#books.undo();
      this.#applied.delete(tip.hash);
      this.#events.onTakenBack(tip.hash);
      depth += 1;
    }
    if (depth > 0) this.#events.onRolledBack(depth, base);
  }

  #apply(fetched: FetchedBlock, nowMs: number): void {
    const { facts, header } = fetched;
    if (facts === null || header === null) return;
    const { number, hash, parentHash, timestamp } = header;
    const logs = facts.logs.filter((log) => this.#books.concerns(log));
    this.#events.onBlock(fetched, { number, hash, parentHash, timestamp, logs }, nowMs);
    this.#applied.set(hash, fetched);
    const [oldest] = this.#applied.keys();
    if (this.#applied.size > this.#undoDepth && oldest !== undefined) this.#applied.delete(oldest);
    this.#fetcher.prune(number - this.#options.proofDepth);
  }

  /** Reports why a block on the path cannot be judged, once per reason. */
  #checkFetch(hash: Hash, nowMs: number): void {
    const fetched = this.#fetcher.get(hash);
    if (fetched === undefined || fetched.request !== null) return;
    if (fetched.unsupported !== null) this.#events.onUnknown("unsupported-header", fetched.unsupported);
    else if (fetched.missing !== null && nowMs - fetched.heardAtMs > PATIENCE_MS) {
      this.#events.onUnknown("no-answer", fetched.missing);
    }
  }
}
