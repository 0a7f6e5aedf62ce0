import type { IndexRow, NodeRow, ReplayRow, Row, VerdictRow } from "./Row.ts";
import type { Shares } from "./CpuShares.ts";

/** The rows as Markdown tables, one for each kind. */
export function renderRows(rows: readonly Row[]): string {
  const tables = [
    replayTable(rows.filter((row) => row.kind === "replay")),
    verdictTable(rows.filter((row) => row.kind === "verdict")),
    nodeTable(rows.filter((row) => row.kind === "node")),
    indexTable(rows.filter((row) => row.kind === "index")),
  ];
  return tables.filter((table) => table !== null).join("\n\n");
}

function replayTable(rows: readonly ReplayRow[]): string | null {
  const cells = rows.map((row) => [row.name, count(row.events), count(row.eventsPerSecond), sharesText(row.shares)]);
  return table(["recorded chain", "events", "events/s", "of the time"], cells);
}

function verdictTable(rows: readonly VerdictRow[]): string | null {
  const cells = rows.map((row) => [
    ...[row.slots, row.changedSlots, row.events].map(count),
    ...[row.medianCpuMs, row.p99CpuMs, row.medianMs, row.p99Ms, row.firstAnswerMs, row.lastAnswerMs].map(ms),
    sharesText(row.shares),
  ]);
  const times = ["CPU ms", "p99", "wall ms", "p99", "first answer", "last answer"];
  return table(["slots", "changed", "events", ...times, "of the time"], cells);
}

function nodeTable(rows: readonly NodeRow[]): string | null {
  const cells = rows.map((row) => [row.stage, ms(row.medianMs), ms(row.p90Ms), count(row.samples)]);
  return table(["beside a local node", "median ms", "p90 ms", "blocks"], cells);
}

function indexTable(rows: readonly IndexRow[]): string | null {
  const cells = rows.map((row) => {
    const cpu = row.cpuSeconds === null ? "" : row.cpuSeconds.toFixed(1);
    return [row.system, count(row.events), row.seconds.toFixed(1), count(row.eventsPerSecond), cpu, row.job];
  });
  return table(["from a local node", "events", "s", "events/s", "CPU s", "what is done"], cells);
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-GB");
}

function ms(value: number): string {
  return value.toFixed(2);
}

function sharesText(shares: Shares): string {
  return Object.entries(shares)
    .map(([part, share]) => `${part} ${Math.round(100 * share)} %`)
    .join(", ");
}

/** Numbers to the right; null without rows. */
function table(head: readonly string[], cells: readonly (readonly string[])[]): string | null {
  if (cells.length === 0) return null;
  const all = [head, ...cells];
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  const isNumber = (at: number): boolean => cells.every((row) => /^[\d.,]*$/.test(row[at] ?? ""));
  const pad = (row: readonly string[]): string => {
    const padded = row.map((cell, at) =>
      isNumber(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
    );
    return `| ${padded.join(" | ")} |`;
  };
  const rule = widths.map((width, at) => (isNumber(at) ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  return [pad(head), pad(rule), ...cells.map(pad)].join("\n");
}
