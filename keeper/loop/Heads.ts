import type { Ancestry } from "../chain/agree/Ancestry.ts";
import type { SourceBoard } from "../chain/agree/SourceBoard.ts";
import type { Candidate, ServedHead, Votes } from "../chain/agree/Votes.ts";
import type { Hash } from "../lib/hex.ts";
import type { BlockFetcher } from "./BlockFetcher.ts";

/** No contract of ours is in it, and Anvil's state root there is not that of its state. */
const GENESIS = 0;
/** A branch that lost may be a reorg; a source that served several lately is not followed until k operators agree. */
const MAX_STRAYS = 2;
const STRAY_MEMORY_MS = 600_000;

/** What is told of heads. */
export interface HeadEvents {
  /** A source goes back and forth between branches. */
  onOscillation(source: string, heads: readonly ServedHead[]): void;
  /** A source announced another number than its block has. */
  onWrongNumber(source: string, detail: string, nowMs: number): void;
  /** A header is asked for. */
  onAsked(hash: Hash, nowMs: number): void;
}

/** The ends of the branches that are served, best first: those to follow, and those to judge only. */
export interface Leaves {
  readonly followed: readonly Candidate[];
  readonly aside: readonly Candidate[];
}

/** Turns announced heads into votes: each is a claim until its header is verified. */
export class Heads {
  readonly #board: SourceBoard;
  readonly #votes: Votes;
  readonly #fetcher: BlockFetcher;
  readonly #ancestry: Ancestry;
  readonly #events: HeadEvents;
  readonly #oscillating = new Set<string>();
  readonly #strays = new Map<string, number[]>();

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
    const trusted = this.#board.trusted();
    const voting = new Set(this.#board.voting());
    for (const source of this.#votes.heads().keys()) if (!voting.has(source)) this.forget(source);
    for (const [source, head] of this.#board.heads()) {
      const header = this.#fetcher.header(head.hash);
      if (header === undefined) {
        const others = trusted.filter((other) => other !== source);
        const wish = { sources: [source, ...others], withProofs: head.number > GENESIS, number: head.number, below: 0 };
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

  /** A branch that only these sources served lost against one of k operators. */
  stray(sources: readonly string[], nowMs: number): void {
    for (const source of sources) {
      const recent = (this.#strays.get(source) ?? []).filter((atMs) => nowMs - atMs < STRAY_MEMORY_MS);
      this.#strays.set(source, [...recent, nowMs]);
    }
  }

  /**
   * The ends of the branches, best first: those to follow, and those that only sources serve which strayed before. The latter
   * are judged and not followed, unless nobody else serves anything.
   */
  leaves(nowMs: number): Leaves {
    const strays = new Set([...this.#strays.keys()].filter((source) => this.#isStray(source, nowMs)));
    const all = this.#votes.leaves(this.#ancestry);
    if (strays.size === 0) return { followed: all, aside: [] };
    const sound = this.#votes.leaves(this.#ancestry, (source) => !strays.has(source));
    if (sound.length === 0) return { followed: all, aside: [] };
    const isAside = ({ hash }: Candidate): boolean => sound.every((leaf) => leaf.hash !== hash);
    return { followed: sound, aside: all.filter(isAside) };
  }

  #isStray(source: string, nowMs: number): boolean {
    const recent = this.#strays.get(source)?.filter((atMs) => nowMs - atMs < STRAY_MEMORY_MS) ?? [];
    return recent.length >= MAX_STRAYS;
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
