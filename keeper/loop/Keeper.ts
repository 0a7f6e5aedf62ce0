import { Books, type BookBlock } from "../books/Books.ts";
import type { SourceReport } from "../chain/agree/SourceBoard.ts";
import type { ServedHead } from "../chain/agree/Votes.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import { allowedWith, NO_SYNC, type Allowed, type Condition } from "../domain/conditions.ts";
import { decide } from "../domain/decide.ts";
import type { UnknownReason, Verdict } from "../domain/Verdict.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import { Accounts } from "./Accounts.ts";
import { Follower, type Standing } from "./Follower.ts";
import { ChainReport } from "./ChainReport.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import { SidePauses } from "./SidePauses.ts";
import { toBookBlock } from "./toBookBlock.ts";
import { Checkpoints } from "./Checkpoints.ts";
import { Judge } from "./Judge.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import { Locator } from "./Locator.ts";
import { Outbox } from "./Outbox.ts";
import { Pauses } from "./Pauses.ts";
import type { Effect, Input } from "./ports.ts";
import { secondOpinionOr, type Replacements } from "./Replacements.ts";
import { Views } from "./Views.ts";

/** Time that votes may take before their absence is reported. */
const VOTES_PATIENCE_MS = 1_000;
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
  readonly #books: Books;
  readonly #judge: Judge;
  readonly #follower: Follower;
  readonly #accounts: Accounts;
  /** A proved mismatch and a divergent view each have their own incident: neither can stand before the other. */
  readonly #pauses: Pauses;
  readonly #viewPauses: Pauses;
  readonly #sidePauses: SidePauses;
  readonly #chain: ChainReport;
  readonly #checkpoints: Checkpoints;
  readonly #locator: Locator;
  readonly #views: Views;
  #divergentView: string | null = null;
  #isLatchSaid = false;
  #reported: { hash: Hash; kind: string } | null = null;
  #appliedAtMs: number | null = null;
  #unknown: string | null = null;
  /** What this machine's clock says at monotonic zero; null before it said something. */
  #wallAheadSeconds: number | null = null;
  /** The newest block that was said to be in sync. */
  #inSync: Hash | null = null;
  #tip: Standing | null = null;

  constructor(options: KeeperOptions, replacements: Replacements = {}) {
    this.#options = options;
    const { addresses, immutables } = options;
    const reducers = replacements.reducers === undefined ? {} : { reducers: replacements.reducers };
    this.#books = new Books({ addresses, immutables, undoDepth: UNDO_DEPTH, ...reducers });
    this.#judge = new Judge(this.#books, secondOpinionOr(replacements));
    this.#accounts = new Accounts();
    const parts = { books: this.#books, judge: this.#judge, outbox: this.#outbox, undoDepth: UNDO_DEPTH };
    this.#sidePauses = new SidePauses(options, this.#outbox);
    this.#follower = new Follower(options, parts, {
      onBlock: (fetched, block, nowMs) => {
        const hadLatched = this.#judge.latched.length > 0;
        this.#judge.take(fetched, block);
        if (hadLatched && this.#judge.latched.length === 0) this.#pauses.resolve();
        if (fetched.nonces !== null) this.#accounts.take(fetched.nonces);
        this.#locator.see(block.logs);
        this.#checkpoints.settle();
        this.#appliedAtMs = nowMs;
      },
      onTakenBack: (hash) => {
        this.#judge.forget(hash);
        this.#checkpoints.forget(hash);
      },
      onRolledBack: (depth, base) => {
        this.#accounts.forgetAll();
        this.#reported = null;
        this.#outbox.emit({ type: "rolled-back", depth, to: base ?? "0x" });
        if (this.#judge.latched.length === 0) this.#pauses.orphan();
      },
      onSideDivergence: (verdict, nowMs) => {
        this.#sidePauses.open(verdict, nowMs);
      },
      onUnknown: (reason, detail) => {
        this.#reportUnknown(reason, detail);
      },
    });
    this.#pauses = new Pauses(options, this.#books, this.#outbox, this.#accounts);
    this.#viewPauses = new Pauses(options, this.#books, this.#outbox, this.#accounts);
    this.#checkpoints = new Checkpoints(options, this.#books, this.#outbox, this.#accounts);
    this.#locator = new Locator(options, this.#books, this.#outbox);
    this.#chain = new ChainReport(this.#outbox);
    this.#views = new Views(this.#books, this.#locator.seenAccounts);
  }

  /** The books, for reading: the verified view. */
  get books(): Books {
    return this.#books;
  }

  /** What is known of each source. */
  sources(): readonly SourceReport[] {
    return this.#follower.board.reports();
  }

  /** What is unusual about the chain now. */
  get conditions(): readonly Condition[] {
    return this.#chain.holding;
  }

  /** The newest block that k operators call final; null where there is none. */
  get finalBlock(): ServedHead | null {
    return this.#follower.finality.final;
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
        this.#follower.setUp(input.source);
        break;
      case "source-down":
        this.#follower.setDown(input.source, input.reason);
        break;
      case "head":
        this.#follower.announce(input.source, { number: input.number, hash: input.hash });
        break;
      case "answers":
        if (!this.#follower.answer(input.id, input.answers, input.nowMs)) this.#locator.answer(input.id, input.answers);
        break;
      case "journalled":
        [this.#pauses, this.#viewPauses, this.#sidePauses, this.#checkpoints].some((owner) => owner.journalled(input));
        break;
      case "signed":
        [this.#pauses, this.#viewPauses, this.#sidePauses, this.#checkpoints].some((owner) => owner.signed(input));
        break;
      case "view":
        this.#compareView(input);
        break;
      case "tick":
        if (input.wallSeconds !== undefined) this.#wallAheadSeconds = input.wallSeconds - input.nowMs / 1_000;
        this.#follower.tick(input.nowMs);
        this.#locate();
        break;
    }
    const standing = this.#follower.advance(input.nowMs);
    this.#chain.see(this.#look(input.nowMs), this.#follower);
    if (standing !== null) {
      this.#tip = standing;
      this.#decideAt(standing, input.nowMs);
    }
    return this.#outbox.take();
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

  // Verdict and decision

  #look(nowMs: number): readonly Condition[] {
    const wallSeconds = this.#wallAheadSeconds === null ? null : this.#wallAheadSeconds + nowMs / 1_000;
    return this.#follower.look(nowMs, wallSeconds);
  }

  /** What so many votes allow, as the chain is now. */
  #allowed(votes: number): Allowed {
    const { quorum, operatorCount } = this.#follower;
    const { isLocalChain, allowSingleSource } = this.#options.policy;
    const conditions = this.#chain.holding.map(({ kind }) => kind);
    return allowedWith({ votes, quorum, operatorCount, isLocalChain, allowSingleSource, conditions });
  }

  #decideAt(standing: Standing, nowMs: number): void {
    const { tip, fetched, head, votes, agreed } = standing;
    const allowed = this.#allowed(votes);
    let verdict = this.#judge.verdict(fetched, allowed.inSync);
    if (verdict === null) {
      // The head may have a single voice for a while: what k operators stand behind is in sync all the same.
      if (agreed !== null && agreed.hash !== tip.hash) this.#decideBelow(agreed, standing);
      verdict = this.#withoutVotes(tip, votes, nowMs);
      if (verdict === null) return;
    }
    const isNew = this.#reported?.hash !== tip.hash || this.#reported.kind !== verdict.kind;
    if (isNew) {
      this.#reported = { hash: tip.hash, kind: verdict.kind };
      this.#unknown = null;
      this.#report(fetched, votes, verdict);
    }
    if (isNew && fetched.proven !== null) this.#follower.forgive(tip.hash);
    const baseFee = fetched.header?.baseFeePerGas ?? 0n;
    this.#act(verdict, fetched, { allowed, isNew, isHead: tip.hash === head });
    this.#pauses.pursue(tip, baseFee);
    this.#viewPauses.pursue(tip, baseFee);
  }

  /** The newest block of k operators, below a head that not so many serve. */
  #decideBelow(agreed: FetchedBlock, { tip, head }: Standing): void {
    const roots = this.#judge.rootsOf(agreed.hash);
    const allowed = this.#allowed(this.#follower.quorum);
    if (roots === null || allowed.inSync === "no" || this.#judge.latched.length > 0) return;
    const verdict: Verdict = { kind: "InSync", isWitnessed: allowed.inSync === "witnessed", roots };
    const isNew = this.#inSync !== agreed.hash;
    if (isNew) this.#report(agreed, this.#follower.quorum, verdict);
    this.#act(verdict, agreed, { allowed, isNew, isHead: tip.hash === head });
  }

  /** What is said of a block that may not be said to be in sync; null while its votes may still come. */
  #withoutVotes(tip: BookBlock, votes: number, nowMs: number): Verdict | null {
    const blocking = this.#chain.holding.find(({ kind }) => (NO_SYNC as readonly string[]).includes(kind));
    if (blocking !== undefined) {
      return { kind: "Unknown", reason: blocking.kind as (typeof NO_SYNC)[number], detail: blocking.detail };
    }
    if (nowMs - (this.#appliedAtMs ?? nowMs) < VOTES_PATIENCE_MS) return null;
    const split = this.#chain.holding.find(({ kind }) => kind === "split");
    if (split !== undefined) return { kind: "Unknown", reason: "split", detail: split.detail };
    const detail = `${votes} of ${this.#follower.quorum} operators needed vote for block ${tip.number}`;
    return { kind: "Unknown", reason: "no-quorum", detail };
  }

  #act(
    verdict: Verdict,
    block: FetchedBlock,
    { allowed, isNew, isHead }: { readonly allowed: Allowed; readonly isNew: boolean; readonly isHead: boolean },
  ): void {
    const signed = verdict.kind === "InSync" && isHead ? this.#blockToSign(block) : null;
    const situation = {
      isPauseUnderway: this.#pauses.current !== null,
      isCheckpointDue: signed !== null && this.#checkpoints.isDue(signed.tip),
      maySign: allowed.sign,
    };
    for (const action of decide(verdict, situation, this.#options.policy)) {
      if (action.kind === "soft-pause" && verdict.kind === "Diverged") this.#pauses.open(verdict.findings);
      if (action.kind === "attest" && signed !== null) {
        this.#checkpoints.start(signed.tip, signed.roots, block.header?.baseFeePerGas ?? 0n);
      }
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

  /** The block of which a checkpoint may be signed when `newest` is in sync: so deep as the chain's profile says. */
  #blockToSign(newest: FetchedBlock): { readonly tip: BookBlock; readonly roots: readonly Hash[] } | null {
    const fetched = this.#follower.below(newest, this.#options.chain.checkpointDepth);
    const roots = fetched === null ? null : this.#judge.rootsOf(fetched.hash);
    const tip = fetched === null ? null : toBookBlock(fetched, this.#books);
    return tip === null || roots === null ? null : { tip, roots };
  }

  #report({ hash, header, facts, heardAtMs, factsAtMs }: FetchedBlock, votes: number, verdict: Verdict): void {
    if (header === null || facts === null) return;
    if (verdict.kind === "InSync") this.#inSync = hash;
    const addresses = new Set<Hex>(Object.values(this.#options.addresses));
    const slotCount = BOOK_NAMES.reduce((sum, name) => sum + this.#books.trie(name).size, 0);
    this.#outbox.emit({
      type: "block",
      report: {
        number: header.number,
        hash,
        timestamp: header.timestamp,
        verdict,
        logCount: facts.logs.filter(({ address }) => addresses.has(address)).length,
        slotCount,
        votes,
        quorum: this.#follower.quorum,
        headAtMs: heardAtMs,
        factsAtMs,
      },
    });
  }

  #reportUnknown(reason: UnknownReason, detail: string): void {
    if (this.#unknown === reason) return;
    this.#unknown = reason;
    this.#reported = null;
    this.#outbox.emit({ type: "unknown", reason, detail });
    this.#outbox.emit({ type: "alert", level: "warning", event: `unknown-${reason}`, detail });
  }

  /** Names the slots of the first finding, after its pause is on its way. */
  #locate(): void {
    const incident = this.#pauses.current;
    const finding = this.#judge.latched[0];
    const [source] = this.#follower.trusted();
    if (finding === undefined || this.#tip === null || source === undefined) return;
    if (incident?.state === "opened" && this.#options.pauser !== null) return;
    this.#locator.start(incident?.id ?? finding.blockHash, finding.contract, this.#tip.fetched, source);
  }
}
