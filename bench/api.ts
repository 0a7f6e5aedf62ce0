import { loadavg } from "node:os";
import { parseArgs } from "node:util";

import { measureApi } from "./api/measureApi.ts";
import { renderReport } from "./api/renderReport.ts";
import { KeeperError } from "../keeper/errors/KeeperError.ts";

const HELP = `What the keeper's API takes while the keeper follows blocks, and what it costs the verdict.

npm run bench:api -- [options]

  --rounds <n>      of the three phases: nobody asks, requests, requests and event streams (4)
  --seconds <n>     that count of each phase (10)
  --rate <n>        requests a second (1000)
  --streams <n>     event streams (200)
  --accounts <n>    accounts on the chain (10000)
  --block-ms <n>    from one block to the next (1000)
  --stalled <n>     clients that do not read (100)
  --seed <n>        of what is asked (1)
  --profile <dir>   writes a processor profile of the keeper there
  --json            one object: {rate, accounts, slots, rounds, requests, statuses, sentLateP99Ms, verdicts, stalls,
                    targets}; the fields of each: bench/api/ApiReport.ts
  --help

The keeper has one core for itself; the chain and whoever asks share the others. Linux with two cores, \`taskset\` and
Anvil. Exit code 2 for a wrong option; a missed target is said and fails nothing.
`;
const OPTIONS = {
  rounds: { type: "string", default: "4" },
  seconds: { type: "string", default: "10" },
  rate: { type: "string", default: "1000" },
  streams: { type: "string", default: "200" },
  accounts: { type: "string", default: "10000" },
  "block-ms": { type: "string", default: "1000" },
  stalled: { type: "string", default: "100" },
  seed: { type: "string", default: "1" },
  profile: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function readOptions(): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"] {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error: unknown) {
    return refuse(`${error instanceof Error ? error.message : String(error)}; --help lists the options`);
  }
}

const values = readOptions();

function count(name: "rounds" | "seconds" | "rate" | "streams" | "accounts" | "block-ms" | "stalled" | "seed"): number {
  const text = values[name];
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  return refuse(`--${name} ${text}: give a whole number of at least 1`);
}

if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
const end = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => end.abort(new Error(`ended by ${name}`)));
const options = {
  ...{ rounds: count("rounds"), seconds: count("seconds"), rate: count("rate"), streams: count("streams") },
  ...{ accounts: count("accounts"), blockMs: count("block-ms"), stalled: count("stalled"), seed: count("seed") },
  ...{ profileFolder: values.profile ?? null, say, signal: end.signal },
};
say(`load ${loadavg()[0]?.toFixed(1) ?? "?"}`);
try {
  const report = await measureApi(options);
  say(`load ${loadavg()[0]?.toFixed(1) ?? "?"}`);
  process.stdout.write(`${values.json ? JSON.stringify(report) : renderReport(report)}\n`);
} catch (error: unknown) {
  if (!end.signal.aborted && !(error instanceof KeeperError)) throw error;
  say(end.signal.aborted ? String(end.signal.reason) : (error as KeeperError).message);
  process.exitCode = 1;
}
process.exit();
