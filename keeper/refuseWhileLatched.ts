import { KeeperError } from "./errors/KeeperError.ts";
import type { Journal } from "./store/Journal.ts";

/**
 * A halt that a human has not cleared stays a halt.
 *
 * @throws KeeperError `Latched`
 */
export function refuseWhileLatched(journal: Pick<Journal, "records">): void {
  const latch = journal.records().findLast(({ kind }) => kind === "latch" || kind === "latch-cleared");
  if (latch?.kind !== "latch") return;
  const message = `this keeper latched itself: ${JSON.stringify(latch.body)}. Find the cause, then move its data directory away and start again`;
  throw new KeeperError("Latched", message, { record: latch.seq });
}
