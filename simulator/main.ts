import { HELP, readOptions, type CommandOptions } from "./command/options.ts";
import { Progress } from "./command/Progress.ts";
import { SweepFile } from "./command/SweepFile.ts";
import { runChunk, runInWorkers, serveChunks, type Chunk, type ChunkResult } from "./command/Workers.ts";
import { drawPlan } from "./plan/drawPlan.ts";
import { missingIn } from "./run/Coverage.ts";
import { EventLog } from "./run/Journal.ts";
import { shrink } from "./run/shrink.ts";
import { simulate } from "./run/simulate.ts";
import { modesFor, Tally, type Failure, type SweepResult } from "./run/sweep.ts";
import { tellStory } from "./run/tellStory.ts";

/** The command of the simulator; see {@link HELP}. */

/** From so many seeds on, a sweep has to reach what it must reach. */
const GATED_SEEDS = 400;
const CHUNK_SEEDS = 10;
const USAGE = 2;
const INTERRUPTED = 130;
const ROOT = new URL("..", import.meta.url);

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function chunksOf({ first, seeds, mode, isPauseForbidden }: CommandOptions): Chunk[] {
  return Array.from({ length: Math.ceil(seeds / CHUNK_SEEDS) }, (_, index) => {
    const from = index * CHUNK_SEEDS;
    return { first: first + from, seeds: Math.min(CHUNK_SEEDS, seeds - from), mode, isPauseForbidden };
  });
}

function printLog({ first, mode, isPauseForbidden }: CommandOptions): void {
  const log = new EventLog();
  for (const one of modesFor(mode, first)) simulate(drawPlan({ seed: first, mode: one, isPauseForbidden }), log);
  process.stdout.write(`${log.lines.join("\n")}\n`);
}

function tellFailure({ seed, mode, promise, detail }: Failure, isPauseForbidden: boolean): string {
  const plan = drawPlan({ seed, mode, isPauseForbidden });
  const smallest = shrink(plan, promise, (candidate) => simulate(candidate).violations);
  const again = `npm run simulate -- --seeds 1 --seed ${seed} --mode ${mode}${isPauseForbidden ? " --false-pauses" : ""}`;
  const size = `${plan.faults.length} faults in ${plan.blocks} slots, shrunk to ${smallest.faults.length} in ${smallest.blocks}`;
  return `\n${promise} in seed ${seed}, ${mode}: ${detail}\n${size}; again: ${again}\n\n${tellStory(smallest)}\n`;
}

/** @param seconds of the clock, of this go alone */
function report(
  result: SweepResult,
  { isJson, isPauseForbidden, jobs }: CommandOptions,
  times: { readonly seconds: number; readonly cpuSeconds: number },
): void {
  const { seeds, runs, blocks, judged, falsePauses, missed, violations, coverage, detectionMs, pauseBlocks } = result;
  const [seconds, cpuSeconds] = [Math.round(times.seconds), Math.round(times.cpuSeconds)];
  // One core's: of a machine that does something else as well, the time of the clock says little.
  const blocksPerCpuSecond = Math.round(blocks / times.cpuSeconds);
  const missing = seeds < GATED_SEEDS || isPauseForbidden ? [] : missingIn(coverage);
  const lines = [
    `${seeds} seeds, ${runs} runs, ${blocks} blocks, ${judged} judged, ${blocksPerCpuSecond} blocks a second of one core`,
    `${violations.length} violations, ${falsePauses} false pauses, ${missed} missed`,
    `detection ms ${JSON.stringify(detectionMs)}, blocks to the pause ${JSON.stringify(pauseBlocks)}`,
    ...missing.map((name) => `never reached: ${name}`),
    ...violations.slice(0, 1).map((failure) => tellFailure(failure, isPauseForbidden)),
  ];
  const object = { ...result, missing, jobs, seconds, cpuSeconds, blocksPerSecond: blocksPerCpuSecond };
  process.stdout.write(isJson ? `${JSON.stringify(object, null, 2)}\n` : `${lines.join("\n")}\n`);
  process.exitCode = violations.length > 0 || missing.length > 0 ? 1 : 0;
}

async function run(options: CommandOptions): Promise<void> {
  const file = options.resume === null ? null : SweepFile.open(options.resume, ROOT.pathname, options);
  const chunks = file?.left(chunksOf(options)) ?? chunksOf(options);
  const [all, now] = [new Tally(), new Tally()];
  let cpuSeconds = 0;
  const take = ({ part, cpuSeconds: more }: ChunkResult): void => {
    all.add(part);
    cpuSeconds += more;
  };
  for (const result of file?.done ?? []) take(result);
  const left = chunks.reduce((sum, { seeds }) => sum + seeds, 0);
  if (file !== null) say(`${all.result().seeds} seeds done before, ${left} left`);
  const progress = new Progress(left, say);
  const onDone = (result: ChunkResult): void => {
    take(result);
    now.add(result.part);
    file?.add(result);
    progress.see(now);
  };
  const end = new AbortController();
  process.once("SIGINT", () => end.abort());
  if (options.jobs > 1) {
    await runInWorkers(chunks, { jobs: options.jobs, script: new URL(import.meta.url), signal: end.signal }, onDone);
  } else {
    for (const chunk of chunks) {
      onDone(runChunk(chunk));
      // Nothing else has its turn while a chunk runs: a signal has it here.
      await new Promise((resolve) => setImmediate(resolve));
      if (end.signal.aborted) break;
    }
  }
  report(all.result(), options, { seconds: progress.seconds, cpuSeconds });
  if (end.signal.aborted) process.exitCode = INTERRUPTED;
}

if (process.argv[2] === "--worker") serveChunks();
else {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.isHelp) process.stdout.write(HELP);
    else if (options.isLog) printLog(options);
    else await run(options);
  } catch (error: unknown) {
    say(`simulate: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = USAGE;
  }
}
