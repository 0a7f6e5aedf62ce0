import type { Hash } from "../../lib/hex.ts";
import type { ServedHead } from "./Votes.ts";

/** How a head lies to another: further on the same branch, back on it, or on another branch. */
export type Relation = "same" | "ahead" | "behind" | "competing" | "unknown";

/** What a source's new head means for its vote. */
export type Move =
  /** It votes for the new head. */
  | "follow"
  /** A pool with a node that lags says an ancestor now and then: the vote stays where it is. */
  | "stay"
  /** It has served only an ancestor for so long that it is believed. */
  | "regress"
  /** It has come back to a branch that it had left, more than once. */
  | "oscillate";

/** A reorg and its reverse happen; the second return within the window is no reorg any more. */
const MAX_RETURNS = 1;
const WINDOW_MS = 60_000;
const MAX_LEFT = 16;
/** A load balancer mixes heights for less than this. */
const PATIENCE_MS = 3_000;

interface LeftBranch {
  readonly head: ServedHead;
  readonly atMs: number;
}

/** What one source served, as far as it tells a lagging pool from a reorg and a reorg from two chains. */
export class HeadHistory {
  #current: ServedHead | null = null;
  #left: LeftBranch[] = [];
  #returnsAtMs: number[] = [];
  #behindSinceMs: number | null = null;

  /** The head that the source votes for; null before the first. */
  get current(): ServedHead | null {
    return this.#current;
  }

  /**
   * The source serves `head`, whose header is verified.
   *
   * @param relate how the first head lies to the second
   */
  serve(head: ServedHead, nowMs: number, relate: (head: Hash, other: Hash) => Relation): Move {
    const current = this.#current;
    const relation = current === null ? "ahead" : relate(head.hash, current.hash);
    if (relation === "same") {
      this.#behindSinceMs = null;
      return "follow";
    }
    if (relation === "behind") {
      this.#behindSinceMs ??= nowMs;
      if (nowMs - this.#behindSinceMs < PATIENCE_MS) return "stay";
      this.#current = head;
      this.#behindSinceMs = null;
      return "regress";
    }
    this.#behindSinceMs = null;
    this.#current = head;
    if (relation === "ahead" || current === null) return "follow";
    // Of two blocks of one height neither is above the other, whatever is known of those below them.
    const isCompeting = relation === "competing" || head.number === current.number;
    return this.#leave(current, head, nowMs, relate) && isCompeting ? this.#return(nowMs) : "follow";
  }

  /** Starts anew: a connection was lost, or the source was not believed for a while. */
  forget(): void {
    this.#current = null;
    this.#left = [];
    this.#returnsAtMs = [];
    this.#behindSinceMs = null;
  }

  /** The heads of the last branches that it left and returned to, for evidence. */
  get branches(): readonly ServedHead[] {
    return this.#left.map(({ head }) => head);
  }

  /** Remembers the head that is left, and tells whether the new one goes on where another was left before. */
  #leave(from: ServedHead, to: ServedHead, nowMs: number, relate: (head: Hash, other: Hash) => Relation): boolean {
    const recent = this.#left.filter(({ atMs }) => nowMs - atMs < WINDOW_MS);
    this.#left = [...recent, { head: from, atMs: nowMs }].slice(-MAX_LEFT);
    return recent.some(({ head }) => {
      const relation = relate(to.hash, head.hash);
      return relation === "same" || relation === "ahead";
    });
  }

  #return(nowMs: number): "follow" | "oscillate" {
    const returns = this.#returnsAtMs.filter((atMs) => nowMs - atMs < WINDOW_MS);
    this.#returnsAtMs = [...returns, nowMs].slice(-MAX_LEFT);
    return this.#returnsAtMs.length > MAX_RETURNS ? "oscillate" : "follow";
  }
}
