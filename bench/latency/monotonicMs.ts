/**
 * Milliseconds of a clock that all processes of this machine share, and that nobody sets: CLOCK_MONOTONIC on Linux, its
 * likes elsewhere. What one process notes can be taken from what another one notes.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
