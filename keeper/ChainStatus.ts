import type { FinalityMode } from "./chain/agree/Finality.ts";
import type { SourceReport, SourceState } from "./chain/agree/SourceBoard.ts";
import type { ServedHead } from "./chain/agree/Votes.ts";
import { CONDITION_KINDS, type Condition, type ConditionKind } from "./domain/conditions.ts";
import type { Metrics } from "./telemetry/Metrics.ts";

/** What the core is asked of the chain and its sources. */
export interface Watched {
  sources(): readonly SourceReport[];
  readonly conditions: readonly Condition[];
  readonly finalBlock: ServedHead | null;
}

/** States of a source that answers and has no say. */
const DISBELIEVED: readonly SourceState[] = ["foreign", "quarantined", "suspended"];

/** What operators see of the chain and its sources. */
export class ChainStatus {
  finality: FinalityMode | null = null;
  #watched: Watched | null = null;

  constructor(metrics: Metrics) {
    const labels = ["source", "operator"] as const;
    const up = metrics.gauge({
      name: "lockstep_source_up",
      help: "1 for a source that answers, is of this chain and is believed.",
      labels,
    });
    const score = metrics.gauge({
      name: "lockstep_source_score",
      help: "Share of a source's newest answers that came and verified, 0 to 100.",
      labels,
    });
    const quarantined = metrics.gauge({
      name: "lockstep_source_quarantined",
      help: "1 for a source that is not believed: in quarantine, suspended or of another chain.",
      labels,
    });
    const head = metrics.gauge({
      name: "lockstep_source_head_number",
      help: "Newest block that a source has announced.",
      labels,
    });
    const latency = metrics.gauge({
      name: "lockstep_source_latency_seconds",
      help: "Time that a source takes to answer, by its newest answers.",
      labels,
    });
    const quorum = metrics.gauge({
      name: "lockstep_operator_quorum",
      help: "k: operators that have to serve a block before it counts as in sync, a majority of those configured.",
    });
    const condition = metrics.gauge({
      name: "lockstep_condition",
      help: "1 while something is unusual about the chain or its sources.",
      labels: ["condition"],
    });
    const final = metrics.gauge({
      name: "lockstep_final_block_number",
      help: "Newest block that k operators call final.",
    });
    metrics.onCollect(() => {
      const sources = this.#watched?.sources() ?? [];
      for (const { id: source, operator, state, ...seen } of sources) {
        up.set(state === "up" || state === "limited" ? 1 : 0, { source, operator });
        quarantined.set(DISBELIEVED.includes(state) ? 1 : 0, { source, operator });
        score.set(seen.score, { source, operator });
        if (seen.head !== null) head.set(seen.head.number, { source, operator });
        if (seen.latencyMs !== null) latency.set(seen.latencyMs / 1_000, { source, operator });
      }
      if (sources.length > 0) quorum.set(majorityOf(new Set(sources.map(({ operator }) => operator)).size));
      for (const kind of CONDITION_KINDS) condition.set(this.holds(kind) ? 1 : 0, { condition: kind });
      const block = this.#watched?.finalBlock ?? null;
      if (block !== null) final.set(block.number);
    });
  }

  /** From now on the core is asked. */
  watch(watched: Watched): void {
    this.#watched = watched;
  }

  /** Whether a condition holds now. */
  holds(kind: ConditionKind): boolean {
    return this.#watched?.conditions.some((condition) => condition.kind === kind) === true;
  }

  toJson(): { readonly [field: string]: unknown } {
    return {
      conditions: this.#watched?.conditions ?? [],
      finality: { mode: this.finality, block: this.#watched?.finalBlock ?? null },
      sources: this.#watched?.sources() ?? [],
    };
  }
}

function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}
