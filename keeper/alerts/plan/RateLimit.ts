/** How many notices of one key may be sent: so many at once, then one in each interval. */
export interface RateOptions {
  readonly burst: number;
  readonly refillMs: number;
}

/**
 * A token bucket. Times are milliseconds of any monotonic clock, the same one for all calls; what has been gained is counted in
 * milliseconds as well, so that many small steps gain as much as one large one.
 */
export class RateLimit {
  readonly #options: RateOptions;
  #creditMs: number;
  #atMs: number;

  constructor(options: RateOptions, nowMs: number) {
    this.#options = options;
    this.#creditMs = options.burst * options.refillMs;
    this.#atMs = nowMs;
  }

  /** Takes a token if there is one. */
  take(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#creditMs < this.#options.refillMs) return false;
    this.#creditMs -= this.#options.refillMs;
    return true;
  }

  /** Whether nothing is remembered any more: as good as a new one. */
  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#creditMs >= this.#options.burst * this.#options.refillMs;
  }

  #refill(nowMs: number): void {
    const gainedMs = Math.max(0, nowMs - this.#atMs);
    this.#creditMs = Math.min(this.#options.burst * this.#options.refillMs, this.#creditMs + gainedMs);
    this.#atMs = Math.max(this.#atMs, nowMs);
  }
}
