import { Books, type BookBlock } from "../books/Books.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import { decide } from "../domain/decide.ts";
import type { UnknownReason, Verdict } from "../domain/Verdict.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import { Accounts } from "./Accounts.ts";
import { Follower, type Standing } from "./Follower.ts";
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
  readonly #checkpoints: Checkpoints;
  readonly #locator: Locator;
  readonly #views: Views;
  #divergentView: string | null = null;
  #isLatchSaid = false;
  #reported: { hash: Hash; kind: string } | null = null;
  #appliedAtMs: number | null = null;
  #unknown: string | null = null;
  #tip: Standing | null = null;

  constructor(options: KeeperOptions, replacements: Replacements = {}) {
    this.#options = options;
    const { addresses, immutables } = options;
    const reducers = replacements.reducers === undefined ? {} : { reducers: replacements.reducers };
    this.#books = new Books({ addresses, immutables, undoDepth: UNDO_DEPTH, ...reducers });
    this.#judge = new Judge(this.#books, secondOpinionOr(replacements));
    this.#accounts = new Accounts();
    this.#follower = new Follower(options, this.#books, this.#outbox, UNDO_DEPTH, {
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
      onUnknown: (reason, detail) => {
        this.#reportUnknown(reason, detail);
      },
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
        this.#follower.setUp(input.source);
        break;
      case "source-down":
        this.#follower.setDown(input.source);
        break;
      case "head":
        this.#follower.announce(input.source, { number: input.number, hash: input.hash });
        break;
      case "answers":
        if (!this.#follower.answer(input.id, input.answers, input.nowMs)) this.#locator.answer(input.id, input.answers);
        break;
      case "journalled":
        [this.#pauses, this.#viewPauses, this.#checkpoints].some((owner) => owner.journalled(input));
        break;
      case "signed":
        [this.#pauses, this.#viewPauses, this.#checkpoints].some((owner) => owner.signed(input));
        break;
      case "view":
        this.#compareView(input);
        break;
      case "tick":
        this.#follower.tick(input.nowMs);
        this.#locate();
        break;
    }
    const standing = this.#follower.advance(input.nowMs);
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

  #decideAt({ tip, fetched, head, votes }: Standing, nowMs: number): void {
    const { hash } = tip;
    const { quorum, operatorCount } = this.#follower;
    const mayBeUnwitnessed = this.#options.policy.isLocalChain || this.#options.policy.allowSingleSource;
    const witnesses = { votes, quorum, operatorCount, mayBeUnwitnessed };
    let verdict = this.#judge.verdict(fetched, witnesses);
    if (verdict === null) {
      if (nowMs - (this.#appliedAtMs ?? nowMs) < VOTES_PATIENCE_MS) return;
      const detail = `${votes} of ${quorum} operators needed vote for block ${tip.number}`;
      verdict = { kind: "Unknown", reason: "no-quorum", detail };
    }
    const isNew = this.#reported?.hash !== hash || this.#reported.kind !== verdict.kind;
    if (isNew) {
      this.#reported = { hash, kind: verdict.kind };
      this.#unknown = null;
      this.#report({ tip, fetched, head, votes }, verdict);
    }
    if (isNew && fetched.proven !== null) this.#follower.forgive();
    const baseFee = fetched.header?.baseFeePerGas ?? 0n;
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

  #report({ tip, fetched, votes }: Standing, verdict: Verdict): void {
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
        quorum: this.#follower.quorum,
        headAtMs: fetched.heardAtMs,
        factsAtMs: fetched.factsAtMs,
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
