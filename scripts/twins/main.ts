import { join } from "node:path";
import { parseArgs } from "node:util";

import { PROJECT_ROOT } from "../local/projectRoot.ts";
import { replaceTable } from "../replaceTable.ts";
import { CONTRACT_TWINS } from "./contractTwins.ts";
import { KEEPER_TWINS } from "./keeperTwins.ts";
import type { Twin } from "./Twin.ts";
import { broken, firstFailure, TwinCopy, type Fate } from "./TwinCopy.ts";

const HELP = `npm run mutants -- [--only TEXT] [--keeper | --contracts] [--jobs N] [--json] [--write]

Breaks the keeper and the contracts by hand in one place after the other, in copies of the project, and runs the tests that are to
catch it. Ends with 1 when a broken one is not caught, with 2 when a test fails without one, with 130 when interrupted.

  --only TEXT   those whose name or file has the text
  --keeper      keepers only
  --contracts   contracts only: each is compiled anew
  --jobs N      copies at work at once; default 1
  --check       only whether each still fits the file that it breaks
  --json        one line for each
  --write       put what caught each into docs/mutants.md; all of them have to be run for that
`;

const DOCUMENT = join(PROJECT_ROOT, "docs", "mutants.md");
const INTERRUPTED = 130;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    keeper: { type: "boolean", default: false },
    contracts: { type: "boolean", default: false },
    jobs: { type: "string", default: "1" },
    check: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function choose(): Twin[] {
  const { only = "", keeper, contracts, write } = values;
  const all = [...(contracts ? [] : KEEPER_TWINS), ...(keeper ? [] : CONTRACT_TWINS)];
  const chosen = all.filter(({ name, file }) => name.includes(only) || file.includes(only));
  if (chosen.length === 0) throw new Error(`--only ${only}: there is none of that name`);
  if (write && chosen.length < KEEPER_TWINS.length + CONTRACT_TWINS.length) {
    throw new Error("--write: takes all of them, without --only, --keeper and --contracts");
  }
  return chosen;
}

function readJobs(): number {
  const jobs = Number(values.jobs);
  if (Number.isSafeInteger(jobs) && jobs >= 1) return jobs;
  throw new Error(`--jobs ${values.jobs}: expected a whole number from 1 on`);
}

/** Does something with each, one after the other in every copy. */
async function spread<Item>(
  copies: readonly TwinCopy[],
  items: readonly Item[],
  work: (copy: TwinCopy, item: Item) => Promise<void>,
): Promise<void> {
  const open = [...items];
  const drain = async (copy: TwinCopy): Promise<void> => {
    for (let item = open.shift(); item !== undefined; item = open.shift()) await work(copy, item);
  };
  await Promise.all(copies.map(drain));
}

function print({ twin, caughtBy, seconds }: Fate): void {
  const { name, file } = twin;
  const text = values.json
    ? JSON.stringify({ name, file, caughtBy, seconds })
    : `${caughtBy === null ? "LIVES " : "caught"} ${file}: ${name} (${seconds} s)\n       ${caughtBy ?? ""}`;
  process.stdout.write(`${text}\n`);
}

/** What caught each, in the order of the lists. */
function renderTable(fates: readonly Fate[]): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
  const rows = [...KEEPER_TWINS, ...CONTRACT_TWINS].flatMap(({ name, file }) => {
    const fate = fates.find(({ twin }) => twin.name === name);
    return fate === undefined ? [] : [`| \`${file}\` | ${cell(name)} | ${cell(fate.caughtBy ?? "**nothing**")} |`];
  });
  return ["| file | one that | is caught by |", "| --- | --- | --- |", ...rows].join("\n");
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [twins, jobs] = [choose(), readJobs()];
  for (const twin of twins) broken(twin);
  if (values.check) return 0;
  const end = new AbortController();
  process.once("SIGINT", () => end.abort());
  const copies = Array.from({ length: Math.min(jobs, twins.length) }, () => TwinCopy.make(end.signal));
  const fates: Fate[] = [];
  try {
    const tests = [...new Set(twins.flatMap((twin) => twin.tests))];
    say(`the sound one first: ${tests.length} files of tests`);
    await spread(copies, tests, async (copy, test) => {
      const fault = end.signal.aborted ? null : await copy.test(test);
      if (fault !== null && !end.signal.aborted)
        throw new Error(
          `${test} fails without any fault, ${firstFailure(fault)}:\n${fault.slice(fault.search(/^ {2}\d+ failing$/m))}`,
        );
    });
    await spread(copies, twins, async (copy, twin) => {
      const fate = end.signal.aborted ? null : await copy.judge(twin);
      if (fate === null || end.signal.aborted) return;
      fates.push(fate);
      print(fate);
    });
  } finally {
    for (const copy of copies) copy.remove();
  }
  const alive = fates.filter(({ caughtBy }) => caughtBy === null);
  say(`${fates.length} broken ones, ${fates.length - alive.length} caught, ${alive.length} live`);
  if (end.signal.aborted) return INTERRUPTED;
  if (values.write) await replaceTable(DOCUMENT, renderTable(fates));
  return alive.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error: unknown) {
  say(`mutants: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
