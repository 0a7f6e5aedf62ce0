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

/** Above this height a chain whose tags equal its newest block has no finality of its own. */
const EARLY = 64;

/**
 * The newest block that k operators call final.
 *
 * Each operator's newest tag is a claim; a block is final when k operators claim it or a verified descendant of it. It
 * never goes back: who claims less than before is behind.
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

  /**
   * Takes a claim in.
   *
   * @param isAncestor (a, b): a is b or a verified ancestor of b
   */
  claim(source: string, claim: FinalityClaim, isAncestor: (ancestor: Hash, descendant: Hash) => boolean): void {
    this.#claims.set(source, claim);
    this.#settleMode();
    if (this.#mode === null || this.#mode.policy === "depth") return;
    for (const candidate of this.#tags()) {
      if (this.#final !== null && candidate.number <= this.#final.number) continue;
      if (this.#supporters((tag) => isAncestor(candidate.hash, tag.hash)) < this.#quorum) continue;
      if (this.#final !== null && !isAncestor(this.#final.hash, candidate.hash)) continue;
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
    const operators = this.#voters.flatMap(({ id, operator }) => {
      const claim = this.#claims.get(id);
      const tag = claim === undefined ? null : this.#tagOf(claim);
      return tag !== null && fulfils(tag) ? [operator] : [];
    });
    return new Set(operators).size;
  }

  #settleMode(): void {
    const heard = new Set(this.#voters.flatMap(({ id, operator }) => (this.#claims.has(id) ? [operator] : [])));
    if (heard.size < this.#quorum) return;
    const byDepth = `blocks count as final after ${this.#confirmations} confirmations`;
    const weaken = (why: string): void => {
      this.#mode = { policy: "depth", detail: `${why}: ${byDepth}`, isWeak: true };
    };
    const tags = this.#tags();
    const isByDepth = this.#policy === "depth";
    const tag = isByDepth ? "finalized" : this.#policy;
    if (tags.length === 0) weaken(`no source knows the tag ${tag}`);
    else if (this.#isAlwaysLatest()) weaken(`the tag ${tag} equals latest, this chain has no finality of its own`);
    else if (isByDepth) this.#mode = { policy: "depth", detail: `as configured, ${byDepth}`, isWeak: false };
    else this.#mode = { policy: this.#policy, detail: `by the tag ${this.#policy} of k operators`, isWeak: false };
  }

  /** A young chain may be final up to its head for lack of blocks; an old one is not. */
  #isAlwaysLatest(): boolean {
    return [...this.#claims.values()].every((claim) => {
      const tag = this.#tagOf(claim);
      return tag === null || (tag.hash === claim.latest.hash && (claim.latest.number > EARLY || tag.number > 0));
    });
  }
}
