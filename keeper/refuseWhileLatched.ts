import { KeeperError } from "./errors/KeeperError.ts";
import { readLatch } from "./readLatch.ts";
import type { Store } from "./store/Store.ts";

/**
 * A halt that a person has not cleared stays a halt.
 *
 * @throws KeeperError `Latched`
 */
export function refuseWhileLatched(store: Pick<Store, "records">): void {
  const latch = readLatch(store.records());
  if (latch === null) return;
  const message = `this keeper latched itself: ${latch.detail}. Find the cause, then \`lockstep latch clear --reason "…"\` and start again`;
  throw new KeeperError("Latched", message, { record: latch.seq });
}
