import type { BookBlock, Books } from "../books/Books.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import { allowedWith, NO_SYNC, type Allowed } from "../domain/conditions.ts";
import { decide } from "../domain/decide.ts";
import type { UnknownReason, Verdict } from "../domain/Verdict.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import type { ChainReport } from "./ChainReport.ts";
import type { Checkpoints } from "./Checkpoints.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import type { Follower, Standing } from "./Follower.ts";
import type { Judge } from "./Judge.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { Pauses } from "./Pauses.ts";

/** Time that votes may take before their absence is reported. */
const VOTES_PATIENCE_MS = 1_000;

/** What an action depends on, beside the verdict. */
interface Circumstances {
  readonly allowed: Allowed;
  readonly isNew: boolean;
  readonly isLevel: boolean;
  /** k operators stand behind the block. */
  readonly isAgreed: boolean;
}

/** A verdict on a block, and what the evidence for it allows. */
export interface Opinion {
  readonly verdict: Verdict;
  readonly block: FetchedBlock;
  readonly allowed: Allowed;
  /** k operators stand behind the block. */
  readonly isAgreed: boolean;
  /** The newest heads of k operators are in the books. */
  readonly isLevel: boolean;
}

/** What a decision is made with, and what carries it out. */
export interface DeciderParts {
  readonly books: Books;
  readonly judge: Judge;
  readonly follower: Follower;
  readonly chain: ChainReport;
  readonly outbox: Outbox;
  readonly pauses: Pauses;
  /** Of other causes, pursued alike. */
  readonly otherPauses: readonly Pauses[];
  readonly checkpoints: Checkpoints;
}

/** Turns where the books stand into a verdict, says it once, and does what follows from it. */
export class Decider {
  readonly #options: KeeperOptions;
  readonly #books: Books;
  readonly #judge: Judge;
  readonly #follower: Follower;
  readonly #chain: ChainReport;
  readonly #outbox: Outbox;
  readonly #pauses: Pauses;
  readonly #pursued: readonly Pauses[];
  readonly #checkpoints: Checkpoints;
  #isLatchSaid = false;
  #reported: { readonly hash: Hash; readonly kind: string } | null = null;
  /** Since when the books stand at blocks that k operators do not serve. */
  #unvotedSinceMs: number | null = null;
  #unknown: string | null = null;
  #opinion: Opinion | null = null;
  /** Height of the newest block that was said to be in sync. */
  #inSyncNumber = -1;

  constructor(options: KeeperOptions, parts: DeciderParts) {
    this.#options = options;
    this.#books = parts.books;
    this.#judge = parts.judge;
    this.#follower = parts.follower;
    this.#chain = parts.chain;
    this.#outbox = parts.outbox;
    this.#pauses = parts.pauses;
    this.#pursued = [parts.pauses, ...parts.otherPauses];
    this.#checkpoints = parts.checkpoints;
  }

  /** Whether the last that was said is that the books are in sync. */
  get isInSync(): boolean {
    return this.#unknown === null && this.#reported?.kind === "InSync";
  }

  /** The newest verdict and what it may be used for; null while nothing can be said. */
  get opinion(): Opinion | null {
    return this.#unknown === null ? this.#opinion : null;
  }

  /** Blocks were taken back: what was said of them no longer stands. */
  rolledBack(): void {
    this.#reported = null;
    this.#opinion = null;
    this.#inSyncNumber = Math.min(this.#inSyncNumber, this.#books.tip?.number ?? -1);
  }

  /** From now on what is found is acted on: it is said once more. */
  lead(): void {
    this.#reported = null;
    this.#isLatchSaid = false;
  }

