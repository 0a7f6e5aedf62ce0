import type { Address } from "../lib/hex.ts";

/**
 * Next nonces of the keeper's own keys: the count that the newest block's state root proves, or one past the last that
 * was used here, whichever is higher.
 */
export class Accounts {
  readonly #counts = new Map<Address, number>();
  readonly #used = new Map<Address, number>();

  /** Counts proven at the newest block. */
  take(nonces: ReadonlyMap<Address, number>): void {
    for (const [address, count] of nonces) this.#counts.set(address, count);
  }

  /** Transactions of `address` that the chain has taken; null before the first proven block. */
  countOf(address: Address): number | null {
    return this.#counts.get(address) ?? null;
  }

  /** The next nonce, now taken; null before the first proven block. */
  takeNonce(address: Address): number | null {
    const count = this.#counts.get(address);
    if (count === undefined) return null;
    const nonce = Math.max(count, (this.#used.get(address) ?? -1) + 1);
    this.#used.set(address, nonce);
    return nonce;
  }

  /** Forgets which nonce of an address was used last: its transaction got lost. The proven count stands. */
  forget(address: Address): void {
    this.#used.delete(address);
  }

  /** Forgets every used nonce: a reorg took transactions back. */
  forgetAll(): void {
    this.#used.clear();
  }
}
