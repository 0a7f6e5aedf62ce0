import type { FinalityPolicy } from "../../domain/chainProfile.ts";
import type { Hash } from "../../lib/hex.ts";
import type { ServedHead, Voter } from "./Votes.ts";

/** What a source says of the chain's own finality, at one time. */
export interface FinalityClaim {
  readonly latest: ServedHead;
  /** Null where the node does not know the tag. */
  readonly safe: ServedHead | null;
  readonly finalized: ServedHead | null;
}

/** How final blocks are told here. */
export interface FinalityMode {
  readonly policy: FinalityPolicy;
  /** For people. */
  readonly detail: string;
  /** The chain's tags say nothing: worth being said loudly. */
  readonly isWeak: boolean;
}

/** What is known of verified headers. */
export interface VerifiedChain {
  /** Undefined where the header is not there. */
  readonly numberOf: (hash: Hash) => number | undefined;
  /** Whether the first block is the second or a verified ancestor of it. */
  readonly isAncestor: (ancestor: Hash, descendant: Hash) => boolean;
  /** Whether the second block is one of the books', and the first lies below all that they hold: nothing can link them any more. */
  readonly isOutOfReach: (below: ServedHead, held: ServedHead) => boolean;
}

/**
 * The newest block that k operators call final.
 *
 * Each operator's newest tag is a claim; a block is final when k operators claim it or a verified descendant of it. It
 * never goes back: who claims less than before is behind. And it stays on its branch, as far as the books reach: a final block from
 * before they began, or of so long ago that they have let go of it, is followed by any that they hold.
 */
export class Finality {
  readonly #voters: readonly Voter[];
  readonly #quorum: number;
  readonly #policy: FinalityPolicy;
  readonly #confirmations: number;
  readonly #claims = new Map<string, FinalityClaim>();
  #final: ServedHead | null = null;
  #mode: FinalityMode | null = null;

  constructor(voters: readonly Voter[], quorum: number, policy: FinalityPolicy, confirmations: number) {
    this.#voters = voters;
    this.#quorum = quorum;
    this.#policy = policy;
    this.#confirmations = confirmations;
  }

  /** The newest final block; null before the first, and where blocks are final by depth alone. */
  get final(): ServedHead | null {
    return this.#final;
  }

  /** How final blocks are told; null before k operators have said something of their tags. */
  get mode(): FinalityMode | null {
    return this.#mode;
  }

  /** Takes a claim in. The number that it gives of a block counts for nothing where the header says another. */
  claim(source: string, claim: FinalityClaim, { numberOf, isAncestor, isOutOfReach }: VerifiedChain): void {
    this.#claims.set(source, claim);
    this.#settleMode();
    if (this.#mode === null || this.#mode.policy === "depth") return;
    const isFollowedBy = (final: ServedHead, candidate: ServedHead): boolean =>
      isAncestor(final.hash, candidate.hash) || isOutOfReach(final, candidate);
    for (const candidate of this.#tags()) {
      if (numberOf(candidate.hash) !== candidate.number) continue;
      if (this.#final !== null && candidate.number <= this.#final.number) continue;
      if (this.#supporters((tag) => isAncestor(candidate.hash, tag.hash)) < this.#quorum) continue;
      if (this.#final !== null && !isFollowedBy(this.#final, candidate)) continue;
      this.#final = candidate;
    }
  }

  /** The source is not believed any more. */
  withdraw(source: string): void {
    this.#claims.delete(source);
  }

  #tagOf({ safe, finalized }: FinalityClaim): ServedHead | null {
    return this.#policy === "safe" ? (safe ?? finalized) : finalized;
  }

  #tags(): ServedHead[] {
    return [...this.#claims.values()].flatMap((claim) => this.#tagOf(claim) ?? []);
  }

  /** Operators of whose sources one has a tag that fulfils the condition. */
  #supporters(fulfils: (tag: ServedHead) => boolean): number {
    return this.#operators((claim) => {
      const tag = this.#tagOf(claim);
      return tag !== null && fulfils(tag);
    });
  }

  /** Operators of whose sources one makes such a claim. */
  #operators(fulfils: (claim: FinalityClaim) => boolean): number {
    const operators = this.#voters.flatMap(({ id, operator }) => {
      const claim = this.#claims.get(id);
      return claim !== undefined && fulfils(claim) ? [operator] : [];
    });
    return new Set(operators).size;
  }

  /** Whether the tags say anything is for k operators to tell, too; where they do not agree, what was told stands. */
  #settleMode(): void {
    const isByDepth = this.#policy === "depth";
    const tag = isByDepth ? "finalized" : this.#policy;
    const says = (claim: FinalityClaim): boolean => saysMoreThanLatest(this.#tagOf(claim), claim.latest);
    if (this.#operators(says) >= this.#quorum) {
      const detail = isByDepth
        ? `by ${this.#confirmations} confirmations, as configured`
        : `by the tag ${tag} of k operators`;
      this.#mode = { policy: this.#policy, detail, isWeak: false };
    } else if (this.#operators((claim) => !says(claim)) >= this.#quorum) {
      const why =
        this.#tags().length === 0
          ? `no source knows the tag ${tag}`
          : `the tag ${tag} equals latest: this chain has no finality of its own`;
      const detail = `${why}: blocks count as final after ${this.#confirmations} confirmations`;
      this.#mode = { policy: "depth", detail, isWeak: true };
    }
  }
}

/**
 * Whether a tag is one that the chain moves by itself, and not just the newest block, which may have grown between two answers.
 * On a chain without a final block yet it is block 0.
 */
function saysMoreThanLatest(tag: ServedHead | null, latest: ServedHead): boolean {
  return tag !== null && (tag.number === 0 || tag.number < latest.number);
}
