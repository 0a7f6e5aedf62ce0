import type { SoakResult } from "./SoakResult.ts";
import type { Vitals } from "./vitals.ts";

/** The result for people: vitals at start, middle and end, what happened, and what was checked. */
export function renderSoak(result: SoakResult): string {
  const { samples, blocks, seconds, reported, overtaken, lagMs, reorgs, outages, deaths, recoveries, seed } = result;
  const chosen = [samples[0], samples[samples.length >> 1], samples.at(-1)].filter((each) => each !== undefined);
  const rows = [["", "start", "middle", "end"], ...ROWS.map(([name, show]) => [name, ...chosen.map(show)])];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const table = rows.map((row) => {
    return row.map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0))).join("  ");
  });
  const list = (counts: Readonly<Record<string, number>>): string => {
    return Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  };
  return [
    ...table,
    "",
    `seed        ${seed}`,
    `blocks      ${blocks} in ${seconds.toFixed(0)} s: ${reported} in sync, ${overtaken} overtaken by a later one`,
    `judged      median ${lagMs.median.toFixed(0)} ms, p99 ${lagMs.p99.toFixed(0)} ms, slowest ${lagMs.max.toFixed(0)} ms after it was made`,
    `trouble     ${deaths} deaths and ${recoveries} returns of sources, ${outages} times no majority, ${reorgs} reorgs`,
    `seconds     ${list(round(result.spent))}`,
    `faults      ${list(result.faults)}`,
    `keeper      ${list(result.counts)}`,
    "",
    ...result.checks.map(({ name, isMet, detail }) => `${isMet ? "ok    " : "FAILED"} ${name}: ${detail}`),
  ].join("\n");
}

function round(seconds: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(seconds).map(([name, spent]) => [name, Math.round(spent)]));
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

const ROWS: readonly (readonly [string, (vitals: Vitals) => string])[] = [
  ["block", ({ block }) => String(block)],
  ["heap, MB", ({ heap }) => megabytes(heap)],
  ["external, MB", ({ external }) => megabytes(external)],
  ["resident, MB", ({ resident }) => megabytes(resident)],
  ["descriptors", ({ descriptors }) => String(descriptors ?? "-")],
  ["sockets", ({ sockets }) => String(sockets)],
  ["timers", ({ timers }) => String(timers)],
];
