import type { Policy } from "./policy.ts";
import type { Verdict } from "./Verdict.ts";

/** What to do about a verdict. */
export type Action =
  | { readonly kind: "soft-pause" }
  | { readonly kind: "attest" }
  | { readonly kind: "latch"; readonly detail: string }
  | { readonly kind: "alert"; readonly level: "warning" | "critical"; readonly event: string; readonly detail: string };

/** What the decision depends on beside the verdict. */
export interface Situation {
  /** A pause for this incident is effective or on its way. */
  readonly isPauseUnderway: boolean;
  /** Newest checkpoint is older than the interval, or there is none. */
  readonly isCheckpointDue: boolean;
  /** The votes and the state of the chain allow signatures. */
  readonly maySign: boolean;
}

/**
 * Verdict → actions. Pure and total: every verdict is named, and whatever is not proved to differ never pauses.
 *
 * Causes and actions are the table of docs/architecture.md: a proved divergence pauses at the head; the keeper's own
 * fault latches and pauses nothing; the unknown alerts; only InSync signs, where the evidence allows it.
 */
export function decide(
  verdict: Verdict,
  { isPauseUnderway, isCheckpointDue, maySign }: Situation,
  policy: Policy,
): Action[] {
  switch (verdict.kind) {
    case "InSync": {
      return policy.mode === "act" && isCheckpointDue && maySign ? [{ kind: "attest" }] : [];
    }
    case "Diverged": {
      if (isPauseUnderway) return [];
      const detail = verdict.findings.map((finding) => `${finding.contract}: ${finding.cause}`).join(", ");
      const alert: Action = { kind: "alert", level: "critical", event: "diverged", detail };
      return policy.mode === "act" ? [{ kind: "soft-pause" }, alert] : [alert];
    }
    case "OwnFault":
      return [
        { kind: "latch", detail: verdict.detail },
        { kind: "alert", level: "critical", event: "own-fault", detail: verdict.detail },
      ];
    case "Unknown":
      return [{ kind: "alert", level: "warning", event: `unknown-${verdict.reason}`, detail: verdict.detail }];
  }
}
