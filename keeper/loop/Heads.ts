import type { Ancestry } from "../chain/agree/Ancestry.ts";
import type { SourceBoard } from "../chain/agree/SourceBoard.ts";
import type { Candidate, ServedHead, Votes } from "../chain/agree/Votes.ts";
import type { Hash } from "../lib/hex.ts";
import type { BlockFetcher } from "./BlockFetcher.ts";

/** No contract of ours is in it, and Anvil's state root there is not that of its state. */
const GENESIS = 0;
/** What is told of heads. */
export interface HeadEvents {
  /** A source goes back and forth between branches. */
  onOscillation(source: string, heads: readonly ServedHead[]): void;
  /** A source announced another number than its block has. */
  onWrongNumber(source: string, detail: string, nowMs: number): void;
  /** A header is asked for. */
  onAsked(hash: Hash, nowMs: number): void;
}

/** Turns announced heads into votes: each is a claim until its header is verified. */
export class Heads {
  readonly #board: SourceBoard;
  readonly #votes: Votes;
  readonly #fetcher: BlockFetcher;
  readonly #ancestry: Ancestry;
  readonly #events: HeadEvents;
  readonly #oscillating = new Set<string>();

  constructor(
    parts: {
      readonly board: SourceBoard;
      readonly votes: Votes;
      readonly fetcher: BlockFetcher;
      readonly ancestry: Ancestry;
    },
    events: HeadEvents,
  ) {
    this.#board = parts.board;
    this.#votes = parts.votes;
    this.#fetcher = parts.fetcher;
    this.#ancestry = parts.ancestry;
    this.#events = events;
  }

  /** Sources whose votes are suspended for going back and forth. */
  get oscillating(): readonly string[] {
    return [...this.#oscillating];
  }

  /** A source votes for the newest head of its own whose header is verified; until then for the one before. */
  count(nowMs: number): void {
    const voting = new Set(this.#board.voting());
    const heads = this.#board.heads();
    for (const source of this.#votes.heads().keys()) if (!voting.has(source)) this.forget(source);
    for (const [source, head] of heads) {
      const header = this.#fetcher.header(head.hash);
      if (header === undefined) {
        // Nobody else is asked for what one source says: it could say anything, as often as it likes.
        const sources = heads.flatMap(([other, { hash }]) => (hash === head.hash ? [other] : []));
        const wish = { sources, withProofs: head.number > GENESIS, number: head.number, below: 0 };
        this.#fetcher.wantHeader(head.hash, wish, nowMs);
        this.#events.onAsked(head.hash, nowMs);
      } else if (header.number !== head.number) {
        const detail = `block ${head.hash} has number ${header.number}, announced as ${head.number}`;
        this.#events.onWrongNumber(source, detail, nowMs);
      } else if (voting.has(source)) this.#serve(source, head, nowMs);
    }
  }

  /** The source is down or not believed: its vote and what it did before no longer count. */
  forget(source: string): void {
    this.#votes.withdraw(source);
    if (!this.#isSuspended(source)) this.#oscillating.delete(source);
  }

  /** The ends of the branches that are served, best first. */
  leaves(): readonly Candidate[] {
    return this.#votes.leaves(this.#ancestry);
  }

  #isSuspended(source: string): boolean {
    return this.#board.reports().some(({ id, state }) => id === source && state === "suspended");
  }

  #serve(source: string, head: ServedHead, nowMs: number): void {
    this.#oscillating.delete(source);
    const move = this.#board.serve(source, head, nowMs, this.#ancestry.relate);
    if (move === "stay") return;
    if (move === "oscillate") {
      this.#oscillating.add(source);
      this.#votes.withdraw(source);
      this.#events.onOscillation(source, [...this.#board.branchesOf(source), head]);
      return;
    }
    this.#votes.serve(source, head);
  }
}
