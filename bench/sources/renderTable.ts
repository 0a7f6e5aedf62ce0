import { CLIENT_NAMES } from "./Client.ts";
import type { Row } from "./rows.ts";

/** A Markdown table: a line a case, and for each client answer, median and 90th percentile in milliseconds. */
export function renderTable(rows: readonly Row[]): string {
  const cases = [...new Set(rows.map((row) => row.case))];
  const clients = CLIENT_NAMES.filter((name) => rows.some(({ client }) => client === name));
  const table = [
    ["sources", ...clients.flatMap((client) => [client, "ms", "p90"])],
    ...cases.map((name) => [
      name,
      ...clients.flatMap((client) => cellsOf(rows.find((row) => row.case === name && row.client === client))),
    ]),
  ];
  const isText = (at: number): boolean => at === 0 || at % 3 === 1;
  const widths = table[0]?.map((_, at) => Math.max(3, ...table.map((row) => row[at]?.length ?? 0))) ?? [];
  const rule = widths.map((width, at) => (isText(at) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const pad = (cell: string, at: number): string => {
    return isText(at) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0);
  };
  const [head = [], ...body] = table.map((row) => row.map(pad));
  return [head, rule, ...body].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function cellsOf(row: Row | undefined): string[] {
  return row === undefined ? ["", "", ""] : [row.answer, format(row.ms), format(row.p90Ms)];
}

function format(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms.toFixed(1);
}
