const LIMIT_1 = 1n << 64n;
const LIMIT_2 = 1n << 128n;
const LIMIT_3 = 1n << 192n;

/** The tag of a leaf that holds this word: how many times 8 bytes it needs, 0 for none. */
export function tagOf(word: bigint): number {
  if (word < LIMIT_1) return word === 0n ? 0 : 1;
  if (word < LIMIT_2) return 2;
  return word < LIMIT_3 ? 3 : 4;
}

/** A word in hand, as memory holds it: 32 bytes, of which the last 8 times `tag` count. */
export class StagedWord {
  readonly words = new Uint32Array(8);
  tag = 0;
  readonly #view = new DataView(this.words.buffer);

  /** Takes a word of at most 256 bits. */
  set(word: bigint): this {
    this.tag = tagOf(word);
    let rest = word;
    for (let at = 24; ; at -= 8) {
      this.#view.setBigUint64(at, rest);
      if (at <= 32 - 8 * this.tag) return this;
      rest >>= 64n;
    }
  }
}
