import { fork } from "node:child_process";
import { parseArgs } from "node:util";

import { missingIn } from "./run/Coverage.ts";
import { EventLog } from "./run/Journal.ts";
import { shrink } from "./run/shrink.ts";
import { simulate } from "./run/simulate.ts";
import { sweep, Tally, type Failure, type SweepResult, type TallyPart } from "./run/sweep.ts";
import { tellStory } from "./run/tellStory.ts";
import { drawPlan } from "./plan/drawPlan.ts";
import type { Mode } from "./plan/Plan.ts";

/*
 * `npm run simulate -- --seeds 2000 [--seed 1] [--mode safety|liveness|both] [--json] [--jobs 2] [--false-pauses] [--log]`
 *
 * Ends with 1 when a promise was broken, and when a sweep of {@link GATED_SEEDS} seeds or more did not reach what it must reach.
 */

const GATED_SEEDS = 400;
const USAGE = 2;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    mode: { type: "string", default: "both" },
    json: { type: "boolean", default: false },
    jobs: { type: "string", default: "1" },
    /** Only what must never lead to a pause, in longer runs: the figure of P3. */
    "false-pauses": { type: "boolean", default: false },
    /** The whole event log of one seed. */
    log: { type: "boolean", default: false },
    /** What this process is for another one. */
    part: { type: "boolean", default: false },
  },
});

function count(name: "seeds" | "seed" | "jobs"): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  process.stderr.write(`--${name} ${values[name]}: expected a whole number\n`);
  process.exit(USAGE);
}

function modesOf(name: string): readonly Mode[] {
  if (name === "both") return ["safety", "liveness"];
  if (name === "safety" || name === "liveness") return [name];
  process.stderr.write(`--mode ${name}: expected safety, liveness or both\n`);
  process.exit(USAGE);
}

const [seeds, first, jobs] = [count("seeds"), count("seed"), Math.max(1, count("jobs"))];
const isPauseForbidden = values["false-pauses"];
const modes = modesOf(isPauseForbidden ? "safety" : values.mode);

/** Other processes run parts of the seeds. */
async function sweepInParts(): Promise<Tally> {
  const tally = new Tally();
  const size = Math.ceil(seeds / jobs);
  const parts = Array.from({ length: jobs }, (_, index) => {
    const from = index * size;
    const args = [
      "--part",
      "--seed",
      String(first + from),
      "--seeds",
      String(Math.max(0, Math.min(size, seeds - from))),
    ];
    return [...args, "--mode", values.mode, ...(isPauseForbidden ? ["--false-pauses"] : [])];
  });
  await Promise.all(
    parts.map(async (args) => {
      const child = fork(new URL(import.meta.url), args);
      const { promise, resolve, reject } = Promise.withResolvers<TallyPart>();
      child.on("message", (part) => {
        resolve(part as TallyPart);
      });
      child.on("exit", (code) => {
        reject(new Error(`a part of the sweep ended with ${String(code)}`));
      });
      tally.add(await promise);
    }),
  );
  return tally;
}

function tellFailure({ seed, mode, promise, detail }: Failure): string {
  const plan = drawPlan({ seed, mode, isPauseForbidden });
  const smallest = shrink(plan, promise, (candidate) => simulate(candidate).violations);
  const again = `npm run simulate -- --seeds 1 --seed ${seed} --mode ${mode}${isPauseForbidden ? " --false-pauses" : ""}`;
  const size = `${plan.faults.length} faults in ${plan.blocks} slots, shrunk to ${smallest.faults.length} in ${smallest.blocks}`;
  return `\n${promise} in seed ${seed}, ${mode}: ${detail}\n${size}; again: ${again}\n\n${tellStory(smallest)}\n`;
}

function report(result: SweepResult, seconds: number): void {
  const blocksPerSecond = Math.round(result.blocks / seconds);
  const { user, system } = process.cpuUsage();
  // Of a machine that does something else as well, the time says little.
  const blocksPerCpuSecond = jobs === 1 ? Math.round(result.blocks / ((user + system) / 1e6)) : null;
  const missing = seeds < GATED_SEEDS || isPauseForbidden ? [] : missingIn(result.coverage);
  if (values.json)
    process.stdout.write(
      `${JSON.stringify({ ...result, missing, jobs, seconds, blocksPerSecond, blocksPerCpuSecond }, null, 2)}\n`,
    );
  else {
    const { runs, blocks, judged, falsePauses, missed, violations, detectionMs, pauseBlocks } = result;
    process.stdout.write(
      `${seeds} seeds, ${runs} runs, ${blocks} blocks, ${judged} judged, ${blocksPerSecond} blocks per second\n`,
    );
    process.stdout.write(`${violations.length} violations, ${falsePauses} false pauses, ${missed} missed\n`);
    process.stdout.write(
      `detection ms ${JSON.stringify(detectionMs)}, blocks to the pause ${JSON.stringify(pauseBlocks)}\n`,
    );
    for (const name of missing) process.stdout.write(`never reached: ${name}\n`);
    const [failure] = violations;
    if (failure !== undefined) process.stdout.write(tellFailure(failure));
  }
  process.exitCode = result.violations.length > 0 || missing.length > 0 ? 1 : 0;
}

if (values.log) {
  const log = new EventLog();
  for (const mode of modes) simulate(drawPlan({ seed: first, mode, isPauseForbidden }), log);
  process.stdout.write(`${log.lines.join("\n")}\n`);
} else if (values.part) {
  process.send?.(sweep({ first, seeds, modes, isPauseForbidden }).toPart());
} else {
  const startedAt = performance.now();
  const tally = jobs === 1 ? sweep({ first, seeds, modes, isPauseForbidden }) : await sweepInParts();
  report(tally.result(), (performance.now() - startedAt) / 1_000);
}
