/** Of the inputs that a comparison is meant for, an ordinary run tries one in so many. */
const ONE_IN = 5;

/**
 * How many random inputs a comparison tries: all with `LOCKSTEP_SAMPLES=all`, else a fifth, the first ones of the same seed.
 *
 * @param whole what is tried at most
 * @param batch the answer is a multiple of it, as `whole` is
 */
export function samples(whole: number, batch = 1): number {
  if (process.env["LOCKSTEP_SAMPLES"] === "all") return whole;
  return Math.max(batch, Math.ceil(whole / ONE_IN / batch) * batch);
}
