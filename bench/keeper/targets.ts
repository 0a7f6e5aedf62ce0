import type { Row } from "./Row.ts";

/** What the books are held to. Times and ratios depend on the machine: they are said, and fail nothing. */
export interface Target {
  readonly name: string;
  readonly target: number;
  /** Null where it was not measured. */
  readonly value: number | null;
  readonly isMet: boolean | null;
}

const LARGE = 1_000_000;
const VERDICT_MS = 5;
const TIMES_SQD = 2;
const TIMES_PONDER = 15;

/** How the rows stand to the targets. */
export function checkTargets(rows: readonly Row[]): Target[] {
  const large = rows.find((row) => row.kind === "verdict" && row.slots >= LARGE);
  const ms = large?.kind === "verdict" ? large.medianCpuMs : null;
  const most = (name: string, value: number | null, target: number): Target => {
    return { name, target, value, isMet: value === null ? null : value <= target };
  };
  const least = (name: string, value: number | null, target: number): Target => {
    return { name, target, value, isMet: value === null ? null : value >= target };
  };
  return [
    most("verdict at a million slots, ms of processor time, at most", ms, VERDICT_MS),
    least("events/s beside SQD, at least", ratio(rows, "@subsquid"), TIMES_SQD),
    least("events/s beside ponder, at least", ratio(rows, "ponder"), TIMES_PONDER),
  ];
}

/** One line for each target that was measured. */
export function renderTargets(targets: readonly Target[]): string {
  return targets
    .flatMap(({ name, target, value, isMet }) => {
      if (value === null) return [];
      return [`${isMet === true ? "met" : "MISSED"}: ${name} ${target}: ${value.toFixed(2)}`];
    })
    .join("\n");
}

function ratio(rows: readonly Row[], peer: string): number | null {
  const rateOf = (isIt: (system: string) => boolean): number | null => {
    const row = rows.find((found) => found.kind === "index" && isIt(found.system));
    return row?.kind === "index" ? row.eventsPerSecond : null;
  };
  const own = rateOf((system) => system === "lockstep");
  const theirs = rateOf((system) => system.startsWith(peer));
  return own === null || theirs === null ? null : own / theirs;
}
