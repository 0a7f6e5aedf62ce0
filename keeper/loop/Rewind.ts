import type { Books } from "../books/Books.ts";
import type { Hash } from "../lib/hex.ts";
import type { Agreement } from "./Agreement.ts";
import type { Canonical } from "./Canonical.ts";
import type { FollowerEvents } from "./Follower.ts";

/** Takes blocks back where the chain did. */
export class Rewind {
  readonly #books: Books;
  readonly #canonical: Canonical;
  readonly #agreement: Agreement;
  readonly #events: Pick<FollowerEvents, "onTakenBack" | "onRolledBack">;
  /** Height of the newest block of the books that k operators have served. */
  #agreedNumber = -1;

  constructor(
    parts: { readonly books: Books; readonly canonical: Canonical; readonly agreement: Agreement },
    events: Pick<FollowerEvents, "onTakenBack" | "onRolledBack">,
  ) {
    this.#books = parts.books;
    this.#canonical = parts.canonical;
    this.#agreement = parts.agreement;
    this.#events = events;
  }

  /** k operators stand behind the books' block at this height. */
  reached(number: number): void {
    this.#agreedNumber = Math.max(this.#agreedNumber, number);
  }

  /** Takes back what lies above `base`; null for all. */
  to(base: Hash | null): void {
    const from = this.#books.tip;
    if (from === null || from.hash === base) return;
    let lowest = from.number;
    for (let tip = this.#books.tip; tip !== null && tip.hash !== base; tip = this.#books.tip) {
      this.#books.undo();
      this.#canonical.remove(tip.hash);
      this.#events.onTakenBack(tip.hash);
      lowest = tip.number;
    }
    const agreedNumber = Math.min(from.number, this.#agreedNumber);
    this.#agreedNumber = Math.min(agreedNumber, lowest - 1);
    this.#agreement.rolledBack(agreedNumber - this.#agreedNumber, agreedNumber);
    this.#events.onRolledBack(from.number - lowest + 1, base);
  }
}
