import type { BlockCount, LatencyReport, LatencyRow, LatencyTarget } from "./LatencyReport.ts";
import { PEER_SYSTEMS, type Pace } from "./peers.ts";
import { SEND_SYSTEMS } from "./measureSends.ts";
import { NOTICE, ownName, SEND, STAGES } from "./toRows.ts";

const OWN_MS = 10;
const END_TO_END_MS = 100;
const TIMES_DEFAULTS = 10;
const TIMES_SHORTEST = 3;
const OF_VIEM = 0.5;
const OF_ETHERS = 0.25;
const SPIKE_BLOCKS = 3;

/**
 * How the rows stand to the targets, by their medians. Times and ratios depend on the machine: they are said, and fail nothing.
 *
 * @param slots words in the books of the keeper beside the peers, and of the one whose own share counts; null where none ran
 * @param spike blocks to inclusion at a thousandfold base fee, of which the worst counts
 */
export function checkTargets(
  rows: readonly LatencyRow[],
  slots: LatencyReport["slots"],
  spike: BlockCount | null,
): LatencyTarget[] {
  const medianOf = (system: string, stage: string): number | null =>
    rows.find((row) => row.system === system && row.stage === stage)?.medianMs ?? null;
  const total = slots.beside === null ? null : medianOf(ownName(slots.beside), STAGES.minedToBroadcast);
  const own = slots.full === null ? null : medianOf(ownName(slots.full), STAGES.own);
  const bestAt = (pace: Pace): number | null => {
    const paced = PEER_SYSTEMS.filter((peer) => peer.pace === pace);
    const noticed = paced.map(({ system }) => medianOf(system, NOTICE)).filter((ms) => ms !== null);
    return noticed.length === 0 ? null : Math.min(...noticed);
  };
  const sent = (system: string): number | null => medianOf(system, SEND);
  const ours = sent(SEND_SYSTEMS.lockstep);
  return [
    most(`last needed byte to broadcast, ${slots.full ?? 0} slots`, own, OWN_MS, "ms"),
    most(`block mined to broadcast, the node's time included, ${slots.beside ?? 0} slots`, total, END_TO_END_MS, "ms"),
    most("decision to accepted, of viem's time", ratio(ours, sent(SEND_SYSTEMS.viem)), OF_VIEM, "times"),
    most("decision to accepted, of ethers' time", ratio(ours, sent(SEND_SYSTEMS.ethers)), OF_ETHERS, "times"),
    least(
      "best peer at defaults notices, over block mined to broadcast",
      ratio(bestAt("defaults"), total),
      TIMES_DEFAULTS,
    ),
    least(
      "best peer at its shortest interval notices, over block mined to broadcast",
      ratio(bestAt("shortest"), total),
      TIMES_SHORTEST,
    ),
    most("blocks to inclusion at a thousandfold base fee, worst", spike?.worst ?? null, SPIKE_BLOCKS, "blocks"),
  ];
}

function most(name: string, value: number | null, target: number, unit: LatencyTarget["unit"]): LatencyTarget {
  return { name, bound: "most", target, unit, value, isMet: value === null ? null : value <= target };
}

function least(name: string, value: number | null, target: number): LatencyTarget {
  return { name, bound: "least", target, unit: "times", value, isMet: value === null ? null : value >= target };
}

function ratio(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one / other;
}
