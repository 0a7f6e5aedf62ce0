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

/** Takes blocks back where the chain did, unless what was final forbids it. */
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

  /** False when the branch must not be followed, because it lacks a block that was final. */
  to(base: Hash | null, leaf: Candidate, followed: Followed, nowMs: number): boolean {
    const from = this.#books.tip;
    if (from === null || from.hash === base) return true;
    if (this.#contradictsFinality(base, leaf, nowMs)) return false;
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
    return true;
  }

  #contradictsFinality(base: Hash | null, leaf: Candidate, nowMs: number): boolean {
    const { final } = this.#agreement.finality;
    const baseNumber = base === null ? -1 : (this.#canonical.get(base)?.header?.number ?? -1);
    if (final === null || !this.#canonical.has(final.hash) || baseNumber >= final.number) return false;
    const detail = `block ${final.number} ${final.hash} was final, the branch to ${leaf.hash} is without it`;
    if (leaf.votes < this.#agreement.quorum) {
      for (const source of leaf.sources) this.#agreement.distrust(source, detail, nowMs);
    } else this.#agreement.contradict(detail);
    return true;
  }
}
