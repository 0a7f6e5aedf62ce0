import type { DrillAttempt } from "./DrillResult.ts";
import type { Stage } from "./Stage.ts";

/** That one pause took effect since the drill began, neither none nor two. */
export async function exactlyOnePause(stage: Pick<Stage, "countPauses">): Promise<DrillAttempt> {
  const count = await stage.countPauses();
  return { what: "pauses that took effect", outcome: String(count), isHarmless: count === 1 };
}
