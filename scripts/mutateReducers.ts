import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { deserialize, serialize } from "node:v8";

import { EQUIVALENT } from "../test/keeper/books/mutants/equivalent.ts";
import { judgeMutants } from "../test/keeper/books/mutants/judgeMutants.ts";
import { listMutants } from "../test/keeper/books/mutants/listMutants.ts";
import type { Judged, Recording } from "../test/keeper/books/mutants/mutantWorker.ts";
import {
  recordEveryEvent,
  recordManyPositions,
  recordRandom,
  recordStrays,
} from "../test/keeper/books/mutants/recordTours.ts";
import { PROJECT_ROOT } from "./local/projectRoot.ts";

/**
 * Every mutant of every reducer against recorded traffic: `node scripts/mutateReducers.ts [--only TEXT] [--recordings FILE]`.
 * With a file the recordings are kept there, and taken from there the next time.
 *
 * Ends with 1 when a mutant lives that is not listed as equivalent, or one dies that is.
 */
const { values } = parseArgs({ options: { only: { type: "string" }, recordings: { type: "string" } } });
const books = join(PROJECT_ROOT, "keeper", "books");

async function record(): Promise<Recording[]> {
  return [await recordEveryEvent(), await recordRandom(), await recordManyPositions(), ...(await recordStrays())];
}

const file = values.recordings;
const isKept = file !== undefined && existsSync(file);
const recordings = isKept ? (deserialize(readFileSync(file)) as Recording[]) : await record();
if (file !== undefined && !isKept) writeFileSync(file, serialize(recordings));
for (const { name, blocks } of recordings) console.log(`recorded: ${name}, ${blocks.length} blocks`);

const mutants = listMutants(join(books, "reducers")).filter(({ name }) => name.includes(values.only ?? ""));
const lineOf = new Map(mutants.map(({ name, line }) => [name, line]));
const [sound] = await judgeMutants({ recordings, books, mutants: [null] });
if (sound?.killer != null) throw new Error(`the reducers themselves: ${sound.killer}`);

const survivors: Judged[] = [];
const counts = new Map<string, { all: number; killed: number; equivalent: number }>();
const startedAt = performance.now();
await judgeMutants({
  ...{ recordings, books, mutants },
  onJudged: (judged) => {
    const [reducer = ""] = judged.name.split(" ");
    const count = counts.get(reducer) ?? { all: 0, killed: 0, equivalent: 0 };
    counts.set(reducer, count);
    count.all += 1;
    const isListed = EQUIVALENT.has(judged.name);
    if (judged.killer !== null) count.killed += 1;
    else if (isListed) count.equivalent += 1;
    if (isListed !== (judged.killer === null)) survivors.push(judged);
  },
});
console.log(`${mutants.length} mutants in ${Math.round((performance.now() - startedAt) / 1_000)} s`);
for (const [reducer, { all, killed, equivalent }] of counts) {
  console.log(`${reducer}: ${all} mutants, ${killed} killed, ${equivalent} equivalent`);
}
for (const { name, killer } of survivors) {
  const what = killer === null ? "lives" : `is listed as equivalent and died: ${killer}`;
  console.log(`${name} (line ${lineOf.get(name) ?? 0}) ${what}`);
}
process.exitCode = survivors.length > 0 ? 1 : 0;
