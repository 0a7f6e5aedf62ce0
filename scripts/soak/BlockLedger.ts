import type { Hash } from "../../keeper/lib/hex.ts";

/** How the keeper has judged the blocks of a stretch of the canonical chain. */
export interface Coverage {
  /** Said to be in sync itself. */
  readonly reported: number;
  /** Applied to the books, and a later block on top of it was said to be in sync. */
  readonly overtaken: number;
  /** Neither. */
  readonly missed: readonly number[];
}

/**
 * Which blocks the keeper said to be in sync: eight bytes a block, so that the memory that is watched is the keeper's.
 */
export class BlockLedger {
  #keys = new BigUint64Array(1_024);
  #newest = -1;

  /** Height of the highest block that was said to be in sync. */
  get newest(): number {
    return this.#newest;
  }

  /** The block was said to be in sync. */
  report(number: number, hash: Hash): void {
    if (number >= this.#keys.length) {
      const grown = new BigUint64Array(Math.max(number + 1, this.#keys.length * 2));
      grown.set(this.#keys);
      this.#keys = grown;
    }
    this.#keys[number] = keyOf(hash);
    this.#newest = Math.max(this.#newest, number);
  }

  /** Whether the newest word on this height was that this very block is in sync. */
  has(number: number, hash: Hash): boolean {
    return this.#keys[number] === keyOf(hash);
  }

  /**
   * What became of each block from a height on. Applied is applied: a hash claimed to be the books' must be the chain's.
   *
   * @param canonical hashes of the chain from that height, to its end or a block below it
   * @param booksAt hash of the block that the books hold at a height
   */
  cover(from: number, canonical: readonly Hash[], booksAt: (number: number) => Hash | null): Coverage {
    let reported = 0;
    let overtaken = 0;
    const missed: number[] = [];
    let isInSyncAbove = false;
    for (let index = canonical.length - 1; index >= 0; index -= 1) {
      const [number, hash] = [from + index, canonical[index] ?? "0x"];
      const isApplied = booksAt(number) === hash;
      if (isApplied && this.has(number, hash)) {
        reported += 1;
        isInSyncAbove = true;
      } else if (isApplied && isInSyncAbove) overtaken += 1;
      else missed.unshift(number);
    }
    return { reported, overtaken, missed };
  }
}

/** Half of the first half of a hash: enough to tell the blocks of a height apart. */
function keyOf(hash: Hash): bigint {
  return BigInt(hash.slice(0, 18));
}
