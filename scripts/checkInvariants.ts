import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `node scripts/checkInvariants.ts`: each `### INV-n` of docs/invariants.md stands in exactly one test name and in one
 * comment of contracts/, and nothing else claims a number; each P-n that says it is tested stands in one test name of the
 * file it names. Exit code 1 otherwise.
 */
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Places where an id stands, as `path:line`. */
type Places = Map<string, string[]>;

function filesUnder(folder: string, suffix: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((path) => `${folder}/${path}`)
    .filter((path) => path.endsWith(suffix))
    .sort();
}

/** Where the ids that `pattern` finds stand, on the lines that `isPlace` accepts. */
function findPlaces(paths: readonly string[], isPlace: RegExp, pattern: RegExp): Places {
  const places: Places = new Map();
  for (const path of paths) {
    readFileSync(join(ROOT, path), "utf8")
      .split("\n")
      .forEach((line, index) => {
        if (!isPlace.test(line)) return;
        for (const [id] of line.matchAll(pattern)) places.set(id, [...(places.get(id) ?? []), `${path}:${index + 1}`]);
      });
  }
  return places;
}

function checkOnce(ids: readonly string[], places: Places, what: string): string[] {
  const problems = ids
    .filter((id) => places.get(id)?.length !== 1)
    .map((id) => `${id}: ${what} expected once, found ${places.get(id)?.join(", ") ?? "nowhere"}`);
  const unknown = [...places.keys()].filter((id) => !ids.includes(id));
  return [
    ...problems,
    ...unknown.map((id) => `${id}: not in docs/invariants.md, but in ${(places.get(id) ?? []).join(", ")}`),
  ];
}

const text = readFileSync(join(ROOT, "docs/invariants.md"), "utf8");
const invariants = [...text.matchAll(/^### (INV-\d+) /gm)].map(([, id = ""]) => id);
const promises = [...text.matchAll(/^\| (P\d+) +\|.*\| (?:`([^`]+)`|pending) +\|$/gm)].map(([, id = "", path]) => ({
  id,
  path,
}));
const tested = promises.flatMap(({ id, path }) => (path === undefined ? [] : [{ id, path }]));
const tests = filesUnder("test", ".test.ts");
/** A name begins with its id, on the line of `it(` or `describe(`, or alone on the line after it. */
const testName = /^\s*(?:(?:it|describe)\()?["'`](?:INV-\d+|P[1-9]):/;
const comment = /^\s*(?:\/\/\/|\*) .*Invariant INV-\d+/;
const promisesInTests = findPlaces(tests, testName, /\bP[1-9](?=:)/g);

const problems = [
  ...invariants.filter((id, index) => invariants.indexOf(id) !== index).map((id) => `${id}: defined twice`),
  ...checkOnce(invariants, findPlaces(tests, testName, /\bINV-\d+/g), "test name"),
  ...checkOnce(invariants, findPlaces(filesUnder("contracts", ".sol"), comment, /\bINV-\d+/g), "NatSpec line"),
  ...checkOnce(
    tested.map(({ id }) => id),
    promisesInTests,
    "test name",
  ),
  ...tested
    .filter(({ id, path }) => promisesInTests.get(id)?.some((place) => !place.startsWith(`${path}:`)))
    .map(({ id, path }) => `${id}: not tested in ${path}`),
  ...(invariants.length === 0 || promises.length === 0 ? ["docs/invariants.md: nothing found in it"] : []),
];
for (const problem of problems) console.error(problem);
const counts = `${invariants.length} invariants, ${promises.length} promises, ${tested.length} of them tested`;
if (problems.length === 0) console.log(counts);
process.exitCode = problems.length === 0 ? 0 : 1;
