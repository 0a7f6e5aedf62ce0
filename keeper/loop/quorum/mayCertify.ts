import type { Opinion } from "../Decider.ts";
import type { KeeperOptions } from "../KeeperOptions.ts";

/**
 * Whether this keeper may sign a certificate on what it has seen: k operators stand behind the block. With a single operator on a
 * local chain only, as for checkpoints.
 */
export function mayCertify({ isAgreed, allowed }: Opinion, { policy, attester }: KeeperOptions): boolean {
  if (policy.mode !== "act" || attester === null || !isAgreed) return false;
  return allowed.inSync === "witnessed" || (allowed.inSync === "unwitnessed" && policy.isLocalChain);
}
