import type { Verdict } from "../keeper/domain/Verdict.ts";

/** A verdict with its reasons, for the message of a test that fails. */
export function describeVerdict(verdict: Verdict): string {
  if (verdict.kind === "InSync") return verdict.kind;
  if (verdict.kind === "Unknown") return `${verdict.reason}: ${verdict.detail}`;
  const findings = verdict.findings.map(({ contract, cause, detail }) => `${contract} ${cause}: ${detail}`);
  return [verdict.kind, ...findings].join("\n  ");
}
