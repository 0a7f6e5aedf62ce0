import { Books, type BookBlock } from "../books/Books.ts";
import { Votes, type ServedHead } from "../chain/agree/Votes.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import { decide } from "../domain/decide.ts";
import type { Verdict } from "../domain/Verdict.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import { Accounts } from "./Accounts.ts";
import { BlockFetcher, type FetchedBlock } from "./BlockFetcher.ts";
import { Checkpoints } from "./Checkpoints.ts";
import { Judge } from "./Judge.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import { Locator } from "./Locator.ts";
import { Outbox } from "./Outbox.ts";
import { Pauses } from "./Pauses.ts";
import type { BlockReport, Effect, Input } from "./ports.ts";
import { Views } from "./Views.ts";
import { secondOpinionOr, type Replacements } from "./Replacements.ts";

/** Receipts fetched ahead of the block that is applied next. */
const FETCH_AHEAD = 8;
/** Time that votes may take before their absence is reported. */
const VOTES_PATIENCE_MS = 1_000;
/** Doubles with each offence in a row: one answer taken while the node changed its head is no lie yet. */
const QUARANTINE_MS = 500;
const MAX_QUARANTINE_MS = 60_000;
const RETRY_MS = 250;
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
  readonly #pauses: Pauses;
  readonly #checkpoints: Checkpoints;
  readonly #locator: Locator;
  readonly #views: Views;
  readonly #up = new Set<string>();
  readonly #quarantine = new Map<string, number>();
  readonly #offences = new Map<string, number>();
  readonly #servedHeads = new Map<string, ServedHead>();
  readonly #applied = new Map<Hash, FetchedBlock>();
  #accountsRequest: number | null = null;
  #accountsAsked = 0;
  #reported: { hash: Hash; kind: string } | null = null;
  #undecided: { readonly hash: Hash; readonly sinceMs: number } | null = null;
  #unknown: string | null = null;
  #target: Hash | null = null;
  #retriedAtMs = 0;
  #noHeadSinceMs: number | null = null;

  constructor(options: KeeperOptions, replacements: Replacements = {}) {
    this.#options = options;
    this.#votes = new Votes(options.sources);
    const { addresses, immutables } = options;
    const reducers = replacements.reducers === undefined ? {} : { reducers: replacements.reducers };
    this.#books = new Books({ addresses, immutables, undoDepth: UNDO_DEPTH, ...reducers });
    this.#judge = new Judge(this.#books, secondOpinionOr(replacements));
    this.#accounts = new Accounts([options.pauser, options.poster]);
    this.#fetcher = new BlockFetcher(options, this.#outbox, (source, reason, nowMs) => {
      this.#distrust(source, reason, nowMs);
    });
    this.#pauses = new Pauses(options, this.#books, this.#outbox, this.#accounts);
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
        this.#up.add(input.source);
        break;
      case "source-down":
        this.#up.delete(input.source);
        this.#votes.withdraw(input.source);
        break;
      case "head":
        this.#hear(input);
        break;
      case "answers":
        this.#answer(input);
        break;
      case "journalled":
        if (!this.#pauses.journalled(input)) this.#checkpoints.journalled(input);
        break;
      case "signed":
        if (!this.#pauses.signed(input)) this.#checkpoints.signed(input);
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

  // Heads and answers

  #hear({ source, number, hash, nowMs }: Extract<Input, { type: "head" }>): void {
    this.#up.add(source);
    this.#servedHeads.set(source, { number, hash });
    if (!this.#isQuarantined(source, nowMs)) this.#votes.serve(source, { number, hash });
  }

  #answer({ id, answers, nowMs }: Extract<Input, { type: "answers" }>): void {
    if (id === this.#accountsRequest) {
      this.#accountsRequest = null;
      this.#accounts.take(answers);
      return;
    }
    if (!this.#fetcher.answer(id, answers, nowMs)) this.#locator.answer(id, answers);
  }

  #tick(nowMs: number): void {
    for (const [source, until] of this.#quarantine) {
      if (nowMs < until) continue;
      this.#quarantine.delete(source);
      const head = this.#servedHeads.get(source);
      if (head !== undefined && this.#up.has(source)) this.#votes.serve(source, head);
    }
    if (nowMs - this.#retriedAtMs >= RETRY_MS) {
      this.#retriedAtMs = nowMs;
      for (const { hash } of this.#votes.heads().values()) this.#fetcher.retry(hash);
      const { hashes, missing } = this.#target === null ? { hashes: [], missing: null } : this.#path(this.#target);
      for (const hash of hashes) this.#fetcher.retry(hash);
      if (missing !== null) this.#fetcher.retry(missing.hash);
    }
    this.#refreshAccounts();
    this.#locate();
  }

  #distrust(source: string, reason: string, nowMs: number): void {
    const offences = (this.#offences.get(source) ?? 0) + 1;
    this.#offences.set(source, offences);
    this.#quarantine.set(source, nowMs + Math.min(MAX_QUARANTINE_MS, QUARANTINE_MS * 2 ** (offences - 1)));
    this.#votes.withdraw(source);
    this.#outbox.emit({ type: "quarantine", source, reason });
  }

  #isQuarantined(source: string, nowMs: number): boolean {
    return nowMs < (this.#quarantine.get(source) ?? 0);
  }

  /** Asks the sources in turn: one that answers wrong numbers delays a transaction until another one is asked. */
  #refreshAccounts(): void {
    const sources = [...this.#up];
    const source = sources[this.#accountsAsked % sources.length];
    const calls = this.#accounts.calls();
    if (this.#accountsRequest !== null || source === undefined || calls.length === 0) return;
    this.#accountsAsked += 1;
    this.#accountsRequest = this.#outbox.request(source, calls, this.#options.requestDeadlineMs);
  }

  /** A view that differs pauses new risk by its policy; back in step, its incident closes. */
  #compareView({ name, mayPause, view }: Extract<Input, { type: "view" }>): void {
    const comparison = this.#views.compare(view);
    this.#outbox.emit({ type: "view-compared", name, blockHash: view.blockHash, comparison });
    const finding = this.#views.finding(name, comparison);
    if (finding === null) {
      if (comparison.kind === "equal" && this.#pauses.current?.cause === "view-diverged") this.#pauses.close();
      return;
    }
    if (mayPause && this.#options.policy.mode === "act" && this.#judge.latched.length === 0) {
      this.#pauses.open([finding]);
    }
  }

  // Following the chain

  #advance(nowMs: number): void {
    const best = this.#votes.best(this.#isAncestor);
    if (best === null) {
      this.#noHeadSinceMs ??= nowMs;
      const isLong = nowMs - this.#noHeadSinceMs >= VOTES_PATIENCE_MS;
      if (isLong) this.#reportUnknown("no-source", "no source serves a head");
      return;
    }
    this.#noHeadSinceMs = null;
    this.#target = best.hash;
    for (const { hash, number } of this.#votes.heads().values()) {
      const sources = this.#votes.sourcesOf({ hash, number }, this.#isAncestor);
      this.#fetcher.wantHeader(hash, sources, number > GENESIS, nowMs);
    }
    const { hashes, missing, base } = this.#path(best.hash);
    if (missing !== null) {
      const withProofs = missing.number > GENESIS && best.number - missing.number < this.#options.proofDepth;
      this.#fetcher.wantHeader(missing.hash, best.sources, withProofs, nowMs);
      this.#checkFetch(missing.hash, nowMs);
      return;
    }
    this.#rollBackTo(base);
    for (const hash of hashes.slice(0, FETCH_AHEAD)) this.#fetcher.wantFacts(hash, best.sources);
    for (const [index, hash] of hashes.entries()) {
      const fetched = this.#fetcher.get(hash);
      if (fetched?.facts == null) {
        this.#checkFetch(hash, nowMs);
        return;
      }
      this.#apply(fetched, nowMs);
      const ahead = hashes[index + FETCH_AHEAD];
      if (ahead !== undefined) this.#fetcher.wantFacts(ahead, best.sources);
    }
    this.#decideAt(best.hash, best.votes, nowMs);
  }

  /** Blocks from the books' tip, or from a block to roll back to, up to `target`, oldest first. */
  #path(target: Hash): { hashes: Hash[]; missing: ServedHead | null; base: Hash | null } {
    const hashes: Hash[] = [];
    let hash = target;
    let number = this.#targetNumber(target);
    while (!this.#applied.has(hash)) {
      const header = this.#fetcher.header(hash);
      if (header === undefined) return { hashes: [], missing: { hash, number }, base: null };
      hashes.push(hash);
      if (header.number <= this.#options.deploymentBlock) {
        return { hashes: hashes.reverse(), missing: null, base: null };
      }
      hash = header.parentHash;
      number = header.number - 1;
    }
    return { hashes: hashes.reverse(), missing: null, base: hash };
  }

  #targetNumber(target: Hash): number {
    for (const head of this.#votes.heads().values()) if (head.hash === target) return head.number;
    return 0;
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
    this.#reported = null;
    this.#outbox.emit({ type: "rolled-back", depth, to: base ?? "0x" });
    if (this.#judge.latched.length === 0 && this.#pauses.current?.cause !== "view-diverged") this.#pauses.orphan();
  }

  #apply(fetched: FetchedBlock, nowMs: number): void {
    const { facts, header } = fetched;
    if (facts === null || header === null) return;
    const { number, hash, parentHash, timestamp } = header;
    const block: BookBlock = { number, hash, parentHash, timestamp, logs: facts.logs };
    this.#judge.take(fetched, block);
    this.#applied.set(hash, fetched);
    const [oldest] = this.#applied.keys();
    if (this.#applied.size > UNDO_DEPTH && oldest !== undefined) this.#applied.delete(oldest);
    this.#locator.see(facts.logs);
    this.#checkpoints.settle();
    this.#fetcher.prune(number - this.#options.proofDepth);
    this.#undecided = { hash, sinceMs: nowMs };
  }

  // Verdict and decision

  #decideAt(hash: Hash, votes: number, nowMs: number): void {
    const tip = this.#books.tip;
    const fetched = this.#applied.get(hash);
    if (tip === null || fetched?.header == null) return;
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
    if (isNew && fetched.proven !== null)
      for (const source of this.#votes.heads().keys()) this.#offences.delete(source);
    const baseFee = fetched.header.baseFeePerGas ?? 0n;
    this.#act(verdict, tip, baseFee, isNew);
    this.#pauses.pursue(tip, baseFee);
    if (isNew) this.#refreshAccounts();
  }

  #act(verdict: Verdict, tip: BookBlock, baseFee: bigint, isNew: boolean): void {
    const situation = {
      isPauseUnderway: this.#pauses.current !== null,
      isCheckpointDue: verdict.kind === "InSync" && this.#checkpoints.isDue(tip),
    };
    for (const action of decide(verdict, situation, this.#options.policy)) {
      if (action.kind === "soft-pause" && verdict.kind === "Diverged") this.#pauses.open(verdict.findings);
      if (action.kind === "attest" && verdict.kind === "InSync") this.#checkpoints.start(tip, verdict.roots, baseFee);
      if (action.kind === "latch" && isNew) this.#outbox.emit({ type: "latch", detail: action.detail });
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
    const [source] = this.#up;
    if (finding === undefined || tip === null || source === undefined) return;
    if (incident !== null && incident.state === "opened" && this.#options.pauser !== null) return;
    const fetched = this.#applied.get(tip.hash);
    const id = incident?.id ?? finding.blockHash;
    if (fetched !== undefined) this.#locator.start(id, finding.contract, fetched, source);
  }
}
