import type { Hash } from "../../keeper/lib/hex.ts";
import type { SimBlock } from "../chain/Block.ts";

/** What no keeper knows: which blocks there are, and what is wrong with each. */
export class Truth {
  readonly #blocks = new Map<Hash, SimBlock>();

  /** A block was made, by the chain or by a liar. */
  add(head: SimBlock): void {
    for (let block: SimBlock | null = head; block !== null && !this.#blocks.has(block.hash); block = block.parent) {
      this.#blocks.set(block.hash, block);
    }
  }

  blockOf(hash: Hash): SimBlock | undefined {
    return this.#blocks.get(hash);
  }

  /** A block of the chain with nothing wrong in it or below: whoever pauses for it is wrong. */
  isSound(hash: Hash): boolean {
    const block = this.#blocks.get(hash);
    return block?.isReal === true && block.taint === null;
  }
}
