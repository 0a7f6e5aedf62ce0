import { parseArgs } from "node:util";

import type { CommandContext } from "../keeper/commands/CommandContext.ts";
import { uneventedWrite } from "../scripts/drills/uneventedWrite.ts";

/**
 * From block mined to pause included, stage by stage: `npm run bench:latency -- [--runs 20] [--chain anvil] [--json]`.
 *
 * Each run is a whole drill on a fresh chain with market traffic: an ordinary transaction writes a balance without an
 * event. JSON: `{rows: [{system, stage, runs, medianMs, p90Ms}], blocks: {detect, pause}}`.
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20" },
    chain: { type: "string", default: "hardhat" },
    json: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
const chain = values.chain === "anvil" ? "anvil" : "hardhat";

const STAGES = ["node", "detect", "decide", "broadcast", "include"] as const;
const samples = new Map<string, number[]>([...STAGES, "own", "total"].map((stage) => [stage, []]));
const blocks = { detect: [] as number[], pause: [] as number[] };

const context: CommandContext = {
  env: {},
  stdout: process.stderr,
  stderr: process.stderr,
  isColoured: false,
  wallNow: Date.now,
  signal: new AbortController().signal,
  ended: new Promise(() => undefined),
};

for (let run = 1; run <= runs; run += 1) {
  const result = await uneventedWrite({ chain, seed: run, say: () => undefined }, context);
  if (!result.contained) throw new Error(`run ${run} was not contained: ${JSON.stringify(result)}`);
  const { ms } = result;
  for (const stage of STAGES) samples.get(stage)?.push(ms[stage] ?? Number.NaN);
  // Its own share up to the broadcast: what no node can be blamed for.
  samples.get("own")?.push((ms.detect ?? 0) + (ms.decide ?? 0));
  samples.get("total")?.push(STAGES.reduce((sum, stage) => sum + (ms[stage] ?? 0), 0));
  blocks.detect.push(result.blocks.detect ?? Number.NaN);
  blocks.pause.push(result.blocks.pause ?? Number.NaN);
  process.stderr.write(`run ${run}/${runs}: ${JSON.stringify(ms)}\n`);
}

/** Nearest-rank quantile. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

const rows = [...samples].map(([stage, numbers]) => ({
  system: `lockstep on ${chain}`,
  stage,
  runs,
  medianMs: quantile(numbers, 0.5),
  p90Ms: quantile(numbers, 0.9),
}));
const summary = {
  detect: quantile(blocks.detect, 0.5),
  pause: quantile(blocks.pause, 0.5),
  worst: Math.max(...blocks.pause),
};

if (values.json) process.stdout.write(`${JSON.stringify({ rows, blocks: summary })}\n`);
else {
  process.stdout.write("stage      median ms    p90 ms\n");
  for (const { stage, medianMs, p90Ms } of rows) {
    process.stdout.write(`${stage.padEnd(10)} ${medianMs.toFixed(2).padStart(9)} ${p90Ms.toFixed(2).padStart(9)}\n`);
  }
  process.stdout.write(
    `blocks: detected after ${summary.detect}, paused after ${summary.pause} (worst ${summary.worst})\n`,
  );
}
process.exit(0);