  /** What so many votes allow, as the chain is now. */
  #allowed(votes: number): Allowed {
    const { quorum, operatorCount } = this.#follower.agreement;
    const { isLocalChain, allowSingleSource } = this.#options.policy;
    const conditions = this.#chain.holding.map(({ kind }) => kind);
    return allowedWith({ votes, quorum, operatorCount, isLocalChain, allowSingleSource, conditions });
  }

  /** Says what the books' newest block is, and does what follows from it. */
  decide(standing: Standing, nowMs: number): void {
    const { tip, fetched, isLevel, isDoubted, votes, agreed } = standing;
    const allowed = this.#allowed(votes);
    let verdict = this.#judge.verdict(fetched, allowed.inSync);
    if (verdict !== null) this.#unvotedSinceMs = null;
    else {
      this.#unvotedSinceMs ??= nowMs;
      // The head may have a single voice for a while: what k operators stand behind is in sync all the same.
      if (agreed !== null && agreed.hash !== tip.hash) this.#decideBelow(agreed, standing);
      verdict = this.#withoutVotes(tip, votes, nowMs);
      if (verdict === null) return;
    }
    const isAgain = this.#unknown !== null && !isDoubted;
    const isNew = isAgain || this.#reported?.hash !== tip.hash || this.#reported.kind !== verdict.kind;
    if (isNew) {
      this.#reported = { hash: tip.hash, kind: verdict.kind };
      this.#unknown = null;
      this.#report(fetched, votes, verdict);
    }
    if (isNew && fetched.proven !== null) this.#follower.agreement.forgive(tip);
    const isAgreed = votes >= this.#follower.agreement.quorum;
    this.#act(verdict, fetched, { allowed, isNew, isLevel, isAgreed });
    const strongest = (downTo: number): FetchedBlock => this.#follower.strongest(fetched, downTo);
    for (const pauses of this.#pursued) pauses.pursue(strongest, tip, nowMs);
  }

  /** The newest block of k operators, below a head that not so many serve. */
  #decideBelow(agreed: FetchedBlock, { isLevel }: Standing): void {
    const roots = this.#judge.rootsOf(agreed.hash);
    const allowed = this.#allowed(this.#follower.agreement.quorum);
    if (roots === null || allowed.inSync === "no" || this.#judge.latched.length > 0) return;
    const verdict: Verdict = { kind: "InSync", isWitnessed: allowed.inSync === "witnessed", roots };
    const isNew = (agreed.header?.number ?? -1) > this.#inSyncNumber;
    if (isNew) this.#report(agreed, this.#follower.agreement.quorum, verdict);
    this.#act(verdict, agreed, { allowed, isNew, isLevel, isAgreed: true });
  }

  /** What is said of a block that may not be said to be in sync; null while its votes may still come. */
  #withoutVotes(tip: BookBlock, votes: number, nowMs: number): Verdict | null {
    const blocking = this.#chain.holding.find(({ kind }) => (NO_SYNC as readonly string[]).includes(kind));
    if (blocking !== undefined) {
      return { kind: "Unknown", reason: blocking.kind as (typeof NO_SYNC)[number], detail: blocking.detail };
    }
    if (nowMs - (this.#unvotedSinceMs ?? nowMs) < VOTES_PATIENCE_MS) return null;
    const split = this.#chain.holding.find(({ kind }) => kind === "split");
    if (split !== undefined) return { kind: "Unknown", reason: "split", detail: split.detail };
    const detail = `${votes} of ${this.#follower.agreement.quorum} operators needed vote for block ${tip.number}`;
    return { kind: "Unknown", reason: "no-quorum", detail };
  }

  #act(verdict: Verdict, block: FetchedBlock, { allowed, isNew, isLevel, isAgreed }: Circumstances): void {
    this.#opinion = { verdict, block, allowed, isAgreed, isLevel };
    const due = verdict.kind === "InSync" && isLevel ? this.#checkpoints.due(block) : null;
    const situation = {
      isPauseUnderway: this.#pauses.current !== null,
      isCheckpointDue: due !== null,
      maySign: allowed.sign,
      ...{ timesSeen: 1, claimedPauses: 0 },
    };
    for (const action of decide(verdict, situation, this.#options.policy)) {
      if (action.kind === "soft-pause" && verdict.kind === "Diverged") this.#pauses.open(verdict.findings);
      if (action.kind === "attest" && due !== null) this.#checkpoints.start(block, due);
      // A block that k operators do not serve may be made up, whatever it shows of ourselves.
      if (action.kind === "latch" && !this.#isLatchSaid && isAgreed) {
        this.#isLatchSaid = true;
        this.#outbox.emit({ type: "latch", detail: action.detail });
      }
      if (action.kind === "withhold" && isNew) {
        const { action: withheld, because } = action;
        const number = block.header?.number ?? 0;
        this.#outbox.emit({ type: "withheld", action: withheld, because, detail: `block ${number} ${block.hash}` });
      }
      if (action.kind === "alert" && isNew) {
        const { level, event, detail } = action;
        this.#outbox.emit({ type: "alert", level, event, detail });
      }
    }
  }

  #report({ hash, header, facts, heardAtMs, factsAtMs }: FetchedBlock, votes: number, verdict: Verdict): void {
    if (header === null || facts === null) return;
    if (verdict.kind === "InSync") this.#inSyncNumber = header.number;
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
        quorum: this.#follower.agreement.quorum,
        headAtMs: heardAtMs,
        factsAtMs,
      },
    });
  }

  /** Nothing can be said for now. */
  unknown(reason: UnknownReason, detail: string): void {
    if (this.#unknown === reason) return;
    this.#unknown = reason;
    this.#outbox.emit({ type: "unknown", reason, detail });
    this.#outbox.emit({ type: "alert", level: "warning", event: `unknown-${reason}`, detail });
  }
}
