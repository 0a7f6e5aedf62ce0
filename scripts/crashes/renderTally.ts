import type { Tally } from "./runCrashes.ts";

/** What came of all runs, for people. */
export function renderTally(tally: Tally): string {
  const { seed, runs, kills, effective, idle, pointsHit, bundles, seats, failures } = tally;
  const width = Math.max(...Object.keys(tally.points).map((name) => name.length));
  const points = Object.entries(tally.points).map(([name, count]) => `  ${name.padEnd(width)}  ${count}`);
  const failed = failures.flatMap(({ story, problems }) => [
    "",
    `FAILED ${story}`,
    ...problems.map((line) => `  ${line}`),
  ]);
  return [
    "killed at:",
    ...points,
    "",
    `weathers: ${Object.entries(tally.weathers)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ")}`,
    `seed ${seed}: ${runs} runs, ${kills} kills at ${pointsHit} points between verdict and proof`,
    `effective pauses ${effective}, mined without effect ${idle}, bundles ${bundles} of ${seats}, failed runs ${failures.length}`,
    ...failed,
  ].join("\n");
}
