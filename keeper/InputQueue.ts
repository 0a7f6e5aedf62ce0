/**
 * Hands inputs to the core one at a time and in order: what comes while a step is performed waits for its end, and what comes before
 * the core is there waits for it.
 */
export class InputQueue<Item> {
  readonly #waiting: Item[] = [];
  readonly #onError: (error: unknown) => void;
  #step: ((item: Item) => void) | null = null;
  #isStepping = false;
  #isClosed = false;

  /** @param onError told when a step fails: nothing is handed over any more */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** From now on everything is handed to `step`, first what has waited. */
  open(step: (item: Item) => void): void {
    this.#step = step;
    this.#run();
  }

  add(item: Item): void {
    if (this.#isClosed) return;
    this.#waiting.push(item);
    this.#run();
  }

  /** Nothing is handed over any more. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
  }

  #run(): void {
    if (this.#isStepping || this.#step === null) return;
    this.#isStepping = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#step(next);
    } catch (error: unknown) {
      this.close();
      this.#onError(error);
    } finally {
      this.#isStepping = false;
    }
  }
}
