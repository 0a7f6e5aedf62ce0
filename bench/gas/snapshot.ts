import { readFile, writeFile } from "node:fs/promises";

import type { GasMeasure } from "./GasRow.ts";
import { TARGETS } from "./targets.ts";

const FILE = new URL("../gas.snapshot.json", import.meta.url);
/** Bytes of hashes in calldata that may be zero or not, times the 12 gas that it makes. */
const CALLDATA_TOLERANCE = 600;

/** A measure that was accepted. */
export interface SnapshotRow extends GasMeasure {
  readonly target?: number;
  /** How much the operation costs above its target, where that is known and accepted. */
  readonly missedBy?: number;
}

/** The measures that were accepted last. */
export async function readSnapshot(): Promise<readonly SnapshotRow[]> {
  return (JSON.parse(await readFile(FILE, "utf8")) as { rows: SnapshotRow[] }).rows;
}

/** Accepts `rows`. */
export async function writeSnapshot(rows: readonly SnapshotRow[]): Promise<void> {
  await writeFile(FILE, `${JSON.stringify({ rows }, null, 2)}\n`);
}

/**
 * The rows of a new snapshot. What a target is missed by may shrink; it grows only with `isWorseAccepted`.
 *
 * @param before the snapshot so far
 */
export function toSnapshot(
  measures: readonly GasMeasure[],
  before: readonly SnapshotRow[],
  isWorseAccepted: boolean,
): SnapshotRow[] {
  return measures.map((measure) => {
    const target = TARGETS[measure.operation];
    if (target === undefined) return measure;
    const missedBy = Math.max(0, measure.gas - target);
    const known = before.find(({ operation }) => operation === measure.operation)?.missedBy ?? 0;
    const accepted = isWorseAccepted ? missedBy : Math.min(missedBy, known);
    return { ...measure, target, ...(accepted > 0 ? { missedBy: accepted } : {}) };
  });
}

/** Where `measures` are not what `snapshot` says: one line each. */
export function checkSnapshot(measures: readonly GasMeasure[], snapshot: readonly SnapshotRow[]): string[] {
  const lines = measures.flatMap((measure) => {
    const row = snapshot.find(({ operation }) => operation === measure.operation);
    return row ? checkRow(measure, row) : [`${measure.operation}: ${measure.gas}, not in the snapshot`];
  });
  const gone = snapshot.filter(({ operation }) => !measures.some((measure) => measure.operation === operation));
  return [...lines, ...gone.map(({ operation }) => `${operation}: in the snapshot, and not measured`)];
}

function checkRow({ operation, gas, execution }: GasMeasure, row: SnapshotRow): string[] {
  const target = TARGETS[operation];
  const lines: string[] = [];
  if (execution === undefined && gas !== row.gas) lines.push(`${operation}: ${gas} instead of ${row.gas}`);
  if (execution !== row.execution) {
    lines.push(`${operation}: ${execution} apart from calldata instead of ${row.execution}`);
  }
  if (Math.abs(gas - row.gas) > CALLDATA_TOLERANCE && lines.length === 0) {
    lines.push(`${operation}: ${gas} instead of ${row.gas}, more calldata`);
  }
  if (row.target !== target) lines.push(`${operation}: target ${row.target} in the snapshot instead of ${target}`);
  const most = target === undefined ? Infinity : target + (row.missedBy ?? 0);
  if (gas > most) lines.push(`${operation}: ${gas} is above what is accepted, ${most}`);
  return lines;
}
