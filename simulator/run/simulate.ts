import type { Plan } from "../plan/Plan.ts";
import type { Violation } from "../check/Violation.ts";
import { checkEnd, type Containment } from "../check/checkEnd.ts";
import { SILENT, type Journal } from "./Journal.ts";
import { Script } from "./Script.ts";
import { Simulation } from "./Simulation.ts";
import { HONEST, type Twin } from "./Twin.ts";

/** What a run came to. */
export interface Outcome {
  readonly violations: readonly Violation[];
  /** Blocks of the chain, orphaned ones included; those of liars not. */
  readonly blocks: number;
  /** Blocks that keepers judged. */
  readonly judged: number;
  readonly falsePauses: number;
  /** Divergences that stood until the end without a pause where one had to be. */
  readonly missed: number;
  readonly coverage: Readonly<Record<string, number>>;
  readonly containments: readonly Containment[];
}

/** Runs a plan. The same plan gives the same outcome and the same journal. */
export function simulate(plan: Plan, journal: Journal = SILENT, twin: Twin = HONEST): Outcome {
  const simulation = new Simulation(plan, journal, twin);
  const script = new Script(simulation);
  script.begin();
  simulation.queue.runUntil(script.endMs);
  const { missed, containments } = checkEnd(simulation);
  simulation.oracles.end();
  const { violations, falsePauses } = simulation.oracles;
  for (const { promise, atMs, keeper, detail } of violations) {
    journal.note(atMs, keeper === null ? null : `keeper ${keeper}`, `VIOLATION of ${promise}: ${detail}`);
  }
  return {
    ...{ violations, falsePauses, missed, containments },
    blocks: simulation.chain.made,
    judged: simulation.judged,
    coverage: simulation.coverage.toJson(),
  };
}
