import type { Effect } from "../../keeper/loop/ports.ts";
import { stageTimes, type IncidentRecord, type StageTimes } from "../../keeper/telemetry/IncidentRecord.ts";
import type { DrillResult, DrillSlot } from "./DrillResult.ts";

/** An incident of a keeper in this process, or as its API shows it. */
export type ToldIncident = Pick<IncidentRecord, "cause" | "blockNumber" | "containedIn" | "located"> &
  (Pick<IncidentRecord, "times"> | { readonly ms: StageTimes });

type Described = Pick<DrillResult, "verdict" | "cause" | "located" | "blocks" | "ms">;

/**
 * What a keeper found, and how long everything took.
 *
 * @param effects everything that it did
 * @param incident null where it found nothing
 * @param last its newest verdict
 */
export function describeIncident(effects: readonly Effect[], incident: ToldIncident | null, last: string): Described {
  const judged = effects.find((effect) => effect.type === "block" && effect.report.verdict.kind === "Diverged");
  const foundIn = judged?.type === "block" ? judged.report.number : (incident?.blockNumber ?? null);
  const isView = incident?.cause === "view-diverged";
  const divergentBlock = incident?.blockNumber ?? null;
  const blocksSince = (block: number | null | undefined): number | null =>
    block == null || divergentBlock === null ? null : block - divergentBlock;
  const stages = incident === null ? null : "ms" in incident ? incident.ms : stageTimes(incident);
  return {
    verdict: isView ? "ViewDiverged" : judged === undefined ? last : "Diverged",
    cause: incident?.cause ?? "none",
    located: isView ? phantomsIn(effects) : (incident?.located ?? []).map(shapeOf),
    blocks: { detect: blocksSince(foundIn), pause: blocksSince(incident?.containedIn) },
    ms: {
      detect: toHundredths(stages?.detect),
      decide: toHundredths(stages?.decide),
      broadcast: toHundredths(stages?.broadcast),
      include: toHundredths(stages?.include),
      node: toHundredths(stages?.node),
    },
  };
}

function toHundredths(value: number | null | undefined): number | null {
  return value == null ? null : Math.round(value * 100) / 100;
}

/** The rows of a view that the chain does not back, in the shape of located slots. */
function phantomsIn(effects: readonly Effect[]): DrillResult["located"] {
  const compared = effects.find((effect) => effect.type === "view-compared" && effect.comparison.kind === "different");
  if (compared?.type !== "view-compared" || compared.comparison.kind !== "different") return [];
  return compared.comparison.differences.map(({ account, item, believed, proven }) => ({
    contract: "PositionLedger",
    variable: item === "quote" ? `_accounts[${account}].quote` : `_positions[${account}][${item}].size`,
    account,
    cause: null,
    before: String(proven),
    after: String(believed),
  }));
}

function shapeOf({ contract, variable, account, cause, before, after }: DrillSlot): DrillSlot {
  return { contract, variable, account, cause, before, after };
}
