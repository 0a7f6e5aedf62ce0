import type { BookBlock, Books } from "./books/Books.ts";
import type { Source, SourceOptions } from "./chain/sources/Source.ts";
import type { BookName } from "./domain/bookSet.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import { judgeRebuilt } from "./judgeRebuilt.ts";
import type { Hash } from "./lib/hex.ts";
import type { KeeperOptions } from "./loop/KeeperOptions.ts";
import type { Effect, LocatedAt } from "./loop/ports.ts";
import { openIdleSource } from "./openIdleSource.ts";
import { rebuildBooks } from "./rebuild/rebuildBooks.ts";
import type { RebuildOptions } from "./rebuild/RebuildOptions.ts";
import type { Logger } from "./telemetry/log.ts";
import type { ComparedRoots, RebuildOutcome, RebuildRecord } from "./telemetry/RebuildRecord.ts";

type SharedOption = keyof RebuildOptions & keyof KeeperOptions;

/** What a room rebuilds with. */
export interface RebuildRoomParts {
  /** The core's: the same protocol on the same chain. */
  readonly options: Pick<KeeperOptions, "policy" | SharedOption>;
  /** Opened for each rebuild, beside the core's: it takes neither places in their queues nor trust. */
  readonly sources: readonly SourceOptions[];
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Told at the start, now and then, and of the outcome. */
  readonly onRecord: (record: RebuildRecord) => void;
  /** Time for which nobody answers before a rebuild ends. Default 10 minutes. */
  readonly patienceMs?: number;
}

type Located = Extract<Effect, { readonly type: "located" }>;
type Subject = Pick<RebuildRecord, "incidentId" | "target">;

const PATIENCE_MS = 600_000;
const LOG_GAP_MS = 5_000;
/** Incidents that are remembered as rebuilt for. */
const MAX_SEEN = 256;

/**
 * Builds the books again when so many slots differ that naming them says nothing: from the deployment, from verified logs, up to the
 * block at which the books and the chain were found to differ, beside the running keeper.
 *
 * Up to that block and not to the newest final one: what differs is mostly above that, and equal books would say nothing. It is
 * bound to k operators, as every block of a rebuild; when they leave it, there is no outcome. Nothing that this keeper remembers is
 * believed but the roots to compare, which the core proved there.
 *
 * One at a time, and once an incident; of those that come meanwhile the newest waits, and what is orphaned is given up. Whatever
 * comes out is said and nothing else: no vote, no quarantine, no word of the live books and no transaction depends on it. Nothing
 * here can end the keeper.
 */
export class RebuildRoom {
  readonly #parts: RebuildRoomParts;
  readonly #seen = new Set<Hash>();
  readonly #end = new AbortController();
  #running: { readonly incidentId: Hash; readonly ended: AbortController; readonly done: Promise<void> } | null = null;
  /** What came while another rebuild was running; only the newest. */
  #next: Located | null = null;

  constructor(parts: RebuildRoomParts) {
    this.#parts = parts;
  }

