import { Books } from "../books/Books.ts";
import type { SourceReport } from "../chain/agree/SourceBoard.ts";
import type { ServedHead } from "../chain/agree/Votes.ts";
import type { Condition } from "../domain/conditions.ts";
import { Accounts } from "./Accounts.ts";
import { Bids } from "./Bids.ts";
import { Follower, type FollowerEvents, type Standing } from "./Follower.ts";
import { ChainReport } from "./ChainReport.ts";
import { SidePauses } from "./SidePauses.ts";
import { Decider } from "./Decider.ts";
import { Checkpoints } from "./Checkpoints.ts";
import { Judge } from "./Judge.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import { Locator } from "./Locator.ts";
import { Outbox } from "./Outbox.ts";
import { Pauses } from "./Pauses.ts";
import type { Effect, Input, SnapshotOrder } from "./ports.ts";
import { secondOpinionOr, type Replacements } from "./Replacements.ts";
import { Snapshots } from "./Snapshots.ts";
import { fetchedAt, type StartingPoint } from "./StartingPoint.ts";
import { Views } from "./Views.ts";

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
  readonly #decider: Decider;
  readonly #checkpoints: Checkpoints;
  readonly #locator: Locator;
  readonly #views: Views;
  readonly #snapshots: Snapshots;
  #divergentView: string | null = null;
  /** What this machine's clock says at monotonic zero; null before it said something. */
  #wallAheadSeconds: number | null = null;
  #tip: Standing | null = null;

  /** @param start what to begin with; null for the deployment */
  constructor(options: KeeperOptions, replacements: Replacements = {}, start: StartingPoint | null = null) {
    this.#options = options;
    const { addresses, immutables } = options;
    const reducers = replacements.reducers === undefined ? {} : { reducers: replacements.reducers };
    this.#books = start?.books ?? new Books({ addresses, immutables, undoDepth: UNDO_DEPTH, ...reducers });
    this.#judge = new Judge(this.#books, secondOpinionOr(replacements));
    if (start !== null) this.#judge.begin(start);
    this.#accounts = new Accounts();
    const parts = { books: this.#books, judge: this.#judge, outbox: this.#outbox, undoDepth: UNDO_DEPTH };
    const bids = new Bids();
    this.#sidePauses = new SidePauses(options, this.#outbox, bids);
    const events: FollowerEvents = {
      onBlock: (fetched, block) => {
        const hadLatched = this.#judge.latched.length > 0;
        this.#judge.take(fetched, block);
        if (hadLatched && this.#judge.latched.length === 0) this.#pauses.resolve();
        if (fetched.nonces !== null) this.#accounts.take(fetched.nonces);
        this.#locator.see(block.logs);
        this.#checkpoints.settle();
        this.#snapshots.see(block);
      },
      onTakenBack: (hash) => {
        this.#judge.forget(hash);
        this.#snapshots.forget(hash);
        this.#checkpoints.forget(hash);
      },
      onRolledBack: (depth, base) => {
        this.#accounts.forgetAll();
        this.#decider.rolledBack();
        this.#outbox.emit({ type: "rolled-back", depth, to: base ?? "0x" });
        if (this.#judge.latched.length === 0) this.#pauses.orphan();
      },
      onSideDivergence: (verdict, nowMs) => {
        // It may be the snapshot that differs, and not the branch.
        if (!this.#judge.isProvisional) this.#sidePauses.open(verdict, nowMs);
      },
      onUnknown: (reason, detail) => {
        this.#decider.unknown(reason, detail);
      },
    };
    this.#follower = new Follower(options, parts, events, start === null ? null : fetchedAt(start));
    const paths = { books: this.#books, outbox: this.#outbox, accounts: this.#accounts, bids };
    this.#pauses = new Pauses(options, paths);
    this.#viewPauses = new Pauses(options, paths);
    this.#checkpoints = new Checkpoints(options, this.#books, this.#outbox, this.#accounts);
    this.#locator = new Locator(options, this.#books, this.#outbox);
    this.#chain = new ChainReport(this.#outbox);
    this.#decider = new Decider(options, {
      ...{ books: this.#books, judge: this.#judge, follower: this.#follower, chain: this.#chain, outbox: this.#outbox },
      ...{ pauses: this.#pauses, viewPauses: this.#viewPauses, checkpoints: this.#checkpoints },
    });
    this.#views = new Views(this.#books);
    const kept = { books: this.#books, judge: this.#judge, follower: this.#follower, outbox: this.#outbox };
    this.#snapshots = new Snapshots(options, kept, this.#books.tip);
  }

  /** The books, for reading: the verified view. */
  get books(): Books {
    return this.#books;
  }

  /** What is known of each source. */
  sources(): readonly SourceReport[] {
    return this.#follower.agreement.board.reports();
  }

  /** What is unusual about the chain now. */
  get conditions(): readonly Condition[] {
    return this.#chain.holding;
  }

  /** The newest block that k operators call final; null where there is none. */
  get finalBlock(): ServedHead | null {
    return this.#follower.agreement.finality.final;
  }

  /** The snapshot that could be taken now: for a shutdown. Null when there is none that is newer than the last. */
  get snapshotDue(): SnapshotOrder | null {
    return this.#snapshots.take();
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
        this.#follower.agreement.setUp(input.source);
        break;
      case "source-down":
        this.#follower.agreement.setDown(input.source, input.reason);
        break;
      case "head":
        this.#follower.announce(input.source, { number: input.number, hash: input.hash });
        break;
      case "answers":
        if (!this.#follower.answer(input.id, input.answers, input.nowMs)) {
          this.#locator.answer(input.id, input.answers, input.nowMs);
        }
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
        this.#locate(input.nowMs);
        break;
    }
    const standing = this.#follower.advance(input.nowMs);
    this.#chain.see(this.#look(input.nowMs), this.#follower.agreement);
    if (standing !== null) {
      this.#tip = standing;
      this.#decider.decide(standing, input.nowMs);
      this.#snapshots.decide(standing, this.#decider.isInSync, input.nowMs);
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
    if (!mayPause || !this.#decider.isInSync || this.#options.policy.mode !== "act") return;
    if (this.#viewPauses.open([finding])) this.#divergentView = name;
  }

  #look(nowMs: number): readonly Condition[] {
    const wallSeconds = this.#wallAheadSeconds === null ? null : this.#wallAheadSeconds + nowMs / 1_000;
    return this.#follower.look(nowMs, wallSeconds);
  }

  /** Names the slots that the findings are about, after their pause is on its way; of an own fault too. */
  #locate(nowMs: number): void {
    const tip = this.#tip?.fetched ?? null;
    const verdict = tip === null ? null : this.#judge.verdict(tip, "no");
    const findings = verdict?.kind === "Diverged" || verdict?.kind === "OwnFault" ? verdict.findings : [];
    const [first] = findings;
    const incident = this.#pauses.current;
    if (tip === null || first === undefined) {
      this.#locator.tick(null);
      return;
    }
    if (incident?.state === "opened" && this.#options.pauser !== null) return;
    const { board } = this.#follower.agreement;
    this.#locator.tick({
      ...{ incidentId: incident?.id ?? first.blockHash, findings, tip, nowMs },
      isOwnFault: verdict?.kind === "OwnFault",
      sources: board.ranked(board.trusted()),
      below: this.#follower.below.bind(this.#follower),
    });
  }
}
