import { appendFileSync } from "node:fs";

import type { Effect } from "../../keeper/loop/ports.ts";

/** What a test of a scenario came to: one line of the file named by `LOCKSTEP_SCENARIO_FACTS`. */
export interface ScenarioFacts {
  /** With the titles of what the test is in. */
  readonly title: string;
  readonly file: string;
  readonly state: "passed" | "failed" | "pending";
  readonly ms: number;
  /** Where keepers that were told anything in it ran. */
  readonly stages: readonly string[];
  /** Verdicts that they gave, each kind once. */
  readonly verdicts: readonly string[];
  /** Causes of the incidents that they opened. */
  readonly causes: readonly string[];
  /** Blocks from the first that was wrong to the verdict, and to the block that holds the pause; null where there was none. */
  readonly detectedAfter: number | null;
  readonly pausedAfter: number | null;
}

/** Where a keeper runs, by what. */
export type ScenarioStage = "Hardhat" | "Anvil" | "a daemon's parts on Anvil";

interface Watched {
  readonly stage: ScenarioStage;
  readonly effects: readonly Effect[];
  /** How many there were when the test began. */
  from: number;
}

const FILE = process.env["LOCKSTEP_SCENARIO_FACTS"];
const watched: Watched[] = [];

/** What a keeper does counts for the facts of the tests from now on. Nothing is kept unless somebody asks for facts. */
export function watchKeeper(stage: ScenarioStage, effects: readonly Effect[]): void {
  if (FILE !== undefined) watched.push({ stage, effects, from: effects.length });
}

function factsOf(seen: readonly Effect[]) {
  const reports = seen.flatMap((effect) => (effect.type === "block" ? [effect.report] : []));
  const incidents = seen.flatMap((effect) => (effect.type === "incident" ? [effect.report] : []));
  const found = reports.find(({ verdict }) => verdict.kind === "Diverged");
  const first =
    found?.verdict.kind === "Diverged"
      ? Math.min(...found.verdict.findings.map(({ blockNumber }) => blockNumber))
      : null;
  const contained = incidents.find(({ containedIn }) => containedIn !== null);
  return {
    verdicts: [
      ...new Set([
        ...reports.map(({ verdict }) => verdict.kind),
        ...seen.flatMap((effect) => (effect.type === "unknown" ? ["Unknown"] : [])),
      ]),
    ],
    causes: [...new Set(incidents.map(({ cause }) => cause))],
    detectedAfter: found === undefined || first === null ? null : found.number - first,
    pausedAfter: contained?.containedIn == null ? null : contained.containedIn - contained.blockNumber,
  };
}

// As the first of mocha's files its hooks are those of every test.
if (FILE !== undefined) {
  beforeEach(() => {
    for (const one of watched) one.from = one.effects.length;
  });
  afterEach(function () {
    const test = this.currentTest;
    if (test === undefined) return;
    const active = watched.filter(({ effects, from }) => effects.length > from);
    // Of several keepers the first that has something to tell speaks for all.
    const each = active.map(({ effects, from }) => factsOf(effects.slice(from)));
    const first = (key: "detectedAfter" | "pausedAfter"): number | null =>
      each.map((facts) => facts[key]).find((value) => value !== null) ?? null;
    const facts: ScenarioFacts = {
      title: test.fullTitle(),
      file: test.file ?? "",
      state: test.state ?? "pending",
      ms: test.duration ?? 0,
      stages: [...new Set(active.map(({ stage }) => stage))],
      verdicts: [...new Set(each.flatMap(({ verdicts }) => verdicts))],
      causes: [...new Set(each.flatMap(({ causes }) => causes))],
      detectedAfter: first("detectedAfter"),
      pausedAfter: first("pausedAfter"),
    };
    appendFileSync(FILE, `${JSON.stringify(facts)}\n`);
  });
}
