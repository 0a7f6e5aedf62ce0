import type { Ancestry } from "./Ancestry.ts";
import type { Hash } from "../../lib/hex.ts";

/** A declared source of votes. */
export interface Voter {
  readonly id: string;
  /** Sources of one operator count once. */
  readonly operator: string;
}

/** How blocks lie to each other. */
type Tree = Pick<Ancestry, "isAncestor" | "forkHeight">;

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

  /** Operators that vote for `block`: they serve it or a verified descendant of it. */
  votesFor(block: ServedHead, { isAncestor }: Pick<Ancestry, "isAncestor">): number {
    return new Set(this.#supporters(block, isAncestor).map(({ operator }) => operator)).size;
  }

  /** Sources that serve `block` or a verified descendant of it. */
  sourcesOf(block: ServedHead, { isAncestor }: Pick<Ancestry, "isAncestor">): string[] {
    return this.#supporters(block, isAncestor).map(({ id }) => id);
  }

  /**
   * The ends of the branches that are served, best first. Of two branches the one with more operators behind it, counted from
   * where they part; then the higher; then the smaller hash.
   *
   * @param isAsked of whose heads; all by default. The votes are always those of all
   */
  leaves(tree: Tree, isAsked: (source: string) => boolean = () => true): Candidate[] {
    const served = [...this.#heads].flatMap(([source, head]) => (isAsked(source) ? [head] : []));
    const heads = [...new Map(served.map((head) => [head.hash, head])).values()];
    const isBelow = (head: ServedHead): boolean =>
      heads.some(({ hash }) => hash !== head.hash && tree.isAncestor(head.hash, hash));
    const ends = heads.filter((head) => !isBelow(head));
    return ends
      .map((head) => ({ ...head, votes: this.votesFor(head, tree), sources: this.sourcesOf(head, tree) }))
      .sort((one, other) => this.#compare(one, other, tree));
  }

  /** The end of the branch to follow; null when none is served. */
  best(tree: Tree): Candidate | null {
    return this.leaves(tree)[0] ?? null;
  }

  #supporters(block: ServedHead, isAncestor: Ancestry["isAncestor"]): Voter[] {
    return this.#voters.filter(({ id }) => {
      const head = this.#heads.get(id);
      return head !== undefined && head.number >= block.number && isAncestor(block.hash, head.hash);
    });
  }

  #compare(one: Candidate, other: Candidate, tree: Tree): number {
    const fork = tree.forkHeight(one.hash, other.hash);
    const [left, right] = [this.#weight(one, fork, tree), this.#weight(other, fork, tree)];
    if (left !== right) return right - left;
    if (one.number !== other.number) return other.number - one.number;
    return one.hash < other.hash ? -1 : 1;
  }

  /** Operators that serve a block of the branch above the height where it parts from another. */
  #weight(end: Candidate, fork: number | null, tree: Tree): number {
    if (fork === null) return end.votes;
    const operators = this.#voters.flatMap(({ id, operator }) => {
      const head = this.#heads.get(id);
      const shared = head === undefined ? null : tree.forkHeight(head.hash, end.hash);
      return shared !== null && shared > fork ? [operator] : [];
    });
    return new Set(operators).size;
  }
}
