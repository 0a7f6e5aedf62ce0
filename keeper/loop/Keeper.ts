import { Books, type BookBlock } from "../books/Books.ts";
import { Votes, type ServedHead } from "../chain/agree/Votes.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import { decide } from "../domain/decide.ts";
import type { Verdict } from "../domain/Verdict.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import { Accounts } from "./Accounts.ts";
import { BlockFetcher, type FetchedBlock } from "./BlockFetcher.ts";
import { Checkpoints } from "./Checkpoints.ts";
import { findPath, type Path } from "./findPath.ts";
import { Judge } from "./Judge.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import { Locator } from "./Locator.ts";
import { Outbox } from "./Outbox.ts";
import { Pauses } from "./Pauses.ts";
import type { BlockReport, Effect, Input } from "./ports.ts";
import { secondOpinionOr, type Replacements } from "./Replacements.ts";
import { Sources } from "./Sources.ts";
import { Views } from "./Views.ts";

/** Receipts fetched ahead of the block that is applied next. */
const FETCH_AHEAD = 8;
/** Time that votes may take before their absence is reported. */
const VOTES_PATIENCE_MS = 1_000;
const RETRY_MS = 250;
/** A request that takes longer does not keep back what is known without its answer. */
const STUCK_MS = 100;
/** No contract of ours is in it, and Anvil's state root there is not that of its state. */
const GENESIS = 0;
/** Blocks that can be taken back; a deeper reorg halts the keeper. */
const UNDO_DEPTH = 8_192;

