import type { ScenarioFacts } from "../../test/helpers/scenarioFacts.ts";
import { idsIn, SCENARIOS } from "./catalogue.ts";

/** One scenario and its tests. */
export interface ScenarioRow {
  readonly id: string;
  readonly what: string;
  readonly tests: readonly ScenarioFacts[];
}

/** The tests of each of these scenarios, in the order of the catalogue. */
export function rowsOf(ids: readonly string[], tests: readonly ScenarioFacts[]): ScenarioRow[] {
  return ids.map((id) => {
    const own = tests.filter(({ title }) => idsIn(title).includes(id));
    return { id, what: SCENARIOS[id] ?? "", tests: own };
  });
}

/** Where a test without a keeper is staged, by its folder. */
function stageOf({ stages, file }: ScenarioFacts): readonly string[] {
  if (stages.length > 0) return stages;
  if (file.startsWith("test/contracts/")) return ["Hardhat"];
  if (file.startsWith("test/keeper/scenarios/")) return ["processes on Anvil"];
  if (file.startsWith("test/scripts/drills/")) return ["daemons on Anvil"];
  return ["the part alone"];
}

function rangeOf(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return "–";
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return least === most ? String(least) : `${least} to ${most}`;
}

function cells({ id, what, tests }: ScenarioRow): string[] {
  const unique = (values: readonly string[]): string => [...new Set(values)].sort().join(", ");
  return [
    id,
    what,
    String(tests.length),
    unique(tests.flatMap(stageOf)),
    unique(tests.flatMap(({ verdicts }) => verdicts)) || "–",
    unique(tests.flatMap(({ causes }) => causes)) || "–",
    rangeOf(tests.map(({ detectedAfter }) => detectedAfter)),
    rangeOf(tests.map(({ pausedAfter }) => pausedAfter)),
    unique(tests.map(({ file }) => file.replace(/^test\//, "").replace(/\.test\.ts$/, ""))),
  ];
}

const HEAD = ["id", "what", "tests", "staged on", "verdicts", "incidents", "detected", "paused", "where"];

/** The table of docs/scenarios.md. */
export function renderTable(rows: readonly ScenarioRow[]): string {
  const lines = [HEAD, HEAD.map(() => "---"), ...rows.map(cells)];
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}
