import { join } from "node:path";
import { parseArgs } from "node:util";

import { createHardhatRuntimeEnvironment } from "hardhat/hre";

import config from "../../hardhat.config.ts";
import { PROJECT_ROOT } from "../local/projectRoot.ts";
import { startNode } from "../local/startNode.ts";
import { Court } from "./Court.ts";
import { deployOnAnvil } from "./deployOnAnvil.ts";
import { describeProgress, describeTally } from "./describeTally.ts";
import { runHistories, SAFE_TERMS, type Tally } from "./runHistories.ts";

/**
 * An honest keeper is never slashed: random histories with reorganisations, and an adversary who tries to convict everybody
 * by the real `convict` of a whole deployment: `node scripts/histories/main.ts [--count 100000] [--seed N] [--first I]
 * [--minutes M]`. The same seed makes the same histories; `--first I --count 1` makes one of them again.
 *
 * Ends with 1 when an honest keeper was slashed or a lie was not convicted, 130 when it was interrupted.
 */
const { values } = parseArgs({
  options: {
    count: { type: "string", default: "100000" },
    seed: { type: "string", default: `${Date.now() % 2 ** 32}` },
    first: { type: "string", default: "0" },
    minutes: { type: "string", default: "1000" },
  },
});
const options = { seed: Number(values.seed), first: Number(values.first), count: Number(values.count) };
const PROGRESS_MS = 10_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const end = new AbortController();
const interruption = new AbortController();
process.once("SIGINT", () => {
  interruption.abort();
});

const hre = await createHardhatRuntimeEnvironment(
  config,
  { config: join(PROJECT_ROOT, "hardhat.config.ts") },
  PROJECT_ROOT,
);
const node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: end.signal });
try {
  const court = await Court.open(await deployOnAnvil(hre.network, node, end.signal));
  say(`seed ${options.seed}, histories ${options.first} to ${options.first + options.count - 1}`);
  const startedAt = performance.now();
  let saidAt = startedAt;
  const onProgress = (tally: Tally): void => {
    const now = performance.now();
    if (now < saidAt + PROGRESS_MS) return;
    saidAt = now;
    say(describeProgress(tally, (now - startedAt) / 1_000));
  };
  const time = AbortSignal.timeout(Number(values.minutes) * 60_000);
  const signal = AbortSignal.any([time, interruption.signal]);
  const tally = await runHistories(court, { ...options, terms: SAFE_TERMS, onProgress, signal });
  say(describeTally(tally, (error) => court.nameOf(error)));
  for (const { index, attack, statement, problem, calldata } of tally.failures) {
    say(
      `FAILED --seed ${options.seed} --first ${index} --count 1: ${problem} (${attack}; ${statement})\n0x${calldata}`,
    );
  }
  say(`seed ${options.seed}: ${describeProgress(tally, (performance.now() - startedAt) / 1_000)}`);
  process.exitCode = tally.failures.length > 0 ? 1 : interruption.signal.aborted ? 130 : 0;
} finally {
  await node.stop();
}
process.exit();
