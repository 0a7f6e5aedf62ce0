import { parseArgs } from "node:util";

import { CASES } from "./sources/cases.ts";
import { CLIENTS } from "./sources/clients.ts";
import { runMatrix } from "./sources/Matrix.ts";
import { renderTable } from "./sources/renderTable.ts";
import { checkAnswers, checkTimes, toRows } from "./sources/rows.ts";
import { SourceWorld } from "./sources/SourceWorld.ts";

/**
 * What viem's fallback, ethers' FallbackProvider and Lockstep's verified reader make of three sources of which some lie,
 * lag, hang or break: `npm run bench:sources -- [--runs 15] [--json]`.
 *
 * The question is the value of one word of a contract at the newest block, of which there is a new one for each ask. Each
 * client has the same three HTTP endpoints, in the same order, opened beforehand as a daemon has them: proxies in this
 * process before Anvils of their own. After 5 seconds there is no answer.
 *
 * JSON: `{rows: [{case, client, answer, ms, …}], runs, broken: [string]}`. Exit code 1 when Lockstep does not do what it
 * owes: never wrong; right within 300 ms wherever it can be; with a hung source no slower than 1.5 times its baseline.
 */
const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, runs: { type: "string", default: "15" } },
});
const runs = Number(values.runs);
if (!Number.isSafeInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: expected a whole number above 0`);

const CAP_MS = 5_000;

const end = new AbortController();
process.once("SIGINT", () => end.abort());
const world = await SourceWorld.open(end.signal);
try {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const rows = toRows(await runMatrix(world, { runs, capMs: CAP_MS, cases: CASES, clients: CLIENTS, say }));
  const broken = [...checkAnswers(rows), ...checkTimes(rows)];
  if (values.json) process.stdout.write(`${JSON.stringify({ rows, runs, broken })}\n`);
  else {
    process.stdout.write(`${renderTable(rows)}\n\n`);
    for (const line of broken) process.stdout.write(`BROKEN: ${line}\n`);
    if (broken.length === 0) process.stdout.write("Lockstep: never wrong, right in time, not held up by who hangs\n");
  }
  process.exitCode = broken.length === 0 ? 0 : 1;
} finally {
  await world.close();
}
// What other libraries still wait for keeps nobody here.
process.exit();
