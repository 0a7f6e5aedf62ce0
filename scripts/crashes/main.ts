import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";

import { CrashWorld } from "./CrashWorld.ts";
import { describeStory } from "./drawStory.ts";
import { renderTally } from "./renderTally.ts";
import { runCrashes } from "./runCrashes.ts";

/**
 * kill -9 between verdict and proven effect: `node scripts/crashes/main.ts [--runs 200] [--seed N] [--first I] [--keepers 1|2]
 * [--jobs 1] [--json]`. In each run a word of the ledger is tampered, a real keeper in a process of its own is killed at named points, up to
 * three times, and started again on its data directory while blocks go on; then the chain is counted.
 *
 * Ends with 1 when an incident had no effective pause or more than one, when a keeper ended by itself, or when fewer than 30
 * points were hit in 100 runs or more; 130 when it was interrupted. The same seed makes the same stories; `--first I --runs 1`
 * makes one of them again.
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "200" },
    seed: { type: "string", default: `${randomInt(2 ** 31)}` },
    first: { type: "string", default: "0" },
    keepers: { type: "string", default: "1" },
    jobs: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`--${name} ${text}: a whole number from ${least} on`);
  return value;
}

const LEAST_POINTS = 30;
const MANY_RUNS = 100;
const INTERRUPTED = 130;

const seed = whole("seed", values.seed, 0);
const [runs, first] = [whole("runs", values.runs, 1), whole("first", values.first, 0)];
const keepers = whole("keepers", values.keepers, 1) === 2 ? 2 : 1;
const end = new AbortController();
process.once("SIGINT", () => end.abort());
const say = (line: string): void => void process.stderr.write(`${line}\n`);

say(`seed ${seed}, runs ${first} to ${first + runs - 1}, ${keepers} keepers`);
const startedAt = performance.now();
const worlds: CrashWorld[] = [];
try {
  for (let job = 0; job < whole("jobs", values.jobs, 1); job += 1) {
    worlds.push(await CrashWorld.open({ seed, keepers, say }));
  }
  const onRun: Parameters<typeof runCrashes>[1]["onRun"] = ({ story, killedAt, blocks, idle, problems }) => {
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    const what = problems.length === 0 ? `contained after ${blocks} blocks, ${idle} without effect` : "FAILED";
    say(`${seconds} s  run ${story.index} [${story.weather}]  ${what}; killed at ${killedAt.join(", then ")}`);
    for (const problem of problems) say(`  ${problem}\n  again: ${describeStory(story)}`);
  };
  const tally = await runCrashes(worlds, { seed, first, runs, keepers, onRun, signal: end.signal });
  process.stdout.write(values.json ? `${JSON.stringify(tally)}\n` : `${renderTally(tally)}\n`);
  const isThin = tally.runs >= MANY_RUNS && tally.pointsHit < LEAST_POINTS;
  process.exitCode = tally.failures.length > 0 || isThin ? 1 : end.signal.aborted ? INTERRUPTED : 0;
} finally {
  await Promise.all(worlds.map((world) => world.close()));
}
process.exit();
