const HOUR_MS = 3_600_000;

/** With a first interval of 5 minutes: 5, 15, 30 minutes, then an hour. */
const FACTORS = [1, 3, 6, 12] as const;

/**
 * Milliseconds from a notice, or from reminder number `reminder`, to the next reminder: growing, and an hour at most unless
 * the first interval is longer.
 *
 * @param reminder 0 for the notice itself.
 */
export function reminderAfter(reminder: number, firstMs: number): number {
  const factor = FACTORS[Math.min(reminder, FACTORS.length - 1)] ?? 1;
  return Math.min(firstMs * factor, Math.max(firstMs, HOUR_MS));
}
