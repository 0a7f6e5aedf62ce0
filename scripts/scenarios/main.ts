import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

import type { ScenarioFacts } from "../../test/helpers/scenarioFacts.ts";
import { replaceTable } from "../replaceTable.ts";
import { idsIn, SCENARIOS } from "./catalogue.ts";
import { renderTable, rowsOf } from "./renderTable.ts";
import { runScenarios } from "./runScenarios.ts";

const HELP = `npm run scenarios -- [id or letter ...] [--write] [--json] [--jobs N]

Runs the tests that stage the desync scenarios, all or those named: A4, or B for all that begin with it. Ends with 1 when one of
them fails, or when a scenario has none.

  --write   put the table of what they came to into docs/scenarios.md; all of them have to be run for that
  --json    the results as one JSON value, in place of the table
  --jobs N  processes at a time; default: one more than there are cores
`;

const DOCUMENT = "docs/scenarios.md";

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      write: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      jobs: { type: "string", default: String(availableParallelism() + 1) },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const ids = choose(positionals);
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs ${values.jobs}: a whole number of at least 1`);
  if (values.write && positionals.length > 0) throw new Error("--write needs all scenarios: leave the ids out");
  const tests: ScenarioFacts[] = [];
  const broken: string[] = [];
  const startedAt = performance.now();
  await runScenarios(ids, jobs, {
    onTest: (facts) => {
      tests.push(facts);
      const mark = facts.state === "passed" ? "✔" : facts.state === "failed" ? "✘" : "-";
      process.stderr.write(`${mark} ${idsIn(facts.title).join(",").padEnd(8)} ${facts.title} (${facts.ms} ms)\n`);
    },
    onBroken: (files, output) => {
      broken.push(...files);
      process.stderr.write(`\nfailed in ${files.join(", ")}:\n${output}\n`);
    },
  });
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  const rows = rowsOf(ids, tests);
  const missing = rows.filter((row) => row.tests.every(({ state }) => state !== "passed")).map(({ id }) => id);
  const failed = tests.filter(({ state }) => state === "failed").map(({ title }) => title);
  const isGood = broken.length === 0 && missing.length === 0 && failed.length === 0;
  if (values.json) process.stdout.write(`${JSON.stringify({ seconds, tests: tests.length, failed, missing, rows })}\n`);
  else process.stdout.write(`${renderTable(rows)}\n\n`);
  process.stderr.write(`${ids.length} scenarios, ${tests.length} tests, ${failed.length} failed, ${seconds} s\n`);
  if (missing.length > 0) process.stderr.write(`without a test that passed: ${missing.join(", ")}\n`);
  if (values.write && isGood) {
    await replaceTable(DOCUMENT, `${tests.length} tests, ${seconds} s.\n\n${renderTable(rows)}`);
  }
  return isGood ? 0 : 1;
}

function choose(wanted: readonly string[]): string[] {
  const all = Object.keys(SCENARIOS);
  if (wanted.length === 0) return all;
  const chosen = all.filter((id) => wanted.includes(id) || wanted.includes(id.slice(0, 1)));
  const unknown = wanted.filter((name) => !all.some((id) => id === name || id.startsWith(name)));
  if (unknown.length > 0) throw new Error(`no such scenario: ${unknown.join(", ")}; there are ${all.join(", ")}`);
  return chosen;
}

try {
  process.exitCode = await main();
} catch (error: unknown) {
  process.stderr.write(`scenarios: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
