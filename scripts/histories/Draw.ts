import type { Hash } from "../../keeper/lib/hex.ts";
import { SeededRandom } from "../local/SeededRandom.ts";

/** A repeatable stream of choices for one history. */
export class Draw {
  readonly #random: SeededRandom;

  /** Different indices below 2^32 are different streams of one seed. */
  constructor(seed: number, index: number) {
    // MurmurHash3's finaliser: a bijection of 32 bits, so that no two histories of a run are the same.
    let mixed = (Math.imul(seed, 0x9e3779b1) + index) >>> 0;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    this.#random = new SeededRandom(mixed ^ (mixed >>> 16));
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  /** A whole number from `low` to `high`. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in `share` of the cases. */
  chance(share: number): boolean {
    return this.#random.next() < share;
  }

  /** One of the items, which must not be empty. */
  pick<T>(items: readonly T[]): T {
    return this.#random.pick(items);
  }

  /** At most `count` of the items, different ones, in random order. */
  some<T>(items: readonly T[], count: number): T[] {
    const left = [...items];
    const chosen: T[] = [];
    while (chosen.length < count && left.length > 0) chosen.push(...left.splice(this.below(left.length), 1));
    return chosen;
  }

  /** 32 random bytes. */
  hash(): Hash {
    let digits = "";
    for (let part = 0; part < 8; part += 1)
      digits += this.below(2 ** 32)
        .toString(16)
        .padStart(8, "0");
    return `0x${digits}`;
  }
}
