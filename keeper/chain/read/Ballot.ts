import type { Hash } from "../../lib/hex.ts";
import { Votes } from "../agree/Votes.ts";
import type { Source } from "../sources/Source.ts";
import type { Header } from "../verify/header.ts";
import type { HeaderBook, Place } from "./HeaderBook.ts";

/** A block, and the operators whose head is that block or a verified descendant of it. */
export interface Supported extends Place {
  readonly operators: readonly string[];
}

/** The heads that sources of the expected chain served in one round, and what they vote for. */
export class Ballot {
  /** k: a majority of the configured operators. */
  readonly quorum: number;
  readonly operatorCount: number;
  readonly #book: HeaderBook;
  readonly #served = new Map<Source, Header>();

  constructor(sources: readonly Source[], book: HeaderBook) {
    const votes = new Votes(sources);
    this.quorum = votes.quorum;
    this.operatorCount = votes.operatorCount;
    this.#book = book;
  }

  serve(source: Source, head: Header): void {
    this.#served.set(source, head);
  }

  /** Operators that have a vote. */
  voters(): string[] {
    return [...this.#served.keys()].map(({ operator }) => operator);
  }

  /** The distinct heads. */
  heads(): Header[] {
    return [...new Map([...this.#served.values()].map((head) => [head.hash, head])).values()];
  }

  /** Sources whose head is the block or a verified descendant of it. */
  serversOf(hash: Hash): Source[] {
    return [...this.#served].flatMap(([source, head]) => (this.#book.isAncestor(hash, head.hash) ? [source] : []));
  }

  /** The operators that vote for a block, each once. */
  operatorsOf(hash: Hash): string[] {
    return [...new Set(this.serversOf(hash).map(({ operator }) => operator))];
  }

  /**
   * The newest block with a majority among the served heads and their known ancestors; null when there is none. Its own
   * header need not be held: then only its child's is.
   */
  newest(): Supported | null {
    const places = this.heads().flatMap((head) => [...this.#book.chain(head)]);
    return this.#first(places.sort((left, right) => right.number - left.number));
  }

  /** A served head with a majority of its own, whatever stands on top of it; null when there is none. */
  exact(): Supported | null {
    return this.#first(this.heads());
  }

  #first(places: readonly Place[]): Supported | null {
    const seen = new Set<Hash>();
    for (const { number, hash } of places) {
      if (seen.has(hash)) continue;
      seen.add(hash);
      const operators = this.operatorsOf(hash);
      if (operators.length >= this.quorum) return { number, hash, operators };
    }
    return null;
  }
}
