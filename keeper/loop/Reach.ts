import type { Candidate, ServedHead } from "../chain/agree/Votes.ts";
import type { Hash } from "../lib/hex.ts";
import type { Agreement } from "./Agreement.ts";

/** Time that k operators may take to be heard: while connections begin, or begin anew. */
const UNHEARD_MS = 1_000;
/** So many times the time between blocks k operators may serve nothing new while others do. */
const MISSED_BLOCKS = 3;

/**
 * How far the books may go along a branch: as far as k operators serve it. What fewer serve is judged beside the books, so that
 * who invents blocks changes nothing that lasts. Only when k operators are not heard at all, or have stood still for long while
 * others went on, do the books go as far as anybody shows, and nothing of that is said to be in sync.
 */
export class Reach {
  readonly #agreement: Pick<Agreement, "isHeard" | "isAgreed" | "quorum">;
  readonly #lateMs: number;
  #unheardSinceMs: number | null = null;
  #late: { readonly agreed: Hash | null; readonly sinceMs: number } | null = null;
  #isUnbound = false;

  constructor(agreement: Pick<Agreement, "isHeard" | "isAgreed" | "quorum">, blockSeconds: number) {
    this.#agreement = agreement;
    this.#lateMs = MISSED_BLOCKS * blockSeconds * 1_000;
  }

  /** Whether the books may go as far as anybody shows. */
  get isUnbound(): boolean {
    return this.#isUnbound;
  }

  /**
   * Looks at who serves what now.
   *
   * @param agreed the newest block of the books behind which k operators stand
   */
  look(leaves: readonly Candidate[], agreed: Hash | null, nowMs: number): void {
    const { isHeard, quorum } = this.#agreement;
    this.#unheardSinceMs = isHeard ? null : (this.#unheardSinceMs ?? nowMs);
    const isAhead = leaves.some(({ votes }) => votes < quorum);
    if (!isAhead) this.#late = null;
    else if (this.#late?.agreed !== agreed) this.#late = { agreed, sinceMs: nowMs };
    const isUnheard = this.#unheardSinceMs !== null && nowMs - this.#unheardSinceMs >= UNHEARD_MS;
    const isLate = this.#late !== null && nowMs - this.#late.sinceMs >= this.#lateMs;
    this.#isUnbound = isUnheard || isLate;
  }

  /** How many of a way's blocks k operators serve, from the start. Who serves one serves those below it. */
  agreedOn(way: readonly ServedHead[]): number {
    let [low, high] = [0, way.length];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const block = way[middle - 1];
      if (block !== undefined && this.#agreement.isAgreed(block)) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
