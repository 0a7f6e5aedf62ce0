import { loadavg } from "node:os";
import { parseArgs } from "node:util";

import { installPeers } from "./installPeers.ts";
import { measureLatency } from "./latency/measureLatency.ts";
import { PEER_SYSTEMS } from "./latency/peers.ts";
import { renderReport } from "./latency/renderReport.ts";

/**
 * From a block mined to a pause included, beside forta-agent and ponder noticing the same block:
 * `npm run bench:latency -- [--runs 30] [--full-runs 30] [--fee-runs 5] [--sends 300] [--seed n] [--no-peers]
 * [--json | --markdown]`. Books beside the peers have `--slots` words (100), the full ones `--full-slots` (10,000).
 *
 * JSON: `{seed, slots, rows: [{system, stage, runs, medianMs, p90Ms}], blocks, targets}`. What is measured, and what a stage
 * is, says docs/performance.md.
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "30" },
    "full-runs": { type: "string", default: "30" },
    "fee-runs": { type: "string", default: "5" },
    sends: { type: "string", default: "300" },
    slots: { type: "string", default: "100" },
    "full-slots": { type: "string", default: "10000" },
    seed: { type: "string" },
    "no-peers": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    // The default, by its name.
    markdown: { type: "boolean", default: false },
  },
});

type Count = "runs" | "full-runs" | "fee-runs" | "sends" | "slots" | "full-slots" | "seed";

function count(name: Count, least: number): number {
  const text = values[name] ?? String(Date.now() % 1_000_000);
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  process.stderr.write(`--${name} ${text}: give a whole number of at least ${least}\n`);
  process.exit(2);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const end = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => end.abort(new Error(`ended by ${name}`)));
const options = {
  ...{ runs: count("runs", 1), fullRuns: count("full-runs", 0), feeRuns: count("fee-runs", 0) },
  ...{ sends: count("sends", 0), slots: { beside: count("slots", 1), full: count("full-slots", 1) } },
  ...{ seed: count("seed", 0), peers: values["no-peers"] ? [] : PEER_SYSTEMS, say, signal: end.signal },
};
say(`seed ${options.seed}; load ${loadavg()[0]?.toFixed(1) ?? "?"}`);
try {
  if (!values["no-peers"]) await installPeers(say, end.signal);
  const report = await measureLatency(options);
  say(`load ${loadavg()[0]?.toFixed(1) ?? "?"}`);
  process.stdout.write(`${values.json ? JSON.stringify(report) : renderReport(report)}\n`);
} catch (error: unknown) {
  if (!end.signal.aborted) throw error;
  say(String(end.signal.reason));
  process.exitCode = 1;
}
process.exit();
