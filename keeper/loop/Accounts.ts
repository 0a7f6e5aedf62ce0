import type { Address } from "../lib/hex.ts";
import type { RpcAnswer, RpcCall } from "./ports.ts";

/**
 * Next nonces of the keeper's own keys: the chain's count, or one past the last that was used here, whichever is
 * higher. Counts are claims of a source; a wrong one delays a transaction and never authorises one.
 */
export class Accounts {
  readonly #addresses: readonly Address[];
  readonly #counts = new Map<Address, number>();
  readonly #used = new Map<Address, number>();

  constructor(addresses: readonly (Address | null)[]) {
    this.#addresses = [...new Set(addresses.filter((address) => address !== null))];
  }

  calls(): RpcCall[] {
    return this.#addresses.map((address) => ({ method: "eth_getTransactionCount", params: [address, "latest"] }));
  }

  take(answers: readonly RpcAnswer[]): void {
    for (const [index, address] of this.#addresses.entries()) {
      const answer = answers[index];
      if (answer?.ok !== true || typeof answer.value !== "string" || !/^0x[0-9a-f]{1,8}$/.test(answer.value)) continue;
      this.#counts.set(address, Number(answer.value));
    }
  }

  /** Transactions of `address` that the chain has taken; null before the first answer. */
  countOf(address: Address): number | null {
    return this.#counts.get(address) ?? null;
  }

  /** The next nonce, now taken; null before the first answer. */
  takeNonce(address: Address): number | null {
    const count = this.#counts.get(address);
    if (count === undefined) return null;
    const nonce = Math.max(count, (this.#used.get(address) ?? -1) + 1);
    this.#used.set(address, nonce);
    return nonce;
  }

  /**
   * Forgets what is known of an address until the chain is asked again: a reorg took transactions back, or one got
   * lost, and a nonce beyond the chain's count would wait for ever.
   */
  forget(address: Address): void {
    this.#counts.delete(address);
    this.#used.delete(address);
  }
}
