import type { Hash } from "../lib/hex.ts";

const MAX_CHARACTERS = 8 * 1024 * 1024;

/** Answers of one block, by URL: who asks the same again is told the same. Bounded; another block empties it. */
export class AnswerCache {
  readonly #answers = new Map<string, string>();
  #block: Hash | null = null;
  #characters = 0;

  /** The answer, made at most once while it is kept. */
  get(block: Hash, url: string, make: () => string): string {
    if (block !== this.#block) {
      this.#answers.clear();
      this.#characters = 0;
      this.#block = block;
    }
    const known = this.#answers.get(url);
    if (known !== undefined) return known;
    const answer = make();
    this.#characters += url.length + answer.length;
    if (this.#characters <= MAX_CHARACTERS) this.#answers.set(url, answer);
    return answer;
  }
}
