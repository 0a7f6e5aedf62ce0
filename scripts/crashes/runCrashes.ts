import type { CrashWorld } from "./CrashWorld.ts";
import { describeStory, drawStory } from "./drawStory.ts";
import { POINTS } from "./points.ts";
import { runStory, type Outcome } from "./runStory.ts";

/** What to run. */
export interface CrashOptions {
  readonly seed: number;
  /** Number of the first run. */
  readonly first: number;
  readonly runs: number;
  readonly keepers: 1 | 2;
  readonly onRun: (outcome: Outcome) => void;
  readonly signal: AbortSignal;
}

/** What came of all runs. */
export interface Tally {
  readonly seed: number;
  readonly runs: number;
  readonly kills: number;
  /** Kills by point, in the order in which a keeper comes by; the points where nobody was killed too. */
  readonly points: Readonly<Record<string, number>>;
  /** Points before the proof at which a keeper was killed at least once. */
  readonly pointsHit: number;
  readonly effective: number;
  /** Transactions of pause keys that were mined and had no effect. */
  readonly idle: number;
  readonly weathers: Readonly<Record<string, number>>;
  /** Keepers of a run that left a bundle of the incident, and all keepers of all runs. */
  readonly bundles: number;
  readonly seats: number;
  readonly failures: readonly { readonly story: string; readonly problems: readonly string[] }[];
}

/** Runs so many stories, one at a time in each world; one that fails does not keep the others from running. */
export async function runCrashes(worlds: readonly CrashWorld[], options: CrashOptions): Promise<Tally> {
  const { seed, first, runs, keepers, onRun, signal } = options;
  const points = new Map(POINTS.map(({ name }) => [name, 0]));
  const weathers = new Map<string, number>();
  const failures: { story: string; problems: readonly string[] }[] = [];
  const sums = { runs: 0, kills: 0, effective: 0, idle: 0, bundles: 0, seats: 0 };
  const run = async (world: CrashWorld, index: number): Promise<void> => {
    const story = drawStory(seed, index, keepers);
    sums.runs += 1;
    sums.seats += keepers;
    weathers.set(story.weather, (weathers.get(story.weather) ?? 0) + 1);
    try {
      const outcome = await runStory(world, story);
      for (const name of outcome.killedAt) points.set(name, (points.get(name) ?? 0) + 1);
      sums.kills += outcome.killedAt.length;
      sums.effective += outcome.pauses.length;
      sums.idle += outcome.idle;
      sums.bundles += outcome.bundles;
      if (outcome.problems.length > 0) failures.push({ story: describeStory(story), problems: outcome.problems });
      onRun(outcome);
    } catch (error: unknown) {
      failures.push({ story: describeStory(story), problems: [String(error)] });
    }
  };
  let next = first;
  const work = async (world: CrashWorld): Promise<void> => {
    while (next < first + runs && !signal.aborted) await run(world, next++);
  };
  await Promise.all(worlds.map((world) => work(world)));
  const isStrict = (name: string): boolean =>
    POINTS.some((point) => point.name === name && point.isAfterProof !== true);
  return {
    seed,
    ...sums,
    points: Object.fromEntries(points),
    pointsHit: [...points].filter(([name, count]) => count > 0 && isStrict(name)).length,
    weathers: Object.fromEntries(weathers),
    failures,
  };
}
