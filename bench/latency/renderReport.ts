import type { LatencyReport, LatencyTarget } from "./LatencyReport.ts";

/** The report as Markdown: a table of the stages, one of the targets, and the counts of blocks. */
export function renderReport({ seed, rows, blocks, targets }: LatencyReport): string {
  const stages = rows.map(({ system, stage, runs, medianMs, p90Ms }) => [
    system,
    stage,
    `${runs}`,
    ms(medianMs),
    ms(p90Ms),
  ]);
  const counts = [
    ["ordinary", blocks.ordinary],
    ["base fee times 1,000", blocks.baseFeeTimes1000],
  ] as const;
  const lines = counts.flatMap(([name, count]) => {
    if (count === null) return [];
    return [`Blocks to inclusion, ${name}: ${count.median} in the median of ${count.runs}, ${count.worst} at worst.`];
  });
  const measured = targets.filter(({ value }) => value !== null);
  return [
    `Seed ${seed}.`,
    table(["system", "stage", "runs", "median ms", "p90 ms"], stages, 2),
    ...lines,
    ...(measured.length === 0 ? [] : [table(["target", "asked", "found", ""], measured.map(toCells), 4)]),
  ].join("\n\n");
}

function toCells({ name, bound, target, unit, value, isMet }: LatencyTarget): string[] {
  const sign = bound === "most" ? "<=" : ">=";
  const shown = unit === "blocks" ? String(value) : (value ?? Number.NaN).toPrecision(3);
  return [name, `${sign} ${target} ${unit}`, shown, isMet === true ? "met" : "missed"];
}

/** Three digits that mean something. */
function ms(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-GB") : value.toPrecision(3);
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
