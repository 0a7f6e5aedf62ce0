import { median, quantile } from "../keeper/Row.ts";
import type { IncidentSample } from "./IncidentSample.ts";
import type { BlockCount, LatencyRow } from "./LatencyReport.ts";

/** The keeper's name in the rows, by the books that it had. */
export function ownName(slots: number): string {
  return `lockstep, ${slots.toLocaleString("en-GB")} slots`;
}

/** The stages of the keeper, in their order, then the sums of them that are promised or compared. */
export const STAGES = {
  node: "node",
  verdict: "verdict",
  broadcast: "broadcast",
  accepted: "accepted",
  included: "included",
  own: "last byte to broadcast",
  minedToVerdict: "mined to verdict",
  minedToBroadcast: "mined to broadcast",
  minedToIncluded: "mined to included",
} as const;

/** The one stage of a peer: block mined → its own code runs for the event. */
export const NOTICE = "notice";
/** Decided call → accepted by the node. */
export const SEND = "decision to accepted";

const TAKEN: Readonly<Record<keyof typeof STAGES, (sample: IncidentSample) => number>> = {
  node: ({ nodeMs }) => nodeMs,
  verdict: ({ verdictMs }) => verdictMs,
  broadcast: ({ broadcastMs }) => broadcastMs,
  accepted: ({ acceptedMs }) => acceptedMs,
  included: ({ includedMs }) => includedMs,
  own: ({ verdictMs, broadcastMs }) => verdictMs + broadcastMs,
  minedToVerdict: ({ nodeMs, verdictMs }) => nodeMs + verdictMs,
  minedToBroadcast: ({ nodeMs, verdictMs, broadcastMs }) => nodeMs + verdictMs + broadcastMs,
  minedToIncluded: ({ nodeMs, verdictMs, broadcastMs, includedMs }) => nodeMs + verdictMs + broadcastMs + includedMs,
};

/** Rows of the keeper and of each peer from the same runs; none without samples. */
export function toIncidentRows(samples: readonly IncidentSample[]): LatencyRow[] {
  if (samples.length === 0) return [];
  const system = ownName(samples[0]?.slots ?? 0);
  const own = (Object.keys(STAGES) as (keyof typeof STAGES)[]).map((stage) =>
    toRow(system, STAGES[stage], samples.map(TAKEN[stage])),
  );
  const peers = [...(samples[0]?.noticedMs.keys() ?? [])].map((peer) =>
    toRow(
      peer,
      NOTICE,
      samples.map(({ noticedMs }) => noticedMs.get(peer) ?? Number.NaN),
    ),
  );
  return [...own, ...peers];
}

/** Rows of the senders. */
export function toSendRows(taken: ReadonlyMap<string, readonly number[]>): LatencyRow[] {
  return [...taken].map(([system, ms]) => toRow(system, SEND, ms));
}

/** Null without samples. */
export function countBlocks(samples: readonly IncidentSample[]): BlockCount | null {
  if (samples.length === 0) return null;
  const blocks = samples.map(({ blocksToInclusion }) => blocksToInclusion);
  return { runs: blocks.length, median: median(blocks), worst: Math.max(...blocks) };
}

function toRow(system: string, stage: string, ms: readonly number[]): LatencyRow {
  return { system, stage, runs: ms.length, medianMs: median(ms), p90Ms: quantile(ms, 0.9) };
}
