import { Books } from "../books/Books.ts";
import type { SourceReport } from "../chain/agree/SourceBoard.ts";
import type { ServedHead } from "../chain/agree/Votes.ts";
import type { Condition } from "../domain/conditions.ts";
import { BOOK_NAMES, type BookName } from "../domain/bookSet.ts";
import type { Address, Hash } from "../lib/hex.ts";
import type { Header } from "../chain/verify/header.ts";
import { Acts } from "./Acts.ts";
import { Follower, type FollowerEvents, type Standing } from "./Follower.ts";
import { ChainReport } from "./ChainReport.ts";
import { CustodyPoll } from "./CustodyPoll.ts";
import { Decider } from "./Decider.ts";
import { Judge } from "./Judge.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import { Locator } from "./Locator.ts";
import { Orders } from "./Orders.ts";
import { Outbox } from "./Outbox.ts";
import type { OwnPast } from "./OwnPast.ts";
import type { Pauses } from "./Pauses.ts";
import { type Quorum } from "./quorum/Quorum.ts";
import type { Effect, Input, SnapshotOrder } from "./ports.ts";
import { secondOpinionOr, type Replacements } from "./Replacements.ts";
import { Snapshots } from "./Snapshots.ts";
import { Transitions } from "./Transitions.ts";
import { fetchedAt, type StartingPoint } from "./StartingPoint.ts";
import { ViewWatch } from "./ViewWatch.ts";
import { whileStandby } from "./whileStandby.ts";

/** Blocks that can be taken back; a deeper reorg halts the keeper. */
const UNDO_DEPTH = 8_192;

/**
 * The keeper's core: `step(input) → effects`, deterministic, without clock, randomness or I/O.
 *
 * It follows the head that most operators serve, verifies every block below its hash, replays it into the books,
 * judges it, and acts. The same inputs in the same order give the same effects.
 */
export class Keeper {
  readonly #outbox = new Outbox();
  /** False while another replica of this keeper acts. */
  #isLeading: boolean;
  readonly #books: Books;
  readonly #judge: Judge;
  readonly #follower: Follower;
  readonly #custody: CustodyPoll;
  readonly #acts: Acts;
  readonly #chain: ChainReport;
  readonly #decider: Decider;
  readonly #orders: Orders;
  readonly #locator: Locator;
  readonly #viewWatch: ViewWatch;
  readonly #snapshots: Snapshots;
  readonly #transitions: Transitions;
  /** What this machine's clock says at monotonic zero; null before it said something. */
  #wallAheadSeconds: number | null = null;
  #tip: Standing | null = null;

