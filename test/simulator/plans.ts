import type { Fault } from "../../simulator/plan/Fault.ts";
import type { Plan } from "../../simulator/plan/Plan.ts";

const THREE = [0, 1, 2].map((index) => ({ id: `source-${index}`, operator: `operator-${index}` }));

/** A plan of one keeper and three operators, in which nothing goes wrong but what is said. */
export function planWith(faults: readonly Fault[], changes: Partial<Plan> = {}): Plan {
  return {
    ...{ seed: 7, mode: "safety", blocks: 16, quietBlocks: 0, blockSeconds: 12, keepers: 1, sources: THREE },
    ...{ traffic: 2, checkpointSeconds: 36, isMajorityLying: false, faults },
    ...changes,
  };
}

/** The middle of a slot. */
export function slot(number: number, blockSeconds = 12): number {
  return (number - 0.5) * blockSeconds * 1_000;
}
