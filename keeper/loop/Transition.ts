import type { Answer } from "../books/Prices.ts";
import type { Books } from "../books/Books.ts";
import type { BookName } from "../domain/bookSet.ts";
import type { Finding } from "../domain/Finding.ts";
import type { Address, Hash, Hex } from "../lib/hex.ts";
import type { StorageProofAnswer } from "../trie/Descent.ts";
import { BeforeWords } from "./BeforeWords.ts";
import type { EvidenceBlock } from "./EvidenceBlock.ts";
import { incidentOf } from "./incidentOf.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { PricePath, PriceTrail } from "./PriceTrail.ts";

/** Digits of proof nodes that are kept of one incident. */
const MAX_PROOF_DIGITS = 8_388_608;

/** What a transition is made of; nothing of it changes later. */
export interface TransitionFacts {
  readonly kind: "Diverged" | "OwnFault";
  /** The first is what the incident is about. */
  readonly findings: readonly [Finding, ...Finding[]];
  /** What the second opinion says; null where it was not asked. */
  readonly detail: string | null;
  /** The newest block whose proven roots were the books'; null where there is none, or none near. */
  readonly base: EvidenceBlock | null;
  /** The blocks since, oldest first: the findings' is the last. */
  readonly blocks: readonly [...EvidenceBlock[], EvidenceBlock];
  /** Why the transition is not whole; null when it is. */
  readonly lack: string | null;
}

/**
 * The step of the chain in which a divergence, or a fault of our own, first showed: from the newest block of which everything was
 * proven to be right to the one in which something is not. Holds references at the moment of the verdict; what lies before the
 * step is read from the books later, wherever they are by then.
 */
export class Transition {
  readonly facts: TransitionFacts;
  readonly options: KeeperOptions;
  readonly #books: Books;
  readonly #trail: PriceTrail;
  readonly #proofs = new Map<BookName, Set<Hex>>();
  #proofDigits = 0;

  constructor(
    facts: TransitionFacts,
    parts: { readonly options: KeeperOptions; readonly books: Books; readonly trail: PriceTrail },
  ) {
    this.facts = facts;
    this.options = parts.options;
    this.#books = parts.books;
    this.#trail = parts.trail;
  }

  /** The incident of the first finding. */
  get incidentId(): Hash {
    return incidentOf(this.options, this.facts.findings[0]);
  }

  /** The block in which it shows. */
  get block(): EvidenceBlock {
    return this.facts.blocks[this.facts.blocks.length - 1] as EvidenceBlock;
  }

  /** Accounts, assets and instruments that events have named so far. */
  get keys(): { readonly accounts: readonly Hex[]; readonly others: readonly (Hex | bigint)[] } {
    return { accounts: [...this.#books.accounts], others: this.#books.items };
  }

  /** The books before the step; null where they took it back, or where there is no base. */
  before(): BeforeWords | null {
    const { base } = this.facts;
    return base === null ? null : BeforeWords.at(this.#books, base.hash);
  }

  /** Where a price that held before the step was logged; null where that is not known any more. */
  pricePath(aggregator: Address, answer: Answer): PricePath | null {
    const { base } = this.facts;
    return base === null ? null : this.#trail.pathTo(aggregator, answer, base);
  }

  /** Nodes of the chain's trie after the step that were verified when slots were searched. */
  proofsOf(book: BookName): Iterable<Hex> {
    return this.#proofs.get(book) ?? [];
  }

  /** Takes verified proofs of a contract's words after a block: those after the step are kept, as far as there is room. */
  keepProofs(book: BookName, blockHash: Hash, answers: readonly StorageProofAnswer[]): void {
    if (blockHash !== this.block.hash) return;
    const kept = this.#proofs.get(book) ?? new Set<Hex>();
    this.#proofs.set(book, kept);
    for (const node of answers.flatMap(({ proof }) => proof)) {
      const digits = node.toLowerCase() as Hex;
      if (kept.has(digits) || this.#proofDigits + digits.length > MAX_PROOF_DIGITS) continue;
      kept.add(digits);
      this.#proofDigits += digits.length;
    }
  }
}
