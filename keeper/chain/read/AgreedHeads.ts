import type { Hash } from "../../lib/hex.ts";
import type { AgreedHead } from "./HeadRound.ts";

const MAX_KEPT = 512;

/** Headers that a majority voted for when they were asked, so that reads at one of them need no second vote. */
export class AgreedHeads {
  readonly #byHash = new Map<Hash, AgreedHead>();
  #newest = 0;

  /** Number of the newest head agreed on; falls with a reorg. */
  get newest(): number {
    return this.#newest;
  }

  get(hash: Hash): AgreedHead | undefined {
    return this.#byHash.get(hash);
  }

  add(agreed: AgreedHead, isHead: boolean): void {
    if (isHead) this.#newest = agreed.header.number;
    this.#byHash.delete(agreed.header.hash);
    this.#byHash.set(agreed.header.hash, agreed);
    if (this.#byHash.size <= MAX_KEPT) return;
    const [oldest] = this.#byHash.keys();
    if (oldest !== undefined) this.#byHash.delete(oldest);
  }
}
