import { Ancestry, type Link } from "../chain/agree/Ancestry.ts";
import { ChainWatch, type Sight } from "../chain/agree/ChainWatch.ts";
import { Contradictions } from "../chain/agree/Contradictions.ts";
import { Finality, type VerifiedChain } from "../chain/agree/Finality.ts";
import type { SourceBoard } from "../chain/agree/SourceBoard.ts";
import { Votes, type Candidate, type ServedHead } from "../chain/agree/Votes.ts";
import type { Condition } from "../domain/conditions.ts";
import type { Hash } from "../lib/hex.ts";
import type { BlockFetcher } from "./BlockFetcher.ts";
import type { Canonical } from "./Canonical.ts";
import { FinalityPoll } from "./FinalityPoll.ts";
import type { Heard } from "./Heard.ts";
import { Heads } from "./Heads.ts";
import { Identity } from "./Identity.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { RpcAnswer } from "./ports.ts";

const MAX_FINALITY_POLL_MS = 12_000;

/** What an agreement is reached with. */
export interface AgreementParts {
  readonly outbox: Outbox;
  readonly board: SourceBoard;
  readonly fetcher: BlockFetcher;
  readonly canonical: Canonical;
}

/** What is known of the chain from the seat of its sources. */
export type ChainSight = Pick<Sight, "nowMs" | "wallSeconds" | "tip" | "behind" | "split" | "regression">;

/** Who says what of the chain: which sources are of it, which blocks they vote for, what is final, what is unusual. */
export class Agreement {
  readonly board: SourceBoard;
  readonly finality: Finality;
  readonly ancestry: Ancestry;
  readonly #outbox: Outbox;
  readonly #votes: Votes;
  readonly #heads: Heads;
  readonly #identity: Identity;
  readonly #poll: FinalityPoll;
  readonly #watch: ChainWatch;
  readonly #contradictions: Contradictions;
  #fault: string | null = null;

