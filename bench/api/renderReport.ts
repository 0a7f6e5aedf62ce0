import type { ApiReport } from "./ApiReport.ts";

const MEBIBYTE = 1_024 * 1_024;

/** The report as Markdown: answers, verdicts, clients that do not read, targets. */
export function renderReport(report: ApiReport): string {
  const { requests, verdicts, stalls, aliveBytes, targets, statuses, sentLateP99Ms, askerShare } = report;
  const total = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  const counts = Object.entries(statuses).sort(([, one], [, other]) => other - one);
  const shares = counts.map(([status, count]) => `${status}: ${percent(count / total)}`);
  return [
    `${report.rate} requests a second, ${count(report.accounts)} accounts, ${count(report.slots)} slots, ${report.rounds} rounds.`,
    table(
      ["requests", "meanwhile", "answers", "p50 ms", "p90 ms", "p99 ms", "slowest ms"],
      requests.map((row) => [
        row.kind ?? "all",
        row.phase === "requests" ? "" : "streams",
        count(row.requests),
        ...[row.p50Ms, row.p90Ms, row.p99Ms, row.maxMs].map(ms),
      ]),
      2,
    ),
    `Answers by status: ${shares.join(", ")}. 99 of 100 requests were sent within ${ms(sentLateP99Ms)} ms of when they were due; whoever asked took ${percent(askerShare)} of a core at most.`,
    table(
      [
        "meanwhile",
        "blocks",
        "verdict median ms",
        "p90 ms",
        "from the head, p90 ms",
        "of the core",
        "kept from it",
        "memory MiB, by round",
      ],
      verdicts.map((row) => [
        row.phase,
        count(row.blocks),
        ...[row.medianMs, row.p90Ms, row.detectionP90Ms].map(ms),
        percent(row.coreShare),
        percent(row.waitedShare),
        row.residentBytes.map((bytes) => mebibytes(bytes)).join(" "),
      ]),
      1,
    ),
    table(
      ["clients that do not read", "requests each", "memory MiB", "at most", "may grow by"],
      stalls.map((row) => [
        ...[row.connections, row.pipelined].map(count),
        ...[row.beforeBytes, row.mostBytes, row.boundBytes].map(mebibytes),
      ]),
      0,
    ),
    `Alive in the keeper's heap before the first phase, after the last one, after those clients: ${aliveBytes.map(mebibytes).join(", ")} MiB.`,
    table(
      ["target", "asked", "found", ""],
      targets.map(({ name, target, unit, value, isMet }) => [
        name,
        `<= ${target} ${unit}`,
        Number.isInteger(value) ? String(value) : ms(value),
        isMet ? "met" : "missed",
      ]),
      4,
    ),
  ].join("\n\n");
}

/** Three digits that mean something. */
function ms(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-GB") : value.toPrecision(3);
}

function count(value: number): string {
  return value.toLocaleString("en-GB");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(0);
}

/** @param numbersFrom the first column that is set to the right */
function table(head: readonly string[], cells: readonly (readonly string[])[], numbersFrom: number): string {
  const widths = head.map((_, at) => Math.max(3, ...[head, ...cells].map((row) => row[at]?.length ?? 0)));
  const pad = (row: readonly string[]): string => {
    const padded = row.map((cell, at) =>
      at < numbersFrom ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
    );
    return `| ${padded.join(" | ")} |`;
  };
  const rule = widths.map((width, at) => (at < numbersFrom ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [pad(head), `| ${rule.join(" | ")} |`, ...cells.map(pad)].join("\n");
}
