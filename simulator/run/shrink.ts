import type { Fault } from "../plan/Fault.ts";
import type { Plan } from "../plan/Plan.ts";
import type { Violation } from "../check/Violation.ts";

/** Runs a plan and says what it breaks. */
export type Try = (plan: Plan) => readonly Violation[];

/** Runs that shrinking may take. */
const MAX_TRIES = 120;

/**
 * The smallest plan that still breaks the promise that a plan broke: faults are left out, in halves and one by one, then blocks at the
 * end, then keepers.
 */
export function shrink(plan: Plan, promise: Violation["promise"], run: Try): Plan {
  let tries = 0;
  const breaks = (candidate: Plan): boolean => {
    tries += 1;
    return tries <= MAX_TRIES && run(candidate).some((violation) => violation.promise === promise);
  };
  let smallest = plan;
  for (let size = Math.ceil(plan.faults.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < smallest.faults.length;) {
      const faults: readonly Fault[] = smallest.faults.toSpliced(at, size);
      const candidate = { ...smallest, faults };
      if (breaks(candidate)) smallest = candidate;
      else at += size;
    }
  }
  for (let blocks = Math.floor(smallest.blocks / 2); blocks >= 1; blocks = Math.floor(blocks / 2)) {
    while (smallest.blocks - blocks >= 4 && breaks({ ...smallest, blocks: smallest.blocks - blocks })) {
      smallest = { ...smallest, blocks: smallest.blocks - blocks };
    }
  }
  while (smallest.keepers > 1 && breaks({ ...smallest, keepers: smallest.keepers - 1 })) {
    smallest = { ...smallest, keepers: smallest.keepers - 1 };
  }
  return smallest;
}