  /** @param onAsked a header was asked for */
  constructor(options: KeeperOptions, parts: AgreementParts, onAsked: (hash: Hash, nowMs: number) => void) {
    const { chain, requestDeadlineMs, sources } = options;
    const { outbox, board, fetcher, canonical } = parts;
    this.board = board;
    this.#outbox = outbox;
    this.#votes = new Votes(sources);
    const link = (hash: Hash): Link | undefined => fetcher.header(hash) ?? canonical.link(hash);
    this.ancestry = new Ancestry(link, canonical.at.bind(canonical));
    this.finality = new Finality(sources, this.#votes.quorum, chain.finality, chain.confirmations);
    const { isAncestor } = this.ancestry;
    const verified: VerifiedChain = {
      ...{ numberOf: (hash) => link(hash)?.number, isAncestor },
      isOutOfReach: (below, held) => canonical.has(held.hash) && canonical.at(below.number) === undefined,
    };
    this.#poll = new FinalityPoll(
      { outbox, board, finality: this.finality, chain: verified, learn: fetcher.learn.bind(fetcher) },
      { intervalMs: Math.min(MAX_FINALITY_POLL_MS, chain.blockSeconds * 1_000), requestDeadlineMs },
    );
    this.#watch = new ChainWatch(chain);
    this.#contradictions = new Contradictions(sources);
    this.#heads = new Heads(
      { board, votes: this.#votes, fetcher, ancestry: this.ancestry },
      {
        onOscillation: (source, heads) => outbox.emit({ type: "equivocation", source, heads }),
        onWrongNumber: this.distrust.bind(this),
        onAsked,
      },
    );
    this.#identity = new Identity(options, outbox, board, (source, reason) => {
      this.#drop(source);
      outbox.emit({ type: "quarantine", source, reason });
    });
  }

  get quorum(): number {
    return this.#votes.quorum;
  }

  get operatorCount(): number {
    return this.#votes.operatorCount;
  }

  /** Whether k operators serve anything at all. */
  get isHeard(): boolean {
    return this.#votes.isHeard;
  }

  /** Why k operators contradict what was final; null while they do not. */
  get consensusFault(): string | null {
    return this.#fault;
  }

  setUp(source: string): void {
    this.board.setUp(source);
    this.#identity.forget(source);
  }

  setDown(source: string, reason: string): void {
    this.board.setDown(source, reason);
    this.#identity.forget(source);
    this.#drop(source);
  }

  announce(source: string, head: ServedHead): void {
    this.board.announce(source, head);
  }

  /** An answer of the source did not verify. */
  distrust(source: string, reason: string, nowMs: number): void {
    this.board.distrust(source, reason, nowMs);
    this.#drop(source);
    this.#outbox.emit({ type: "quarantine", source, reason });
  }

  /** A block was proven: what its sources did wrong before is forgiven. */
  forgive(block: ServedHead): void {
    for (const source of this.sourcesOf(block)) this.board.forgive(source);
  }

  /** Takes answers to an own request in. */
  answer(id: number, answers: readonly RpcAnswer[]): Heard {
    const heard = this.#identity.answer(id, answers);
    return heard === "not-ours" ? this.#poll.answer(id, answers) : heard;
  }

  /** Asks what is due, and counts the votes. */
  count(nowMs: number): void {
    this.#identity.check(nowMs);
    this.#poll.check(nowMs);
    this.#heads.count(nowMs);
  }

  /** The ends of the branches that are served, best first. */
  leaves(): readonly Candidate[] {
    return this.#heads.leaves();
  }

  /** Operators that vote for a block. */
  votesFor(block: ServedHead): number {
    return this.#votes.votesFor(block, this.ancestry);
  }

  /** Whether k operators vote for a block. */
  isAgreed(block: ServedHead): boolean {
    return this.votesFor(block) >= this.quorum;
  }

  /** Whether newest heads of k operators, their headers verified or not, fulfil a condition. */
  isQuorum(fulfils: (source: string, head: ServedHead) => boolean): boolean {
    return this.board.operatorsWhose(fulfils) >= this.quorum;
  }

  /** Sources that vote for a block. */
  sourcesOf(block: ServedHead): readonly string[] {
    return this.#votes.sourcesOf(block, this.ancestry);
  }

  /** The books took blocks back that k operators had served, down to those above `fromNumber - depth`. */
  rolledBack(depth: number, fromNumber: number): void {
    this.#watch.rolledBack(depth, fromNumber);
  }

  /** Sources whose heads fulfil a condition. */
  sourcesWhose(fulfils: (head: ServedHead) => boolean): readonly string[] {
    return [...this.#votes.heads()].flatMap(([source, head]) => (fulfils(head) ? [source] : []));
  }

  /** Sources serve a branch without a block that was final: a fault of the consensus when k operators do, else their own lie. */
  contradict(sources: readonly string[], detail: string, nowMs: number): void {
    const { final } = this.finality;
    for (const [source, { hash }] of this.#votes.heads()) {
      if (final !== null && this.ancestry.isAncestor(final.hash, hash)) this.#contradictions.takeBack(source);
    }
    for (const source of sources) this.#contradictions.note(source, nowMs);
    if (this.#contradictions.operators(nowMs) >= this.quorum) {
      this.#fault ??= detail;
      this.#watch.consensusFault(detail);
    } else if (this.#fault === null) for (const source of sources) this.distrust(source, detail, nowMs);
  }

  /** What is unusual now. */
  look(sight: ChainSight): Condition[] {
    return this.#watch.look({
      ...sight,
      finalNumber: this.finality.final?.number ?? null,
      operators: this.board.trustedOperators().size,
      operatorCount: this.operatorCount,
      oscillating: this.#heads.oscillating,
    });
  }

  #drop(source: string): void {
    this.#heads.forget(source);
    this.finality.withdraw(source);
  }
}
