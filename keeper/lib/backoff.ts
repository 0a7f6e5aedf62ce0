/** Shape of an exponential back-off. */
export interface BackoffOptions {
  /** Upper bound of the first wait. */
  readonly baseMs: number;
  /** Upper bound of every wait. */
  readonly maxMs: number;
}

/**
 * How long to wait before attempt `attempt + 1`, where `attempt` counts the failures so far, from 0.
 *
 * Half of the wait is fixed and half is drawn, so that many clients of one server spread out and yet none of them
 * comes back at once ("equal jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 *
 * @param random a number in [0, 1).
 */
export function backoffMs(attempt: number, random: number, options: BackoffOptions): number {
  const ceilingMs = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt, 30));
  return ceilingMs / 2 + random * (ceilingMs / 2);
}
