import { recordDirtyFlags } from "./recordDirtyFlags.ts";
import { recordEdges } from "./recordEdges.ts";
import type { Recording } from "./Recording.ts";
import { recordEveryEvent, recordManyPositions, recordRandom, recordStrays } from "./recordTours.ts";

/** Everything that mutants are judged by; `tellLies` adds what is not true of it. */
export async function recordAll(): Promise<Recording[]> {
  // Lies about edges are told first, as of each kind only a few are.
  const tours = [...(await recordEdges()), await recordEveryEvent(), await recordRandom(), await recordManyPositions()];
  return [...tours, ...(await recordStrays()), await recordDirtyFlags()];
}
