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

/** Where two branches part that are not known to have a block in common: below all blocks. */
const NOTHING_SHARED = -1;

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
  readonly operatorCount: number;
  /** k: a majority of the configured operators. */
  readonly quorum: number;

  constructor(voters: readonly Voter[]) {
    this.#voters = voters;
    this.operatorCount = new Set(voters.map(({ operator }) => operator)).size;
    this.quorum = Math.floor(this.operatorCount / 2) + 1;
  }

  /** Whether k operators serve anything at all. */
  get isHeard(): boolean {
    return this.#count(() => true) >= this.quorum;
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
    return this.#count((head) => isOn(block, head, isAncestor));
  }

  /** Sources that serve `block` or a verified descendant of it. */
  sourcesOf(block: ServedHead, { isAncestor }: Pick<Ancestry, "isAncestor">): string[] {
    const supporters = this.#voters.filter(({ id }) => {
      const head = this.#heads.get(id);
      return head !== undefined && isOn(block, head, isAncestor);
    });
    return supporters.map(({ id }) => id);
  }

  /**
   * The ends of the branches that are served, best first. Of two branches the one with more operators behind it, counted from
   * where they part; then the one with the higher end; then the one whose highest end has the smaller hash. Everything is asked
   * of the whole of both branches above that place: ends compared by themselves can be in a circle.
   *
   * @param isAsked of whose heads; all by default. The votes are always those of all
   */
  leaves(tree: Tree, isAsked: (source: string) => boolean = () => true): Candidate[] {
    const served = [...this.#heads].flatMap(([source, head]) => (isAsked(source) ? [head] : []));
    const heads = [...new Map(served.map((head) => [head.hash, head])).values()];
    const isBelow = (head: ServedHead): boolean =>
      heads.some(({ hash }) => hash !== head.hash && tree.isAncestor(head.hash, hash));
    const ends = heads.length === 1 ? heads : heads.filter((head) => !isBelow(head));
    return ends
      .map((head) => ({ ...head, votes: this.votesFor(head, tree), sources: this.sourcesOf(head, tree) }))
      .sort((one, other) => this.#compare(one, other, ends, tree));
  }

  /** The end of the branch to follow; null when none is served. */
  best(tree: Tree): Candidate | null {
    return this.leaves(tree)[0] ?? null;
  }

  /** Operators of whose sources one serves a head that fulfils a condition. Asked several times for each thing a keeper hears. */
  #count(fulfils: (head: ServedHead) => boolean): number {
    const counted: string[] = [];
    for (const { id, operator } of this.#voters) {
      const head = this.#heads.get(id);
      if (head !== undefined && !counted.includes(operator) && fulfils(head)) counted.push(operator);
    }
    return counted.length;
  }

  #compare(one: ServedHead, other: ServedHead, ends: readonly ServedHead[], tree: Tree): number {
    if (one.hash === other.hash) return 0;
    const fork = tree.forkHeight(one.hash, other.hash) ?? NOTHING_SHARED;
    const [left, right] = [this.#weigh(one, fork, ends, tree), this.#weigh(other, fork, ends, tree)];
    if (left.operators !== right.operators) return right.operators - left.operators;
    if (left.highest.number !== right.highest.number) return right.highest.number - left.highest.number;
    return left.highest.hash < right.highest.hash ? -1 : 1;
  }

  /** Who serves blocks of a branch above the height where it parts from another, and where it ends. */
  #weigh(
    end: ServedHead,
    fork: number,
    ends: readonly ServedHead[],
    tree: Tree,
  ): { readonly operators: number; readonly highest: ServedHead } {
    const isOnIt = ({ hash }: ServedHead): boolean =>
      hash === end.hash || (tree.forkHeight(hash, end.hash) ?? NOTHING_SHARED) > fork;
    const operators = this.#voters.flatMap(({ id, operator }) => {
      const head = this.#heads.get(id);
      return head !== undefined && isOnIt(head) ? [operator] : [];
    });
    const highest = ends.filter(isOnIt).reduce((best, head) => {
      const isHigher = head.number > best.number || (head.number === best.number && head.hash < best.hash);
      return isHigher ? head : best;
    }, end);
    return { operators: new Set(operators).size, highest };
  }
}

function isOn(block: ServedHead, head: ServedHead, isAncestor: Ancestry["isAncestor"]): boolean {
  return head.number >= block.number && isAncestor(block.hash, head.hash);
}
