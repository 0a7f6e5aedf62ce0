/**
 * What nobody waits for, such as telling people: done in order, once everything that the core has asked for is under way. A pause is
 * written down, signed and handed to the sources before the first of it.
 */
export class Afterwards {
  readonly #waiting: (() => void)[] = [];
  readonly #onError: (error: unknown) => void;

  /** @param onError told when an action fails; those after it are done all the same */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  add(action: () => void): void {
    // An immediate comes after all promises that are settled by then: SQLite's answers are.
    if (this.#waiting.push(action) === 1) setImmediate(this.flush.bind(this));
  }

  /** Does now what waits, and what comes of it. */
  flush(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      try {
        next();
      } catch (error: unknown) {
        this.#onError(error);
      }
      this.#waiting.shift();
    }
  }
}
