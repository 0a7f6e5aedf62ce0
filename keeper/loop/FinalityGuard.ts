import type { Candidate, ServedHead } from "../chain/agree/Votes.ts";
import type { Hash } from "../lib/hex.ts";
import type { Agreement } from "./Agreement.ts";
import type { Canonical } from "./Canonical.ts";

/** A branch that reaches the books. */
export interface Linked {
  readonly leaf: Candidate;
  /** Block of the books that it stands on; null when it starts at the deployment. */
  readonly base: Hash | null;
  /** Its blocks above that, oldest first. */
  readonly hashes: readonly Hash[];
}

/** Holds the branches that are served against the newest block that k operators called final. */
export class FinalityGuard {
  readonly #canonical: Canonical;
  readonly #agreement: Agreement;

  constructor(parts: { readonly canonical: Canonical; readonly agreement: Agreement }) {
    this.#canonical = parts.canonical;
    this.#agreement = parts.agreement;
  }

  /**
   * The branches that go another way than through the final block, whether the books have reached it or not. Whoever serves one,
   * up to its end or not so far, contradicts what k operators said.
   */
  refuse(branches: readonly Linked[], nowMs: number): ReadonlySet<Hash> {
    const { final } = this.#agreement.finality;
    const refused = branches.filter((branch) => this.#lacksFinal(branch));
    for (const { leaf, hashes } of refused) {
      const detail = `block ${final?.number} ${final?.hash} was final, the branch to ${leaf.hash} is without it`;
      const among = new Set([leaf.hash, ...hashes]);
      // Who serves only what both branches have in common contradicts nothing.
      const sources = this.#agreement.sourcesWhose((head) => among.has(head.hash) && !this.#mayLeadTo(final, head));
      this.#agreement.contradict(sources, detail, nowMs);
    }
    return new Set(refused.map(({ leaf }) => leaf.hash));
  }

  /** Whether a block of the books, or null for what lies before their first, is below a final one that they hold. */
  isBelow(hash: Hash | null): boolean {
    const { final } = this.#agreement.finality;
    const number = hash === null ? -1 : (this.#canonical.link(hash)?.number ?? -1);
    return final !== null && this.#canonical.has(final.hash) && number < final.number;
  }

  #lacksFinal({ leaf, base, hashes }: Linked): boolean {
    const { final } = this.#agreement.finality;
    if (final === null || hashes.includes(final.hash)) return false;
    const baseNumber = base === null ? leaf.number - hashes.length : (this.#canonical.link(base)?.number ?? -1);
    if (final.number <= baseNumber) {
      const own = base === null ? undefined : this.#canonical.at(final.number);
      return own !== undefined && own !== final.hash;
    }
    // Between its base and its end the branch has a block at every height, and the final one is none of them.
    return final.number <= leaf.number || !this.#mayLeadTo(final, leaf);
  }

  /** Whether a block below the final one may be an ancestor of it: it is, or nobody has shown the blocks between them. */
  #mayLeadTo(final: ServedHead | null, { number, hash }: ServedHead): boolean {
    if (final === null || number >= final.number) return number === final?.number && hash === final.hash;
    const ancestor = this.#agreement.ancestry.at(number, final.hash);
    return ancestor === undefined || ancestor === hash;
  }
}
