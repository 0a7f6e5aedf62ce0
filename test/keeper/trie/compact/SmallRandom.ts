/** Deterministic small numbers (mulberry32): faster than SeededRandom, whose edges are not wanted for keys. */
export class SmallRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor((this.#next() * limit) / 4_294_967_296);
  }

  /** So many hexadecimal digits. */
  digits(count: number): string {
    let text = "";
    while (text.length < count) text += this.#next().toString(16).padStart(8, "0");
    return text.slice(0, count);
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}
