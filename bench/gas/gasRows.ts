import type { GasMeasure, GasRow, Operation, Peer } from "./GasRow.ts";
import { PUBLISHED_PEERS, TARGETS } from "./targets.ts";

const HEADER = ["operation", "gas", "target", "", "peer", "of"];
/** Columns that are aligned to the right. */
const NUMBERS = new Set([1, 2, 4]);

/** Joins measures, targets and peers. */
export function gasRows(measures: readonly GasMeasure[], measured: Partial<Record<Operation, Peer>>): GasRow[] {
  return measures.map(({ operation, gas }) => {
    const peer = measured[operation] ?? PUBLISHED_PEERS[operation] ?? null;
    return { operation, gas, target: TARGETS[operation] ?? null, peer };
  });
}

/** The rows as the Markdown table of docs/performance.md. */
export function gasTable(rows: readonly GasRow[]): string {
  const cells = rows.map(({ operation, gas, target, peer }) => [
    operation,
    count(gas),
    target === null ? "" : count(target),
    target === null ? "" : gas > target ? `missed by ${count(gas - target)}` : "met",
    peer === null ? "" : count(peer.gas),
    peer === null ? "" : `${peer.name}${peer.measured ? "" : " (published)"}`,
  ]);
  const table = [HEADER, ...cells];
  const widths = HEADER.map((_, column) => Math.max(3, ...table.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => {
    const padded = widths.map((width, column) => {
      const cell = row[column] ?? "";
      return NUMBERS.has(column) ? cell.padStart(width) : cell.padEnd(width);
    });
    return `| ${padded.join(" | ")} |`;
  };
  const rule = widths.map((width, column) => (NUMBERS.has(column) ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  return [line(HEADER), line(rule), ...cells.map(line)].join("\n");
}

function count(gas: number): string {
  return gas.toLocaleString("en-US");
}
