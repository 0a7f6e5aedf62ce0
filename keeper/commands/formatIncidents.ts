import { cleanText } from "../alerts/plan/cleanText.ts";
import { describeTime } from "./describeTime.ts";
import type { Paint } from "./formatBlock.ts";
import type { EvidencePlace } from "./incidents.ts";
import type { IncidentHistory } from "./readIncidents.ts";

const MAX_TEXT = 400;

/** A line for each incident. */
export function formatIncidents(incidents: readonly IncidentHistory[], paint: Paint): string {
  if (incidents.length === 0) return "no incident";
  return incidents
    .map((incident) => {
      const { id, state, isOpen, contract, cause, blockNumber, openedAt, acknowledged } = incident;
      const head = `${id.slice(0, 18)}…  ${clean(state).padEnd(9)}`;
      const by = acknowledged === null ? "" : `  acknowledged by ${clean(acknowledged.by)}`;
      const what = contract === "" ? "a branch that is not followed" : clean(`${contract} ${cause}`);
      const rest = `  ${describeTime(openedAt)}  block ${blockNumber}  ${what}`;
      return `${isOpen ? paint.red(head) : paint.dim(head)}${rest}${isOpen ? by : ""}`;
    })
    .join("\n");
}

/** Everything of one incident. */
export function formatIncident(incident: IncidentHistory, evidence: EvidencePlace, paint: Paint): string {
  const { id, state, isOpen, contract, cause, detail, blockNumber, blockHash, transaction, containedIn } = incident;
  const head = `incident ${id}  ${clean(state)}`;
  return [
    isOpen ? paint.red(head) : head,
    row("what", contract === "" ? "a branch that is not followed diverged" : clean(`${contract}: ${cause}`)),
    ...(detail === "" ? [] : [row("detail", clean(detail))]),
    row("block", `${blockNumber} ${clean(blockHash)}`),
    row("opened", describeTime(incident.openedAt)),
    ...describePause(transaction, containedIn, incident.attempts),
    ...describePeople(incident),
    ...incident.steps.map(({ at, state: step }, index) =>
      row(index === 0 ? "states" : "", `${describeTime(at)}  ${clean(step)}`),
    ),
    ...describeEvidence(evidence),
  ].join("\n");
}

function describePause(transaction: string | null, containedIn: number | null, attempts: number): string[] {
  if (transaction === null && attempts === 0) return [row("pause", "none was sent by this keeper")];
  const times = `${attempts} intent${attempts === 1 ? "" : "s"} journalled`;
  const effect = containedIn === null ? "not proven to be effective" : `proven to be effective in block ${containedIn}`;
  return [
    row("pause", `${effect}, ${times}`),
    ...(transaction === null ? [] : [row("", `transaction ${clean(transaction)}`)]),
  ];
}

function describePeople({ acknowledged, closeOrder, isOpen, endedAt, state }: IncidentHistory): string[] {
  const lines: string[] = [];
  if (acknowledged !== null) {
    const { at, by, reason } = acknowledged;
    lines.push(row("acked", `${describeTime(at)} by ${clean(by)}: ${clean(reason)}`));
  } else if (isOpen) lines.push(row("acked", "by nobody: lockstep incidents ack <id> --reason …"));
  if (endedAt !== null) lines.push(row("over", `${describeTime(endedAt)}, ${clean(state)}`));
  if (closeOrder === null) return lines;
  const { at, by, reason } = closeOrder;
  const outcome = isOpen ? ", which did not close it" : "";
  return [...lines, row("order", `${describeTime(at)} to close it, by ${clean(by)}${outcome}: ${clean(reason)}`)];
}

function describeEvidence({ folder, bundle }: EvidencePlace): string[] {
  if (folder === null)
    return [row("evidence", "none in this data directory: older than the last 32, or kept by another replica")];
  if (bundle === null) return [row("evidence", `${folder}, without a bundle`)];
  return [row("evidence", folder), row("verify", `lockstep verify ${quoted(bundle)}`)];
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(9)} ${text}`;
}

function clean(text: string): string {
  return cleanText(text, MAX_TEXT);
}