/**
 * The keeper's core: `step(input) → effects`, deterministic, without clock, randomness or I/O.
 *
 * It follows the head that most operators serve, verifies every block below its hash, replays it into the books,
 * judges it, and acts. The same inputs in the same order give the same effects.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #outbox = new Outbox();
  readonly #votes: Votes;
  readonly #books: Books;
  readonly #judge: Judge;
  readonly #fetcher: BlockFetcher;
  readonly #accounts: Accounts;
  /** A proved mismatch and a divergent view each have their own incident: neither can stand before the other. */
  readonly #pauses: Pauses;
  readonly #viewPauses: Pauses;
  readonly #checkpoints: Checkpoints;
  readonly #locator: Locator;
  readonly #views: Views;
  readonly #sources = new Sources();
  readonly #applied = new Map<Hash, FetchedBlock>();
  #divergentView: string | null = null;
  #isLatchSaid = false;
  #reported: { hash: Hash; kind: string } | null = null;
  #undecided: { readonly hash: Hash; readonly sinceMs: number } | null = null;
  #unknown: string | null = null;
  #target: ServedHead | null = null;
  #retriedAtMs = 0;
  #noHeadSinceMs: number | null = null;

  constructor(options: KeeperOptions, replacements: Replacements = {}) {
    this.#options = options;
    this.#votes = new Votes(options.sources);
    const { addresses, immutables } = options;
    const reducers = replacements.reducers === undefined ? {} : { reducers: replacements.reducers };
    this.#books = new Books({ addresses, immutables, undoDepth: UNDO_DEPTH, ...reducers });
    this.#judge = new Judge(this.#books, secondOpinionOr(replacements));
    this.#accounts = new Accounts();
    this.#fetcher = new BlockFetcher(options, this.#outbox, (source, reason, nowMs) => {
      this.#distrust(source, reason, nowMs);
    });
    this.#pauses = new Pauses(options, this.#books, this.#outbox, this.#accounts);
    this.#viewPauses = new Pauses(options, this.#books, this.#outbox, this.#accounts);
    this.#checkpoints = new Checkpoints(options, this.#books, this.#outbox, this.#accounts);
    this.#locator = new Locator(options, this.#books, this.#outbox);
    this.#views = new Views(this.#books, this.#locator.seenAccounts);
  }

  /** The books, for reading: the verified view. */
  get books(): Books {
    return this.#books;
  }

  get judge(): Judge {
    return this.#judge;
  }

  get pauses(): Pauses {
    return this.#pauses;
  }

  /** Takes one input in and returns what is to be done, in order. */
  step(input: Input): Effect[] {
    switch (input.type) {
      case "source-up":
        this.#sources.setUp(input.source);
        break;
      case "source-down":
        this.#sources.setDown(input.source);
        this.#votes.withdraw(input.source);
        break;
      case "head":
        this.#sources.announce(input.source, { number: input.number, hash: input.hash });
        break;
      case "answers":
        if (!this.#fetcher.answer(input.id, input.answers, input.nowMs)) {
          this.#locator.answer(input.id, input.answers);
        }
        break;
      case "journalled":
        void (this.#pauses.journalled(input) || this.#viewPauses.journalled(input) || this.#checkpoints.journalled(input));
        break;
      case "signed":
        void (this.#pauses.signed(input) || this.#viewPauses.signed(input) || this.#checkpoints.signed(input));
        break;
      case "view":
        this.#compareView(input);
        break;
      case "tick":
        this.#tick(input.nowMs);
        break;
    }
    this.#advance(input.nowMs);
    return this.#outbox.take();
  }

  // Sources

  #tick(nowMs: number): void {
    this.#sources.release(nowMs);
    if (nowMs - this.#retriedAtMs >= RETRY_MS) {
      this.#retriedAtMs = nowMs;
      for (const [, { hash }] of this.#sources.heads()) this.#fetcher.retry(hash);
      const path = this.#target === null ? null : this.#path(this.#target);
      if (path?.kind === "missing") this.#fetcher.retry(path.block.hash);
      if (path?.kind === "linked") for (const hash of path.hashes) this.#fetcher.retry(hash);
    }
    this.#locate();
  }

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

  /** A view that differs pauses new risk by its policy; back in step, its incident closes. */
  #compareView({ name, mayPause, view }: Extract<Input, { type: "view" }>): void {
    const comparison = this.#views.compare(view);
    this.#outbox.emit({ type: "view-compared", name, blockHash: view.blockHash, comparison });
    const finding = this.#views.finding(name, comparison);
    if (finding === null) {
      if (comparison.kind !== "equal" || this.#divergentView !== name) return;
      this.#viewPauses.close();
      if (this.#viewPauses.current === null) this.#divergentView = null;
      return;
    }
    const isInSync = this.#reported?.kind === "InSync";
    if (!mayPause || !isInSync || this.#options.policy.mode !== "act") return;
    if (this.#viewPauses.open([finding])) this.#divergentView = name;
  }

  // Following the chain

  #advance(nowMs: number): void {
    this.#countVotes(nowMs);
    const best = this.#votes.best(this.#isAncestor);
    this.#target = best;
    if (best === null) {
      this.#noHeadSinceMs ??= nowMs;
      const isLong = nowMs - this.#noHeadSinceMs >= VOTES_PATIENCE_MS;
      if (isLong) this.#reportUnknown("no-source", "no source serves a head that could be verified");
      return;
    }
    this.#noHeadSinceMs = null;
    const trusted = this.#sources.trusted();
    const sources = [...best.sources, ...trusted.filter((source) => !best.sources.includes(source))];
    const path = this.#path(best);
    if (path.kind === "broken") {
      for (const source of best.sources) this.#distrust(source, path.detail, nowMs);
      return;
    }
    if (path.kind === "missing") {
      const { number, hash } = path.block;
      const withProofs = number > GENESIS && best.number - number < this.#options.proofDepth;
      this.#fetcher.wantHeader(hash, sources, withProofs, nowMs);
      this.#checkFetch(hash, nowMs);
      return;
    }
    this.#rollBackTo(path.base);
    this.#applyAll(path.hashes, sources, nowMs);
    const tip = this.#books.tip;
    const next = path.hashes.find((hash) => !this.#applied.has(hash));
    // A descendant that nobody completes must not keep back what is known of the block below it.
    if (tip !== null && (next === undefined || this.#isStuck(next, nowMs))) this.#decideAt(tip, best.hash, nowMs);
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

  #rollBackTo(base: Hash | null): void {
    let depth = 0;
    for (let tip = this.#books.tip; tip !== null && tip.hash !== base; tip = this.#books.tip) {
      this.#books.undo();
      this.#applied.delete(tip.hash);
      this.#judge.forget(tip.hash);
      this.#checkpoints.forget(tip.hash);
      depth += 1;
    }
    if (depth === 0) return;
    this.#accounts.forgetAll();
    this.#reported = null;
    this.#outbox.emit({ type: "rolled-back", depth, to: base ?? "0x" });
    if (this.#judge.latched.length === 0) this.#pauses.orphan();
  }

  #apply(fetched: FetchedBlock, nowMs: number): void {
    const { facts, header } = fetched;
    if (facts === null || header === null) return;
    const { number, hash, parentHash, timestamp } = header;
    const logs = facts.logs.filter((log) => this.#books.concerns(log));
    const block: BookBlock = { number, hash, parentHash, timestamp, logs };
    this.#judge.take(fetched, block);
    if (fetched.nonces !== null) this.#accounts.take(fetched.nonces);
    this.#applied.set(hash, fetched);
    const [oldest] = this.#applied.keys();
    if (this.#applied.size > UNDO_DEPTH && oldest !== undefined) this.#applied.delete(oldest);
    this.#locator.see(facts.logs);
    this.#checkpoints.settle();
    this.#fetcher.prune(number - this.#options.proofDepth);
    this.#undecided = { hash, sinceMs: nowMs };
  }

  // Verdict and decision

  #decideAt(tip: BookBlock, head: Hash, nowMs: number): void {
    const { hash } = tip;
    const fetched = this.#applied.get(hash);
    if (fetched?.header == null) return;
    const votes = this.#votes.votesFor(tip, this.#isAncestor);
    const witnesses = {
      votes,
      quorum: this.#votes.quorum,
      operatorCount: this.#votes.operatorCount,
      mayBeUnwitnessed: this.#options.policy.isLocalChain || this.#options.policy.allowSingleSource,
    };
    let verdict = this.#judge.verdict(fetched, witnesses);
    if (verdict === null) {
      if (nowMs - (this.#undecided?.sinceMs ?? nowMs) < VOTES_PATIENCE_MS) return;
      const detail = `${votes} of ${this.#votes.quorum} operators needed vote for block ${tip.number}`;
      verdict = { kind: "Unknown", reason: "no-quorum", detail };
    }
    const isNew = this.#reported?.hash !== hash || this.#reported.kind !== verdict.kind;
    if (isNew) {
      this.#reported = { hash, kind: verdict.kind };
      this.#unknown = null;
      this.#report(fetched, tip, verdict, votes);
    }
    if (isNew && fetched.proven !== null) for (const source of this.#votes.heads().keys()) this.#sources.forgive(source);
    const baseFee = fetched.header.baseFeePerGas ?? 0n;
    this.#act(verdict, tip, { baseFee, isNew, isHead: hash === head });
    this.#pauses.pursue(tip, baseFee);
    this.#viewPauses.pursue(tip, baseFee);
  }

  #act(verdict: Verdict, tip: BookBlock, at: { baseFee: bigint; isNew: boolean; isHead: boolean }): void {
    const { baseFee, isNew, isHead } = at;
    const situation = {
      isPauseUnderway: this.#pauses.current !== null,
      isCheckpointDue: verdict.kind === "InSync" && isHead && this.#checkpoints.isDue(tip),
    };
    for (const action of decide(verdict, situation, this.#options.policy)) {
      if (action.kind === "soft-pause" && verdict.kind === "Diverged") this.#pauses.open(verdict.findings);
      if (action.kind === "attest" && verdict.kind === "InSync") this.#checkpoints.start(tip, verdict.roots, baseFee);
      if (action.kind === "latch" && !this.#isLatchSaid) {
        this.#isLatchSaid = true;
        this.#outbox.emit({ type: "latch", detail: action.detail });
      }
      if (action.kind === "alert" && isNew) {
        const { level, event, detail } = action;
        this.#outbox.emit({ type: "alert", level, event, detail });
      }
    }
  }

  #report(fetched: FetchedBlock, tip: BookBlock, verdict: BlockReport["verdict"], votes: number): void {
    const addresses = new Set<Hex>(Object.values(this.#options.addresses));
    const slotCount = BOOK_NAMES.reduce((sum, name) => sum + this.#books.trie(name).size, 0);
    this.#outbox.emit({
      type: "block",
      report: {
        number: tip.number,
        hash: tip.hash,
        timestamp: tip.timestamp,
        verdict,
        logCount: tip.logs.filter(({ address }) => addresses.has(address)).length,
        slotCount,
        votes,
        quorum: this.#votes.quorum,
        headAtMs: fetched.heardAtMs,
        factsAtMs: fetched.factsAtMs,
      },
    });
  }

  /** Reports why a block on the path cannot be judged, once per reason. */
  #checkFetch(hash: Hash, nowMs: number): void {
    const fetched = this.#fetcher.get(hash);
    if (fetched === undefined || fetched.request !== null) return;
    if (fetched.unsupported !== null) this.#reportUnknown("unsupported-header", fetched.unsupported);
    else if (fetched.missing !== null && nowMs - fetched.heardAtMs > VOTES_PATIENCE_MS) {
      this.#reportUnknown("no-answer", fetched.missing);
    }
  }

  #reportUnknown(reason: "no-source" | "unsupported-header" | "no-answer", detail: string): void {
    if (this.#unknown === reason) return;
    this.#unknown = reason;
    this.#reported = null;
    this.#outbox.emit({ type: "unknown", reason, detail });
    this.#outbox.emit({ type: "alert", level: "warning", event: `unknown-${reason}`, detail });
  }

  #locate(): void {
    const incident = this.#pauses.current;
    const finding = this.#judge.latched[0];
    const tip = this.#books.tip;
    const [source] = this.#sources.trusted();
    if (finding === undefined || tip === null || source === undefined) return;
    if (incident !== null && incident.state === "opened" && this.#options.pauser !== null) return;
    const fetched = this.#applied.get(tip.hash);
    const id = incident?.id ?? finding.blockHash;
    if (fetched !== undefined) this.#locator.start(id, finding.contract, fetched, source);
  }
}
