import { decide, type Action } from "../../domain/decide.ts";
import type { Finding } from "../../domain/Finding.ts";
import type { Policy } from "../../domain/policy.ts";
import type { Verdict } from "../../domain/Verdict.ts";

/** What a bundle says was found. */
interface Claim {
  readonly kind: "Diverged" | "OwnFault";
  readonly findings: readonly Finding[];
  readonly detail: string | null;
}

/** Nothing was done about it yet. */
const FRESH = { isPauseUnderway: false, isCheckpointDue: false, maySign: false, timesSeen: 1, claimedPauses: 0 };

/** What a keeper does, by its policy, about a verdict that is new: what a bundle says of it, and what is checked of that. */
export function decisionOf({ kind, findings, detail }: Claim, policy: Policy): Action[] {
  const verdict: Verdict =
    kind === "Diverged" ? { kind, findings, isLatched: false } : { kind, findings, detail: detail ?? "" };
  return decide(verdict, FRESH, policy);
}
