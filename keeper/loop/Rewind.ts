import type { Books } from "../books/Books.ts";
import type { Candidate, ServedHead } from "../chain/agree/Votes.ts";
import type { Hash } from "../lib/hex.ts";
import type { Agreement } from "./Agreement.ts";
import type { Canonical } from "./Canonical.ts";
import type { FollowerEvents } from "./Follower.ts";

/** Who served the books' newest block, and whether k operators ever stood behind it. */
export interface Followed {
  readonly sources: readonly string[];
  readonly isAgreed: boolean;
}

/** A branch that the books left, and behind which k operators never stood. */
interface Left {
  /** Its lowest block. */
  readonly block: ServedHead;
  /** Who served its end, whatever they serve now. */
  readonly sources: readonly string[];
}

const MAX_UNDECIDED = 16;

/** Takes blocks back where the chain did. */
export class Rewind {
  readonly #books: Books;
  readonly #canonical: Canonical;
  readonly #agreement: Agreement;
  readonly #events: Pick<FollowerEvents, "onTakenBack" | "onRolledBack">;
  #undecided: readonly Left[] = [];

  constructor(
    parts: { readonly books: Books; readonly canonical: Canonical; readonly agreement: Agreement },
    events: Pick<FollowerEvents, "onTakenBack" | "onRolledBack">,
  ) {
    this.#books = parts.books;
    this.#canonical = parts.canonical;
    this.#agreement = parts.agreement;
    this.#events = events;
  }

  /** Takes back what lies above `base`, for the branch to `leaf`. */
  to(base: Hash | null, leaf: Candidate, { sources, isAgreed }: Followed, nowMs: number): void {
    const from = this.#books.tip;
    if (from === null || from.hash === base) return;
    let block: ServedHead = from;
    let depth = 0;
    for (let tip = this.#books.tip; tip !== null && tip.hash !== base; tip = this.#books.tip) {
      this.#books.undo();
      this.#canonical.remove(tip.hash);
      this.#events.onTakenBack(tip.hash);
      block = { number: tip.number, hash: tip.hash };
      depth += 1;
    }
    if (!isAgreed) this.#undecided = [...this.#undecided, { block, sources }].slice(-MAX_UNDECIDED);
    if (leaf.votes >= this.#agreement.quorum) this.settle(leaf, nowMs);
    this.#agreement.rolledBack(depth, from.number);
    this.#events.onRolledBack(depth, base);
  }

  /**
   * k operators stand behind a block: branches beside it that were left have lost, and whoever served them has strayed. That may come
   * later than the books left, which a tie of votes decides; and whoever invents branches may leave each of them in time.
   */
  settle(agreed: ServedHead, nowMs: number): void {
    const isDecided = ({ block }: Left): boolean => agreed.number >= block.number;
    const { ancestry, operatorCount } = this.#agreement;
    for (const { block, sources } of this.#undecided.filter(isDecided)) {
      if (operatorCount > 1 && !ancestry.isAncestor(block.hash, agreed.hash)) this.#agreement.stray(sources, nowMs);
    }
    this.#undecided = this.#undecided.filter((left) => !isDecided(left));
  }
}
