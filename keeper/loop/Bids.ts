/** What is offered for one transaction. */
export interface Bid {
  /** How many were sent under the nonce before. */
  readonly attempt: number;
  /** The highest base fee that any of them was made for, wei per gas. */
  readonly baseFeePerGas: bigint;
}

/** More nonces than a key can have open. */
const MAX_NONCES = 16;
/** Beyond this the cap on the fee has been reached long since. */
const MAX_ATTEMPT = 64;

/**
 * What one key has offered under each of its nonces, for whatever it was: a node takes a replacement only for more than the last.
 * Otherwise a pause for a block that somebody made up would hold the place of the one that is needed.
 */
export class Bids {
  readonly #last = new Map<number, Bid>();
  /** Nonces whose last offer nobody has seen. */
  readonly #unseen = new Set<number>();

  /** Goes on from what was offered under a nonce before the keeper started. */
  remember(nonce: number, bid: Bid): void {
    const last = this.#last.get(nonce);
    if (last === undefined || last.attempt < bid.attempt) this.#note(nonce, bid);
  }

  /** Notes another transaction under a nonce, and tells what to offer for it. */
  next(nonce: number, baseFeePerGas: bigint, attempt = 0): Bid {
    const last = this.#last.get(nonce);
    const step = this.#unseen.has(nonce) ? 0 : 1;
    const bid: Bid = {
      attempt: Math.min(MAX_ATTEMPT, Math.max(attempt, last === undefined ? 0 : last.attempt + step)),
      baseFeePerGas: last !== undefined && last.baseFeePerGas > baseFeePerGas ? last.baseFeePerGas : baseFeePerGas,
    };
    this.#note(nonce, bid);
    return bid;
  }

  /** An offer could not be signed, so nobody has seen it: the next one under its nonce need not be higher, if it is still the last. */
  takeBack(nonce: number, attempt: number): void {
    if (this.#last.get(nonce)?.attempt === attempt) this.#unseen.add(nonce);
  }

  #note(nonce: number, bid: Bid): void {
    this.#last.delete(nonce);
    this.#last.set(nonce, bid);
    this.#unseen.delete(nonce);
    const [oldest] = this.#last.keys();
    if (this.#last.size <= MAX_NONCES || oldest === undefined) return;
    this.#last.delete(oldest);
    this.#unseen.delete(oldest);
  }
}