  /** @param start what to begin with; null for the deployment */
  constructor(told: KeeperOptions, replacements: Replacements = {}, start: StartingPoint | null = null) {
    this.#isLeading = told.isStandby !== true;
    const options = whileStandby(told, () => this.#isLeading);
    const { addresses, immutables } = options;
    const reducers = replacements.reducers === undefined ? {} : { reducers: replacements.reducers };
    this.#books = start?.books ?? new Books({ addresses, immutables, undoDepth: UNDO_DEPTH, ...reducers });
    const ask = secondOpinionOr(replacements);
    this.#judge = new Judge(
      this.#books,
      ask,
      options.practiceBlocks,
      replacements.custody?.(this.#books) ?? options.tokenSlots,
    );
    if (start !== null) this.#judge.begin(start);
    const parts = { books: this.#books, judge: this.#judge, outbox: this.#outbox, undoDepth: UNDO_DEPTH };
    this.#transitions = new Transitions(options, parts, start === null ? null : fetchedAt(start));
    this.#follower = new Follower(options, parts, this.#events(), start === null ? null : fetchedAt(start));
    const kept = { books: this.#books, judge: this.#judge, follower: this.#follower, outbox: this.#outbox };
    this.#custody = new CustodyPoll(options, kept);
    this.#acts = new Acts(options, { ...kept, custody: this.#custody });
    this.#locator = new Locator(options, this.#books, this.#outbox, this.#transitions.keepProofs);
    this.#chain = new ChainReport(this.#outbox);
    const { proved, claimed, ordered, pauses, quorum } = this.#acts;
    this.#decider = new Decider(options, {
      ...kept,
      ...{ chain: this.#chain, pauses: proved, otherPauses: [claimed, ordered], checkpoints: quorum.checkpoints },
    });
    const carried = { outbox: this.#outbox, decider: this.#decider, quorum, manual: ordered, pauses };
    this.#orders = new Orders(options, carried);
    this.#viewWatch = new ViewWatch(options, { books: this.#books, outbox: this.#outbox, pauses: claimed });
    this.#snapshots = new Snapshots(options, kept, this.#books.tip);
  }

  #events(): FollowerEvents {
    return {
      onBlock: (fetched, block) => {
        const hadLatched = this.#judge.latched.length > 0;
        this.#judge.take(fetched, block);
        this.#transitions.see(fetched, block);
        if (hadLatched && this.#books.hasRepair(block)) this.#acts.proved.repaired();
        if (hadLatched && this.#judge.latched.length === 0) this.#acts.proved.resolve();
        if (fetched.nonces !== null) this.#acts.accounts.take(fetched.nonces);
        this.#locator.see(block.logs);
        this.#snapshots.see(block);
      },
      onTakenBack: (hash) => {
        this.#judge.forget(hash);
        this.#transitions.forget(hash);
        this.#snapshots.forget(hash);
      },
      onRolledBack: (depth, base) => {
        this.#acts.accounts.forgetAll();
        this.#decider.rolledBack();
        this.#outbox.emit({ type: "rolled-back", depth, to: base ?? "0x" });
        if (this.#judge.latched.length === 0) this.#acts.proved.orphan();
      },
      onSideDivergence: (verdict, nowMs) => {
        // It may be the snapshot that differs, and not the branch.
        if (this.#judge.isProvisional) return;
        this.#acts.side.open(verdict, nowMs);
        this.#transitions.seeSide(verdict);
      },
      onUnknown: (reason, detail) => {
        this.#decider.unknown(reason, detail);
      },
    };
  }

  /** The books, for reading: the verified view. */
  get books(): Books {
    return this.#books;
  }

  /** The newest block that was decided at, with what it proves of the own keys; null before the first proven one. */
  get newest(): {
    /** The newest heads of k operators are in the books. */
    readonly isLevel: boolean;
    readonly header: Header;
    readonly nonces: ReadonlyMap<Address, number>;
    readonly balances: ReadonlyMap<Address, bigint>;
  } | null {
    const { header, nonces, balances } = this.#tip?.fetched ?? {};
    if (this.#tip === null || header == null || nonces == null || balances == null) return null;
    return { isLevel: this.#tip.isLevel, header, nonces, balances };
  }

  /** Storage roots that are proven at the newest block of the books; null where none are. */
  get storageRoots(): ReadonlyMap<BookName, Hash> | null {
    const { hash, proven } = this.#tip?.fetched ?? {};
    if (proven == null || hash !== this.#books.tip?.hash) return null;
    return new Map(BOOK_NAMES.flatMap((name) => (proven[name] === null ? [] : [[name, proven[name].storageRoot]])));
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

  /** What is decided with other keepers. */
  get quorum(): Quorum {
    return this.#acts.quorum;
  }

  get pauses(): Pauses {
    return this.#acts.proved;
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
        // What was heard before changes nothing: only time could, and time has ticks.
        if (!this.#answer(input)) return this.#outbox.take();
        break;
      case "journalled":
        this.#acts.journalled(input);
        break;
      case "signed":
        this.#acts.signed(input);
        break;
      case "sign-failed":
        this.#acts.signFailed(input);
        break;
      case "sent":
        this.#acts.sent(input);
        break;
      case "lead":
        this.#lead(input.past);
        break;
      case "order":
        this.#orders.take(input.id, input.order, this.#tip);
        break;
      case "statements":
        this.#acts.quorum.hear(input);
        break;
      case "view":
        this.#viewWatch.take(input, this.#decider.isInSync);
        break;
      case "tick":
        if (input.wallSeconds !== undefined) this.#wallAheadSeconds = input.wallSeconds - input.nowMs / 1_000;
        this.#follower.tick(input.nowMs);
        this.#acts.tick(input.nowMs);
        this.#transitions.tick(this.#acts.isPauseAwaited, input.nowMs);
        this.#locate(input.nowMs);
        break;
    }
    const standing = this.#follower.advance(input.nowMs);
    this.#chain.see([...this.#look(input.nowMs), ...this.#custody.conditions], this.#follower.agreement);
    if (standing !== null) {
      this.#tip = standing;
      this.#decider.decide(standing, input.nowMs);
      this.#orders.settle();
      if (this.#decider.isInSync && standing.isLevel) this.#acts.inSync(standing.tip);
      this.#acts.quorum.step(standing, this.#decider.opinion);
      this.#custody.step(standing, input.nowMs);
      this.#snapshots.decide(standing, this.#decider.isInSync, input.nowMs);
    }
    return this.#outbox.take();
  }

  /** Takes over from another replica: what it found is acted on from now on. */
  #lead(past: OwnPast): void {
    this.#isLeading = true;
    this.#acts.lead(past);
    this.#chain.lead();
    this.#decider.lead();
    this.#transitions.lead();
  }

  /** Whether something may be new. */
  #answer({ id, answers, nowMs }: Extract<Input, { type: "answers" }>): boolean {
    const followed = this.#follower.answer(id, answers, nowMs);
    if (followed !== "not-ours") return followed === "new";
    if (this.#acts.answer(id, answers)) return true;
    const asked = this.#custody.answer(id, answers);
    if (asked !== "not-ours") return asked === "new";
    this.#locator.answer(id, answers, nowMs);
    return true;
  }

  #look(nowMs: number): readonly Condition[] {
    const wallSeconds = this.#wallAheadSeconds === null ? null : this.#wallAheadSeconds + nowMs / 1_000;
    return this.#follower.look(nowMs, wallSeconds);
  }

  /** Names the slots that the findings are about, after their pause is on its way; of an own fault too. */
  #locate(nowMs: number): void {
    const tip = this.#tip?.fetched ?? null;
    const verdict = tip === null ? null : this.#judge.verdict(tip, "no");
    const all = verdict?.kind === "Diverged" || verdict?.kind === "OwnFault" ? verdict.findings : [];
    // Of a token that is gone no word of the books differs.
    const findings = all.filter(({ cause }) => cause !== "custody-short");
    const [first] = findings;
    const incident = this.#acts.proved.current;
    if (tip === null || first === undefined) {
      this.#locator.tick(null);
      return;
    }
    if (this.#acts.isPauseAwaited) return;
    const { board } = this.#follower.agreement;
    this.#locator.tick({
      ...{ incidentId: incident?.id ?? first.blockHash, findings, tip, nowMs },
      isOwnFault: verdict?.kind === "OwnFault",
      sources: board.ranked(board.trusted()),
      below: this.#follower.below.bind(this.#follower),
    });
  }
}
