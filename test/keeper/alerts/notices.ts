import type { Notice } from "../../../keeper/alerts/plan/Notice.ts";
import type { LocatedSlot } from "../../../keeper/domain/Finding.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import type { Effect, IncidentReport } from "../../../keeper/loop/ports.ts";

/** Seconds since the epoch at which tests begin, in milliseconds. */
export const WALL_MS = 1_700_000_000_000;

/** The id of an incident, by its number. */
export function incidentIdOf(number: number): Hash {
  return `0x${number.toString(16).padStart(64, "0")}`;
}

/** An incident's effect. States that the core does not have yet are allowed: the path must not care. */
export function incident(state: string, changes: Partial<IncidentReport> = {}): Effect {
  const report: IncidentReport = {
    ...{ id: incidentIdOf(1), state: state as IncidentReport["state"], cause: "unexplained-write" },
    ...{ contract: "PositionLedger", blockNumber: 123, blockHash: `0x${"ab".repeat(32)}` },
    ...{ detail: "roots differ.", transaction: null, containedIn: null, ...changes },
  };
  return { type: "incident", report };
}

/** A condition that begins or ends. */
export function condition(holds: boolean, kind: "halted-chain" | "consensus-fault" = "halted-chain"): Effect {
  return { type: "condition", condition: { kind, detail: "no block for 60 s" }, holds };
}

/** A single alert. */
export function alert(event: string, level: "warning" | "critical" = "warning", detail = "why"): Effect {
  return { type: "alert", level, event, detail };
}

/** A search for slots that has ended with one. */
export function located(changes: Partial<Extract<Effect, { type: "located" }>> = {}): Effect {
  const slot: LocatedSlot = {
    contract: "PositionLedger",
    ...{ variable: "_accounts[0x07]", account: null, slot: null },
    hashedSlot: incidentIdOf(9),
    cause: "unexplained-write",
    ...{ before: "1", after: "2" },
  };
  return {
    type: "located",
    incidentId: incidentIdOf(1),
    slots: [slot],
    blocks: [],
    ...{ note: "", isComplete: true, isTruncated: false, isOwnFault: false, isFinal: true },
    ...changes,
  };
}

/** A block with a verdict. */
export function block(kind: "InSync" | "Unknown"): Effect {
  const verdict =
    kind === "InSync"
      ? ({ kind, isWitnessed: true, roots: [] } as const)
      : ({ kind, reason: "no-proof", detail: "" } as const);
  const counts = { logCount: 0, slotCount: 0, votes: 2, quorum: 2, headAtMs: 0, factsAtMs: 0 };
  return { type: "block", report: { number: 130, hash: `0x${"cd".repeat(32)}`, timestamp: 0, verdict, ...counts } };
}

/** A notice as sinks get it. */
export function notice(changes: Partial<Notice> = {}): Notice {
  return {
    ...{ id: "n-1", key: incidentIdOf(1), kind: "incident", level: "critical", event: "incident", state: "opened" },
    ...{ title: "Divergence proved", detail: "roots differ.", fields: { block: "123", contract: "PositionLedger" } },
    ...{ isEnd: false, reminder: 0, atMs: WALL_MS, ...changes },
  };
}
