import { parseArgs } from "node:util";

import type { ModeChoice } from "../plan/Plan.ts";

export const HELP = `npm run simulate -- [--seeds N] [--seed N] [--mode turns|both|safety|liveness] [--jobs N] [--resume FILE] [--json]

Real keepers in a world that is made up: everything that goes wrong with it follows from a seed (docs/simulator.md). Ends with 1 when a
promise is broken, and when a sweep of 400 seeds or more never reached what it must reach; 2 for a wrong option; 130 when interrupted.

  --seeds N        how many; default 100
  --seed N         the first; default 1
  --mode MODE      safety: anything may fail, to the end. liveness: faults end, and then all must be well. turns: odd seeds are safety,
                   even ones liveness. both: each seed is both. Default: turns
  --false-pauses   only what must never lead to a pause, in longer runs of one keeper (P3)
  --jobs N         processes; default 1
  --resume FILE    keeps what is done there, and goes on from it: for sweeps of many hours. Refused once the code has changed
  --json           one JSON object; progress goes to stderr in any case
  --log            the whole event log of one seed
`;

/** What was asked for. */
export interface CommandOptions {
  readonly seeds: number;
  readonly first: number;
  readonly jobs: number;
  readonly mode: ModeChoice;
  readonly isPauseForbidden: boolean;
  readonly resume: string | null;
  readonly isJson: boolean;
  readonly isLog: boolean;
  readonly isHelp: boolean;
}

const MODES: readonly ModeChoice[] = ["turns", "both", "safety", "liveness"];

/** @throws Error that names the option that is wrong */
export function readOptions(args: readonly string[]): CommandOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: "100" },
      seed: { type: "string", default: "1" },
      mode: { type: "string", default: "turns" },
      "false-pauses": { type: "boolean", default: false },
      jobs: { type: "string", default: "1" },
      resume: { type: "string" },
      json: { type: "boolean", default: false },
      log: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const mode = MODES.find((name) => name === values.mode);
  if (mode === undefined) throw new Error(`--mode ${values.mode}: expected one of ${MODES.join(", ")}`);
  const isPauseForbidden = values["false-pauses"];
  return {
    seeds: whole("seeds", values.seeds, 1),
    first: whole("seed", values.seed, 0),
    jobs: whole("jobs", values.jobs, 1),
    // Where nothing may be paused there is nothing to be lively about.
    mode: isPauseForbidden ? "safety" : mode,
    isPauseForbidden,
    resume: values.resume ?? null,
    ...{ isJson: values.json, isLog: values.log, isHelp: values.help },
  };
}

function whole(name: string, text: string, least: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`--${name} ${text}: expected a whole number from ${least} on`);
}
