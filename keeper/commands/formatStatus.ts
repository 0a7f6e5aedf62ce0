import type { Paint } from "./formatBlock.ts";
import type { StatusSummary } from "./readStatus.ts";

/** Whether the keeper may be relied upon, by its own word. */
export interface Readiness {
  readonly ready: boolean;
  /** Fit for a terminal. */
  readonly reason: string;
}

/** Entries of one list that are shown; `--json` has all. */
const MAX_SHOWN = 12;

/** One screen for whoever was woken: what the keeper says, what is wrong, and where to go on. */
export function formatStatus(summary: StatusSummary, { ready, reason }: Readiness, paint: Paint): string {
  const { state, isLeading, verdict, block, votes, quorum, secondsSinceVerdict: age } = summary;
  const isGood = ready && verdict?.kind === "InSync";
  const head = isGood ? paint.green(state) : isFault(verdict) ? paint.red(state) : paint.yellow(state);
  const judged = age === null ? "no block was judged yet" : `judged ${describeAge(age)} ago`;
  const lines = [
    `${head}  ${isLeading ? "leading" : "another replica leads, or may"}`,
    row("ready", ready ? "yes" : paint.red(`no: ${reason}`)),
    row("block", block === null ? judged : `${block}, ${judged}, ${votes} votes of ${quorum} needed`),
    row("verdict", describeVerdict(verdict, paint)),
    row("in sync", summary.lastInSync === null ? "not since its start" : `last at block ${summary.lastInSync}`),
    row("final", summary.finalBlock ?? "no block yet"),
  ];
  const [red, yellow] = [(text: string) => paint.red(text), (text: string) => paint.yellow(text)];
  const { conditions, sources, peers, readiness, incidents, alerts, sinks } = summary;
  lines.push(...list("conditions", conditions.map(yellow), "nothing unusual"));
  lines.push(...list("sources", marked(sources, yellow), "none"));
  lines.push(...list("peers", marked(peers, yellow), "none"));
  const checks = readiness.map(({ isFailed, text }) => (isFailed ? red(text) : yellow(text)));
  lines.push(...list("readiness", checks, "nothing is missing, or it was not tried"));
  lines.push(...list("incidents", incidents.map(red), "none is open"));
  const told = alerts.map(({ isCritical, text }) => (isCritical ? red(text) : yellow(text)));
  lines.push(...list("alerts", told, "none stands"));
  if (sinks.length > 0) lines.push(...list("sinks fail", sinks.map(red), ""));
  if (incidents.length > 0)
    lines.push(row("do", "lockstep incidents show <id>, then docs/operations.md, Critical alerts"));
  return lines.join("\n");
}

function describeVerdict(verdict: StatusSummary["verdict"], paint: Paint): string {
  if (verdict === null) return "none yet";
  const { kind, detail } = verdict;
  const text = detail === "" ? kind : `${kind}  ${detail}`;
  return isFault(verdict) ? paint.red(text) : kind === "InSync" ? text : paint.yellow(text);
}

/** Whether something was proved to be wrong, with the chain or with the keeper. */
export function isFault(verdict: StatusSummary["verdict"]): boolean {
  return verdict?.kind === "Diverged" || verdict?.kind === "OwnFault";
}

function marked(items: StatusSummary["sources"], mark: (text: string) => string): string[] {
  return items.map(({ isUp, text }) => (isUp ? text : mark(text)));
}

function list(name: string, items: readonly string[], none: string): string[] {
  if (items.length === 0) return [row(name, none)];
  const shown = items.slice(0, MAX_SHOWN);
  if (items.length > MAX_SHOWN) shown.push(`and ${items.length - MAX_SHOWN} more: see --json`);
  return shown.map((item, index) => row(index === 0 ? name : "", item));
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(11)}${text}`;
}

/** `0.4 s`, `45 s`, `3 min`, `2 h`. */
function describeAge(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
