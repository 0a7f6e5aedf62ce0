import { backoffMs } from "../../lib/backoff.ts";
import { assert } from "../../lib/assert.ts";

const MIN_RETRY_MS = 100;
/** The longest time for which a source is left alone, whatever it says. */
export const MAX_RETRY_MS = 60_000;

/** What a rate limit is given by its source. */
export interface RateLimitOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Draws from [0, 1). */
  readonly random: () => number;
  /** First wait where the source names none; it doubles with each refusal in a row. */
  readonly rateLimitBaseMs: number;
}

/**
 * Whether a source may be asked, after it said that it is asked too often.
 *
 * Calls are refused until the time that it named is over, else for a time that grows. Then one call is tried, and no more,
 * until one is answered: what is spent on a source that stays limited is one try for each wait.
 */
export class RateLimit {
  readonly #options: RateLimitOptions;
  #untilMs = Number.NEGATIVE_INFINITY;
  /** Refusals in a row. */
  #strikes = 0;
  #isTrying = false;

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** How long the source is not to be asked, in milliseconds; 0 when it may be. */
  get remainingMs(): number {
    const remainingMs = this.#untilMs - this.#options.now();
    if (remainingMs > 0) return Math.ceil(remainingMs);
    return this.#isTrying ? MIN_RETRY_MS : 0;
  }

  /** A call goes out. True when it is the one that tries whether the source answers again; it must be told to {@link over}. */
  begin(): boolean {
    assert(this.remainingMs === 0, "a call goes out only when it may");
    if (this.#strikes === 0) return false;
    this.#isTrying = true;
    return true;
  }

  /** The try is over, whatever became of it. */
  over(): void {
    this.#isTrying = false;
  }

  /** A call was answered, by a result or by an error of its own. One that went out before the refusal proves nothing. */
  answered(): void {
    if (this.#options.now() >= this.#untilMs) this.#strikes = 0;
  }

  /** The source refused. Returns how long it is not asked now. `askedMs` is what it named, undefined when it named nothing. */
  refused(askedMs: number | undefined): number {
    const { now, random, rateLimitBaseMs: baseMs } = this.#options;
    const isFirst = now() >= this.#untilMs;
    // The rest of a batch, or calls that were on their way already, are one refusal.
    if (isFirst) this.#strikes += 1;
    else if (askedMs === undefined) return this.remainingMs;
    const waitMs = askedMs ?? backoffMs(this.#strikes - 1, random(), { baseMs, maxMs: MAX_RETRY_MS });
    const boundedMs = Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, waitMs));
    this.#untilMs = Math.max(this.#untilMs, now() + boundedMs);
    return this.remainingMs;
  }
}
