import type { BookBlock, Books } from "../books/Books.ts";
import type { Candidate } from "../chain/agree/Votes.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import type { Finding } from "../domain/Finding.ts";
import type { Hash } from "../lib/hex.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import type { Judge } from "./Judge.ts";
import { toBookBlock } from "./toBookBlock.ts";

/** What a branch beside the followed one was found to hold. */
export interface SideVerdict {
  readonly findings: readonly Finding[];
  /** The branch's newest block. */
  readonly tip: BookBlock;
  readonly fetched: FetchedBlock;
  /** Block of the books on which it stands; null for their first. */
  readonly base: Hash | null;
  /** All of its blocks that were judged, oldest first. */
  readonly blocks: readonly FetchedBlock[];
  readonly sources: readonly string[];
}

const MAX_JUDGED = 256;
/** Branches judged in one go and a second, for each set of sources: who invents branches costs no more than that. */
const BURST = 8;
const REFILL_MS = 500;
/** So many words of the books make a second derivation, which reads all of them, as expensive as judging one more branch. */
const WORDS_PER_TOKEN = 2_000;

interface Budget {
  tokens: number;
  atMs: number;
}

/**
 * Judges branches that are served beside the one that is followed: one honest source must be enough for a pause, even where
 * the others agree on a lie. The books step over to the branch, are judged there by a copy of the judge, and step back: nothing
 * that is followed, signed or latched changes.
 */
export class SideBranches {
  readonly #books: Books;
  readonly #judge: Judge;
  readonly #judged = new Set<Hash>();
  readonly #budgets = new Map<string, Budget>();

  constructor(books: Books, judge: Judge) {
    this.#books = books;
    this.#judge = judge;
  }

  /** Whether a branch still has to be judged. */
  isOpen({ hash }: Candidate): boolean {
    return !this.#judged.has(hash);
  }

  /**
   * Judges a branch whose blocks are complete; null when there is nothing against it, or no budget left for its sources now.
   *
   * @param base block of the books on which it stands; null for their first
   * @param blocks oldest first, all complete
   */
  judge(leaf: Candidate, base: Hash | null, blocks: readonly FetchedBlock[], nowMs: number): SideVerdict | null {
    const fetched = blocks.at(-1);
    if (fetched === undefined || !this.#spend(leaf.sources.join(" "), nowMs)) return null;
    this.#judged.add(leaf.hash);
    const [oldest] = this.#judged;
    if (this.#judged.size > MAX_JUDGED && oldest !== undefined) this.#judged.delete(oldest);
    const undone: BookBlock[] = [];
    while (this.#books.tip !== null && this.#books.tip.hash !== base) undone.unshift(this.#books.undo());
    const judge = this.#judge.branch(undone.length);
    const known = new Set(judge.latched);
    const taken: BookBlock[] = [];
    for (const block of blocks) {
      const next = toBookBlock(block, this.#books);
      if (next === null) break;
      judge.take(block, next);
      taken.push(next);
    }
    // A fault of our own proves nothing of the branch, and what comes after it is its consequence.
    const findings = judge.hasOwnFault ? [] : judge.latched.filter((finding) => !known.has(finding));
    if (judge.hasOwnFault || findings.length > 0) this.#charge(leaf.sources.join(" "));
    for (let count = 0; count < taken.length; count += 1) this.#books.undo();
    for (const block of undone) this.#books.apply(block);
    const tip = taken.at(-1);
    if (findings.length === 0 || tip === undefined) return null;
    return { findings, tip, fetched, base, blocks: blocks.slice(0, taken.length), sources: leaf.sources };
  }

  /** Whatever is found has been derived a second time, from all words of the books. */
  #charge(key: string): void {
    const budget = this.#budgets.get(key);
    const words = BOOK_NAMES.reduce((sum, name) => sum + this.#books.trie(name).size, 0);
    if (budget !== undefined) budget.tokens -= Math.floor(words / WORDS_PER_TOKEN);
  }

  #spend(key: string, nowMs: number): boolean {
    const budget = this.#budgets.get(key) ?? { tokens: BURST, atMs: nowMs };
    const tokens = Math.min(BURST, budget.tokens + (nowMs - budget.atMs) / REFILL_MS);
    const isEnough = tokens >= 1;
    this.#budgets.set(key, { tokens: isEnough ? tokens - 1 : tokens, atMs: nowMs });
    return isEnough;
  }
}
