import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { deserialize, serialize } from "node:v8";

import { EQUIVALENT, UNTOLD } from "../test/keeper/books/mutants/equivalent.ts";
import type { Judged } from "../test/keeper/books/mutants/Judged.ts";
import { judgeMutants } from "../test/keeper/books/mutants/judgeMutants.ts";
import { listMutants } from "../test/keeper/books/mutants/listMutants.ts";
import type { Recording } from "../test/keeper/books/mutants/Recording.ts";
import { recordAll } from "../test/keeper/books/mutants/recordAll.ts";
import { tellLies } from "../test/keeper/books/mutants/tellLies.ts";
import { MutantTally } from "../test/keeper/books/mutants/MutantTally.ts";
import { PROJECT_ROOT } from "./local/projectRoot.ts";

/**
 * Every mutant of every reducer against recorded traffic: `node scripts/mutateReducers.ts [--only TEXT] [--recordings FILE]`.
 * With a file the recordings are kept there, and taken from there the next time; `--out FILE` writes every verdict as JSON.
 * Progress goes to stderr; what is wrong is printed as soon as it is known; SIGINT ends with what is known by then.
 *
 * Ends with 1 when a mutant lives that is not listed as equivalent, one dies that is, or one is listed that is not there; with
 * 130 when it was interrupted.
 */
const { values } = parseArgs({
  options: { only: { type: "string" }, recordings: { type: "string" }, out: { type: "string" } },
});
const books = join(PROJECT_ROOT, "keeper", "books");
const PROGRESS_MS = 10_000;

const file = values.recordings;
const isKept = file !== undefined && existsSync(file);
const recordings = isKept ? (deserialize(readFileSync(file)) as Recording[]) : tellLies(await recordAll());
if (file !== undefined && !isKept) writeFileSync(file, serialize(recordings));
for (const { name, blocks, lies } of recordings) {
  console.log(`recorded: ${name}, ${blocks.length} blocks, ${lies.length} lies`);
}

const all = listMutants(join(books, "reducers"));
const mutants = all.filter(({ name }) => name.includes(values.only ?? ""));
const lineOf = new Map(mutants.map(({ name, line }) => [name, line]));
const [sound] = await judgeMutants({ recordings, books, mutants: [null] });
if (sound?.killer != null) throw new Error(`the reducers themselves: ${sound.killer.detail}`);

const interruption = new AbortController();
const interrupt = (): void => {
  process.stderr.write("interrupted: ends after the mutant that is being judged\n");
  interruption.abort();
};
process.once("SIGINT", interrupt);

const listed = new Map([...EQUIVALENT, ...UNTOLD]);
const tally = new MutantTally(listed);
const startedAt = performance.now();
let toldAt = startedAt;

function tellProgress(): void {
  const seconds = (performance.now() - startedAt) / 1_000;
  const rate = tally.count / seconds;
  const left = Math.round((mutants.length - tally.count) / rate);
  process.stderr.write(
    `${tally.count}/${mutants.length} mutants, ${tally.wrong.length} wrong, ${rate.toFixed(1)}/s, ${left} s left\n`,
  );
}

const judged: Judged[] = await judgeMutants({
  ...{ recordings, books, mutants, signal: interruption.signal },
  onJudged: (one) => {
    const wrong = tally.add(one);
    if (wrong !== null) console.log(`${one.name} (line ${lineOf.get(one.name) ?? 0}) ${wrong}`);
    if (performance.now() - toldAt < PROGRESS_MS) return;
    toldAt = performance.now();
    tellProgress();
  },
});
process.off("SIGINT", interrupt);

const stale = [...listed.keys()].filter((name) => !all.some((mutant) => mutant.name === name));
for (const name of stale) console.log(`${name} is listed as equivalent, and there is no such mutant`);
const { user, system } = process.cpuUsage();
const seconds = Math.round((performance.now() - startedAt) / 1_000);
console.log(tally.table());
console.log(`of the listed ones ${UNTOLD.size} are not equivalent: the recorded traffic lacks what would tell them`);
console.log(
  `${judged.length} of ${mutants.length} mutants in ${seconds} s (processor ${Math.round((user + system) / 1e6)} s with the recording)`,
);
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(judged, null, 1)}\n`);
process.exitCode = interruption.signal.aborted ? 130 : tally.wrong.length + stale.length > 0 ? 1 : 0;
