import type { Policy } from "./policy.ts";
import { RESPONSES, type PauseResponse } from "./responses.ts";
import type { Verdict, ViewVerdict } from "./Verdict.ts";

/** Why something is not done that would be done otherwise. */
export type Reserve = "mode" | "budget" | "persistence";

/** What to do about a verdict. `withhold` is what would have been done: a dry run consists of these. */
export type Action =
  | { readonly kind: "soft-pause"; readonly budget: "books" | "view" }
  | { readonly kind: "attest" }
  | { readonly kind: "latch"; readonly detail: string }
  | { readonly kind: "alert"; readonly level: "warning" | "critical"; readonly event: string; readonly detail: string }
  | { readonly kind: "withhold"; readonly action: "soft-pause" | "attest"; readonly because: Reserve };

/** What the decision depends on beside the verdict. */
export interface History {
  /** A pause for this kind of trouble is effective or on its way. */
  readonly isPauseUnderway: boolean;
  /** A checkpoint is wanted now. */
  readonly isCheckpointDue: boolean;
  /** The votes and the state of the chain allow signatures. */
  readonly maySign: boolean;
  /** Times in a row that what is only claimed was seen, this one included; of no matter to what is proved. */
  readonly timesSeen: number;
  /** Pauses for claimed causes in the last day. */
  readonly claimedPauses: number;
}

/**
 * (verdict, history, policy) → actions. Pure and total: every verdict is named, and what is not proved to differ pauses nothing but
 * for a view whose owner wants that.
 *
 * Causes and responses are the table in `responses.ts`: a proved divergence pauses at the head, at once and whatever was paused before;
 * what is only claimed waits until it was seen often enough in a row, and has so many pauses a day; the keeper's own fault latches
 * and pauses nothing; the unknown alerts; only InSync signs, where the evidence allows it.
 */
export function decide(verdict: Verdict | ViewVerdict, history: History, policy: Policy): Action[] {
  switch (verdict.kind) {
    case "InSync":
      if (!history.isCheckpointDue || !history.maySign) return [];
      return policy.mode === "act" ? [{ kind: "attest" }] : [{ kind: "withhold", action: "attest", because: "mode" }];
    case "Diverged":
    case "ViewDiverged": {
      if (history.isPauseUnderway) return [];
      const detail = verdict.findings.map((finding) => `${finding.contract}: ${finding.cause}`).join(", ");
      const event = verdict.kind === "Diverged" ? "diverged" : "view-diverged";
      const alert: Action = { kind: "alert", level: "critical", event, detail };
      if (verdict.kind === "ViewDiverged" && !verdict.mayPause) return [{ ...alert, level: "warning" }];
      return [...pauseFor(strongest(verdict), history, policy), alert];
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

/** The response that a proved cause among the findings has, else that of the first. */
function strongest({ findings }: Pick<ViewVerdict, "findings">): PauseResponse | null {
  const responses = findings.map(({ cause }) => RESPONSES[cause]);
  return responses.find(({ evidence }) => evidence === "proved") ?? responses[0] ?? null;
}

/** The pause, or why there is none. */
function pauseFor(response: PauseResponse | null, { timesSeen, claimedPauses }: History, policy: Policy): Action[] {
  if (response === null) return [];
  const withhold = (because: Reserve): Action[] => [{ kind: "withhold", action: "soft-pause", because }];
  if (policy.mode !== "act") return withhold("mode");
  if (response.evidence !== "proved") {
    if (timesSeen < policy.claimedPersistence) return withhold("persistence");
    if (claimedPauses >= policy.claimedPausesPerDay) return withhold("budget");
  }
  return [{ kind: "soft-pause", budget: response.budget }];
}
