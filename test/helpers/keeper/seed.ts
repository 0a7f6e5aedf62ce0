/** The seed of a random test, LOCKSTEP_SEED or the default, printed so that a failure can be run again. */
export function chooseSeed(fallback: number): number {
  const seed = Number(process.env["LOCKSTEP_SEED"] ?? fallback);
  console.log(`      LOCKSTEP_SEED=${seed}`);
  return seed;
}
