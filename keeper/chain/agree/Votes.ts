import type { Hash } from "../../lib/hex.ts";

/** A declared source of votes. */
export interface Voter {
  readonly id: string;
  /** Sources of one operator count once. */
  readonly operator: string;
}

/** A head that a source served as canonical. */
export interface ServedHead {
  readonly number: number;
  readonly hash: Hash;
}

/** The head to follow, and who serves it. */
export interface Candidate extends ServedHead {
  /** Operators whose head is this block or a verified descendant of it. */
  readonly votes: number;
  /** Sources that can be asked for it, best first. */
  readonly sources: readonly string[];
}

/**
 * Votes of sources on block hashes.
 *
 * A source votes for the hash it served last and for every verified ancestor of it; one that is behind abstains. The
 * quorum is a majority of the *configured* operators, never of those that answer: losing sources raises the evidence
 * that is needed.
 */
export class Votes {
  readonly #voters: readonly Voter[];
  readonly #heads = new Map<string, ServedHead>();

  constructor(voters: readonly Voter[]) {
    this.#voters = voters;
  }

  get operatorCount(): number {
    return new Set(this.#voters.map(({ operator }) => operator)).size;
  }

  /** k: a majority of the configured operators. */
  get quorum(): number {
    return Math.floor(this.operatorCount / 2) + 1;
  }

  serve(source: string, head: ServedHead): void {
    this.#heads.set(source, head);
  }

  /** Forgets what a source served: it is down or quarantined. */
  withdraw(source: string): void {
    this.#heads.delete(source);
  }

  heads(): ReadonlyMap<string, ServedHead> {
    return this.#heads;
  }

  /** Operators that vote for `block`. `isAncestor(a, b)`: a is b or a verified ancestor of b. */
  votesFor(block: ServedHead, isAncestor: (ancestor: Hash, descendant: Hash) => boolean): number {
    return new Set(this.#supporters(block, isAncestor).map(({ operator }) => operator)).size;
  }

  /** Sources that serve `block` or a verified descendant of it. */
  sourcesOf(block: ServedHead, isAncestor: (ancestor: Hash, descendant: Hash) => boolean): string[] {
    return this.#supporters(block, isAncestor).map(({ id }) => id);
  }

  /** The served head with the most votes, then the highest, then the smallest hash; null when none is served. */
  best(isAncestor: (ancestor: Hash, descendant: Hash) => boolean): Candidate | null {
    let best: Candidate | null = null;
    for (const head of this.#heads.values()) {
      const candidate = {
        ...head,
        votes: this.votesFor(head, isAncestor),
        sources: this.sourcesOf(head, isAncestor),
      };
      if (best === null || isBetter(candidate, best, isAncestor)) best = candidate;
    }
    return best;
  }

  #supporters(block: ServedHead, isAncestor: (ancestor: Hash, descendant: Hash) => boolean): Voter[] {
    return this.#voters.filter(({ id }) => {
      const head = this.#heads.get(id);
      return head !== undefined && head.number >= block.number && isAncestor(block.hash, head.hash);
    });
  }
}

/** A descendant beats its ancestor, whose votes it will have as soon as others follow; otherwise votes decide. */
function isBetter(
  candidate: Candidate,
  best: Candidate,
  isAncestor: (ancestor: Hash, descendant: Hash) => boolean,
): boolean {
  if (candidate.hash === best.hash) return false;
  if (isAncestor(best.hash, candidate.hash)) return true;
  if (isAncestor(candidate.hash, best.hash)) return false;
  if (candidate.votes !== best.votes) return candidate.votes > best.votes;
  if (candidate.number !== best.number) return candidate.number > best.number;
  return candidate.hash < best.hash;
}
