import type { Attempt } from "./accuse.ts";
import type { Outcome } from "./Court.ts";

/** What is wrong with an outcome; null when it is as it has to be. */
export function checkOutcome(attempt: Attempt, outcome: Outcome, honestMask: bigint): string | null {
  const { guilty, isRequired } = attempt;
  if (!outcome.isConvicted) return isRequired ? `a lie was not convicted: ${outcome.error}` : null;
  const { convicted } = outcome;
  if ((convicted & honestMask) !== 0n) return "an honest keeper was slashed";
  if (guilty === 0n) return "something unassailable was convicted";
  if (convicted === 0n || (convicted & ~guilty) !== 0n) return "others than the signers were slashed";
  if (isRequired && convicted !== guilty) return "a signer of a lie kept the bond";
  return null;
}
