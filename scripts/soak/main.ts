import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";

import { renderSoak } from "./renderSoak.ts";
import { runSoak } from "./runSoak.ts";

/**
 * A day of trouble in compressed time: `npm run soak -- [--hours 24] [--block-seconds 12] [--seed n] [--json]`.
 *
 * As many blocks as the chain makes in that time are mined as fast as the keeper judges them, on an Anvil with the
 * protocol and light traffic, while three sources die, hang, lie, lag, limit rates and break off, and blocks are
 * replaced. The blocks' times are the chain's; timeouts and back-offs are real time.
 *
 * Ends with 1 when a check fails: a block that was not judged, a root that is not the chain's, an incident, a pause, a
 * signature of a block that is not the chain's, memory, descriptors, sockets or timers that grow; with 130 when it was
 * interrupted. The same seed gives the
 * same trouble; when answers arrive is up to the machine.
 */
const { values } = parseArgs({
  options: {
    hours: { type: "string", default: "24" },
    "block-seconds": { type: "string", default: "12" },
    seed: { type: "string", default: `${randomInt(2 ** 31)}` },
    json: { type: "boolean", default: false },
  },
});

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new Error(`--${name} ${text}: expected a number above 0`);
  return value;
}

const SECONDS_PER_HOUR = 3_600;
const SAMPLES = 48;
const MIN_SAMPLE_BLOCKS = 25;
const INTERRUPTED = 130;

const blockSeconds = Math.ceil(positive("block-seconds", values["block-seconds"]));
const blocks = Math.max(1, Math.round((positive("hours", values.hours) * SECONDS_PER_HOUR) / blockSeconds));
const seed = Math.trunc(positive("seed", values.seed));

const end = new AbortController();
process.once("SIGINT", () => end.abort());
const say = (line: string): void => void process.stderr.write(`${line}\n`);
say(`seed ${seed}, ${blocks} blocks`);
const sampleBlocks = Math.max(MIN_SAMPLE_BLOCKS, Math.round(blocks / SAMPLES));
try {
  const result = await runSoak({ blocks, blockSeconds, seed, sampleBlocks, signal: end.signal, say });
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${renderSoak(result)}\n`);
  process.exitCode = result.checks.every(({ isMet }) => isMet) ? 0 : 1;
} catch (error: unknown) {
  if (!end.signal.aborted) throw error;
  process.exitCode = INTERRUPTED;
}
