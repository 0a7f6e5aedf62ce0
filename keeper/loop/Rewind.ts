import type { Books } from "../books/Books.ts";
import type { Candidate } from "../chain/agree/Votes.ts";
import type { Hash } from "../lib/hex.ts";
import type { Agreement } from "./Agreement.ts";
import type { Canonical } from "./Canonical.ts";
import type { FollowerEvents } from "./Follower.ts";

/** Who served the books' newest block, and whether k operators ever stood behind it. */
export interface Followed {
  readonly sources: readonly string[];
  readonly isAgreed: boolean;
}

/** Takes blocks back where the chain did. */
export class Rewind {
  readonly #books: Books;
  readonly #canonical: Canonical;
  readonly #agreement: Agreement;
  readonly #events: Pick<FollowerEvents, "onTakenBack" | "onRolledBack">;

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
  to(base: Hash | null, leaf: Candidate, followed: Followed, nowMs: number): void {
    const from = this.#books.tip;
    if (from === null || from.hash === base) return;
    const { sources, isAgreed } = followed;
    const isOutvoted = leaf.votes >= this.#agreement.quorum && this.#agreement.operatorCount > 1;
    const left = sources.filter((source) => !leaf.sources.includes(source));
    if (!isAgreed && isOutvoted) this.#agreement.stray(left, nowMs);
    let depth = 0;
    for (let tip = this.#books.tip; tip !== null && tip.hash !== base; tip = this.#books.tip) {
      this.#books.undo();
      this.#canonical.remove(tip.hash);
      this.#events.onTakenBack(tip.hash);
      depth += 1;
    }
    this.#agreement.rolledBack(depth, from.number);
    this.#events.onRolledBack(depth, base);
  }
}
