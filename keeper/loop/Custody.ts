import { owedOf } from "../books/custody.ts";
import type { BookBlock, Books } from "../books/Books.ts";
import type { Finding } from "../domain/Finding.ts";
import type { TokenSlot } from "../domain/TokenSlot.ts";
import type { Address } from "../lib/hex.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";

/** What the vault is short of, by token. */
export type Shortages = ReadonlyMap<Address, Finding>;

/**
 * Compares what the vault is proven to hold of each declared token with what it owes by the books. Only where the vault's books have
 * the proven root: then both amounts are words of the chain itself, and no reducer has a part in the difference.
 *
 * A slot that is declared wrongly reads as nothing. So a word counts against the chain only where the slot was once seen to be the
 * right one: at start, or by a word that covers what is owed. More than is owed is a gift, and no matter.
 */
export class Custody {
  readonly #books: Books;
  readonly #tokenSlots: readonly TokenSlot[];
  readonly #confirmed: Set<Address>;

  /** @param confirmed tokens of which a word was seen to be the balance, beside those that were at start */
  constructor(books: Books, tokenSlots: readonly TokenSlot[], confirmed: Iterable<Address> = []) {
    this.#books = books;
    this.#tokenSlots = tokenSlots;
    const atStart = tokenSlots.filter(({ isConfirmed }) => isConfirmed === true).map(({ token }) => token);
    this.#confirmed = new Set([...atStart, ...confirmed]);
  }

  /** Whether a word of the token was seen to be its balance: from then on it counts. */
  isConfirmed(token: Address): boolean {
    return this.#confirmed.has(token);
  }

  /** A word of the token was seen to be its balance. */
  confirm(token: Address): void {
    this.#confirmed.add(token);
  }

  /** The same for another branch of the same books: what is learnt there stays there. */
  branch(): Custody {
    return new Custody(this.#books, this.#tokenSlots, this.#confirmed);
  }

  /** What the vault is short of after a block whose root of the vault is the books': what stood before, less what was refilled. */
  after(before: Shortages, { custody }: FetchedBlock, block: BookBlock): Shortages {
    const short = new Map(before);
    for (const { token } of this.#tokenSlots) {
      const held = custody.get(token);
      if (held === undefined) continue;
      const owed = owedOf(this.#books, token);
      if (held >= owed) {
        short.delete(token);
        if (owed > 0n) this.#confirmed.add(token);
      } else if (this.#confirmed.has(token) && !short.has(token)) short.set(token, shortage(token, held, owed, block));
    }
    return short;
  }
}

function shortage(token: Address, held: bigint, owed: bigint, { number, hash }: BookBlock): Finding {
  return {
    cause: "custody-short",
    contract: "CollateralVault",
    blockNumber: number,
    blockHash: hash,
    detail: describeShortage(token, held, owed),
    logIndex: null,
  };
}

/** What is missing of a token, for people; asset units. */
export function describeShortage(token: Address, held: bigint, owed: bigint): string {
  return `the vault holds ${held} of ${token} and owes ${owed}: ${owed - held} are missing`;
}
