import { BASELINE, CASES, HUNG, type Answer } from "./cases.ts";
import type { ClientName } from "./Client.ts";
import type { Cell } from "./Matrix.ts";

/** One client in one case. */
export interface Row {
  readonly case: string;
  readonly client: ClientName;
  /** The worst of its answers: wrong before none before right. */
  readonly answer: Answer;
  /** Median. Milliseconds. */
  readonly ms: number;
  readonly p90Ms: number;
  readonly maxMs: number;
  /** The very first ask, with what was opened and nothing known yet. */
  readonly firstMs: number;
  readonly asks: number;
  readonly answers: Readonly<Record<Answer, number>>;
  readonly faults: readonly string[];
}

/** Longest time in which Lockstep owes an answer, and how much longer a hung source may make it. */
const RIGHT_WITHIN_MS = 300;
const HUNG_RATIO = 1.5;

/** The rows of a matrix, in its order. */
export function toRows(cells: readonly Cell[]): Row[] {
  return cells.map(({ case: of, kind, samples }) => {
    const times = samples.map(({ ms }) => ms);
    const count = (answer: Answer): number => samples.filter((sample) => sample.answer === answer).length;
    const answers = { right: count("right"), wrong: count("wrong"), none: count("none") };
    return {
      case: of.name,
      client: kind.name,
      answer: answers.wrong > 0 ? "wrong" : answers.none > 0 ? "none" : "right",
      ms: quantile(times, 0.5),
      p90Ms: quantile(times, 0.9),
      maxMs: Math.max(...times),
      firstMs: times[0] ?? Number.NaN,
      asks: samples.length,
      answers,
      faults: [...new Set(samples.flatMap(({ fault }) => (fault === undefined ? [] : [fault])))],
    };
  });
}

/** What Lockstep owes by its answers, and has not done; empty when all is well. */
export function checkAnswers(rows: readonly Row[]): string[] {
  return ownRows(rows).flatMap((row) => {
    const owed = CASES.find(({ name }) => name === row.case)?.owed;
    if (row.answers.wrong > 0) return [`${row.case}: wrong in ${row.answers.wrong} of ${row.asks} asks`];
    if (row.answer === owed) return [];
    return [`${row.case}: ${row.answer} where ${owed ?? "nothing"} is owed (${row.faults.join(", ")})`];
  });
}

/** What Lockstep owes by its times, and has not done. */
export function checkTimes(rows: readonly Row[]): string[] {
  const own = ownRows(rows);
  const late = own
    .filter(({ answer, maxMs }) => answer === "right" && maxMs > RIGHT_WITHIN_MS)
    .map((row) => `${row.case}: right after ${row.maxMs.toFixed(1)} ms, more than ${RIGHT_WITHIN_MS}`);
  const [baseline, hung] = [BASELINE, HUNG].map((name) => own.find((row) => row.case === name)?.ms ?? Number.NaN);
  const ratio = (hung ?? Number.NaN) / (baseline ?? Number.NaN);
  const slow = ratio <= HUNG_RATIO ? [] : [`${HUNG}: ${ratio.toFixed(2)} times the baseline, more than ${HUNG_RATIO}`];
  return [...late, ...slow];
}

function ownRows(rows: readonly Row[]): Row[] {
  return rows.filter(({ client }) => client === "Lockstep");
}

/** Nearest-rank quantile. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