  /** Told of every effect as it is performed. */
  see(effect: Effect): void {
    if (effect.type === "incident" && effect.report.state === "orphaned") this.#drop(effect.report.id);
    if (effect.type !== "located" || !effect.isFinal || !effect.isTruncated) return;
    const { incidentId } = effect;
    if (this.#seen.has(incidentId) || this.#end.signal.aborted) return;
    this.#seen.add(incidentId);
    const [oldest] = this.#seen;
    if (this.#seen.size > MAX_SEEN && oldest !== undefined) this.#seen.delete(oldest);
    if (this.#running === null) return this.#start(effect);
    if (this.#next !== null) this.#refuse(this.#next, this.#running.incidentId);
    this.#next = effect;
  }

  /** The incident's block was orphaned: nothing that is found out about it matters. */
  #drop(incidentId: Hash): void {
    if (this.#next?.incidentId === incidentId) this.#next = null;
    if (this.#running?.incidentId === incidentId) this.#running.ended.abort();
  }

  #start(effect: Located): void {
    const about = subjectOf(effect);
    if (about === null) return;
    const { incidentId } = about;
    const ended = new AbortController();
    const run = this.#run(effect, about, AbortSignal.any([this.#end.signal, ended.signal]));
    const done = run
      .catch((error: unknown) => this.#parts.log.error("rebuild-broken", { error }))
      .finally(() => {
        this.#running = null;
        const next = this.#next;
        this.#next = null;
        if (next !== null && !this.#end.signal.aborted) this.#start(next);
      });
    this.#running = { incidentId, ended, done };
  }

  #refuse(effect: Located, running: Hash): void {
    const about = subjectOf(effect);
    if (about === null) return;
    const detail = `a rebuild for incident ${running} was still running, and another one came since: run \`lockstep resync\` on another data directory`;
    const outcome = { kind: "not-done", code: "RebuildBusy", detail } as const;
    this.#settle({ ...about, block: null, seconds: 0, outcome });
  }

  /** Ends what is running; resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#running?.done;
  }

  async #run(effect: Located, about: Subject, end: AbortSignal): Promise<void> {
    const { log, now, onRecord } = this.#parts;
    const startedAtMs = now();
    let saidAtMs = startedAtMs;
    let block: number | null = null;
    const at = (outcome: RebuildOutcome | null): RebuildRecord => {
      return { ...about, block, seconds: (now() - startedAtMs) / 1_000, outcome };
    };
    onRecord(at(null));
    log.warn("rebuild-started", { ...about, detail: effect.note });
    const outcome = await this.#compare(effect, about.target, end, (progress) => {
      block = progress.block;
      onRecord(at(null));
      if (now() - saidAtMs < LOG_GAP_MS) return;
      saidAtMs = now();
      log.info("rebuilding", { incidentId: about.incidentId, ...progress });
    });
    this.#settle(at(outcome));
  }

  #settle(record: RebuildRecord): void {
    this.#parts.onRecord(record);
    const { incidentId, target, seconds, outcome } = record;
    const level = outcome?.kind === "not-done" ? "warn" : "error";
    this.#parts.log[level]("rebuild-outcome", { incidentId, target, seconds, ...outcome });
  }

  /** The outcome; that there is none is one too. */
  async #compare(
    { blocks, isOwnFault }: Located,
    target: RebuildRecord["target"],
    end: AbortSignal,
    onProgress: (progress: { readonly block: number }) => void,
  ): Promise<RebuildOutcome> {
    const { options, now, patienceMs = PATIENCE_MS } = this.#parts;
    const { chainId, chain, addresses, immutables, deploymentBlock, requestDeadlineMs, hedgeMs, policy } = options;
    const ended = new AbortController();
    const signal = AbortSignal.any([end, ended.signal]);
    const rebuilt = new Map<BookName, Hash>();
    const sources: Source[] = [];
    try {
      for (const options of this.#parts.sources) sources.push(openIdleSource(options, now, signal));
      const {
        blocks: count,
        events,
        findingCount,
      } = await rebuildBooks({
        ...{ sources, chainId, chain, addresses, immutables, deploymentBlock, requestDeadlineMs, hedgeMs, now, signal },
        ...{ from: null, target, patienceMs, isBackground: true, provesRoots: false },
        allowUnwitnessed: policy.isLocalChain || policy.allowSingleSource,
        onProgress,
        onBlock: (block, books) => noteRoots(block, books, blocks, rebuilt),
      });
      return judgeRebuilt(comparedRoots(blocks, rebuilt), { blocks: count, events, findingCount }, isOwnFault);
    } catch (error: unknown) {
      if (!KeeperError.is(error)) this.#parts.log.error("rebuild-broken", { error });
      const [code, message] = KeeperError.is(error) ? [error.code, error.message] : ["RebuildBroken", String(error)];
      const detail = `${message}. Nothing is known beyond the divergence itself: run \`lockstep resync\` on another data directory`;
      return { kind: "not-done", code, detail };
    } finally {
      ended.abort();
      await Promise.allSettled(sources.map((source) => source.close()));
    }
  }
}

/** The incident and the highest block that was searched; null when none was. */
function subjectOf({ incidentId, blocks }: Located): Subject | null {
  const [target] = [...blocks].sort((one, other) => other.number - one.number);
  return target === undefined ? null : { incidentId, target: { number: target.number, hash: target.hash } };
}

function noteRoots(block: BookBlock, books: Books, blocks: readonly LocatedAt[], rebuilt: Map<BookName, Hash>): void {
  for (const { contract, hash } of blocks) if (hash === block.hash) rebuilt.set(contract, books.root(contract));
}

/** @throws KeeperError `RebuildTargetGone` when a block that was searched is not of the chain */
function comparedRoots(blocks: readonly LocatedAt[], rebuilt: ReadonlyMap<BookName, Hash>): ComparedRoots[] {
  return blocks.map(({ contract, number, hash, booksRoot: books, chainRoot: chain }) => {
    const root = rebuilt.get(contract);
    if (root !== undefined) {
      return { contract, blockNumber: number, blockHash: hash, books, chain, rebuilt: root };
    }
    const message = `block ${number} ${hash}, where ${contract} was searched, is not of the chain of k operators`;
    throw new KeeperError("RebuildTargetGone", message, { number, hash });
  });
}
