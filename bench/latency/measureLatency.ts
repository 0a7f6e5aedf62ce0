import { SeededRandom } from "../../scripts/local/SeededRandom.ts";
import { checkTargets } from "./checkTargets.ts";
import { IncidentChain } from "./IncidentChain.ts";
import type { IncidentSample } from "./IncidentSample.ts";
import type { LatencyReport } from "./LatencyReport.ts";
import { measureIncidents } from "./measureIncidents.ts";
import { measureSends } from "./measureSends.ts";
import type { Peer } from "./peers.ts";
import { countBlocks, toIncidentRows, toSendRows } from "./toRows.ts";

/** What to measure, and how often. */
export interface LatencyOptions {
  /** Incidents beside the peers, and incidents of a keeper alone that has full books. */
  readonly runs: number;
  readonly fullRuns: number;
  /** Incidents at a thousandfold base fee. */
  readonly feeRuns: number;
  /** Sends of each sender. */
  readonly sends: number;
  /** Words in the books, about. */
  readonly slots: { readonly beside: number; readonly full: number };
  readonly seed: number;
  readonly peers: readonly Peer[];
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What an account with a deposit adds to the books, what the protocol has without, and the fewest accounts. */
const SLOTS_EACH = 2;
const SLOTS_BEFORE = 52;
const FEWEST = 20;
const FACTOR = 1_000n;

/** Incidents beside the peers, at a thousandfold base fee, and with full books; then sends. Nothing of it runs at the same time. */
export async function measureLatency(options: LatencyOptions): Promise<LatencyReport> {
  const { runs, fullRuns, feeRuns, sends, slots, seed, peers, say, signal } = options;
  const random = new SeededRandom(seed);
  const common = { random, say, signal };
  const [beside, spiked] = await onChain(
    slots.beside,
    options,
    async (chain): Promise<[IncidentSample[], IncidentSample[]]> => [
      await measureIncidents(chain, { runs, peers, ...common }),
      await measureIncidents(chain, { runs: feeRuns, peers: [], baseFeeFactor: FACTOR, ...common }),
    ],
  );
  const alone = { runs: fullRuns, peers: [], ...common };
  const full = fullRuns === 0 ? [] : await onChain(slots.full, options, (chain) => measureIncidents(chain, alone));
  const taken = sends === 0 ? new Map<string, number[]>() : await measureSends({ sends, ...common });
  const rows = [...toIncidentRows(beside), ...toIncidentRows(full), ...toSendRows(taken)];
  const blocks = { ordinary: countBlocks(beside), baseFeeTimes1000: countBlocks(spiked) };
  const had = { beside: beside[0]?.slots ?? null, full: full[0]?.slots ?? null };
  return { seed, slots: had, rows, blocks, targets: checkTargets(rows, had, blocks.baseFeeTimes1000) };
}

async function onChain<Result>(
  slots: number,
  { say, signal }: LatencyOptions,
  measure: (chain: IncidentChain) => Promise<Result>,
): Promise<Result> {
  const accounts = Math.max(FEWEST, Math.round((slots - SLOTS_BEFORE) / SLOTS_EACH));
  const chain = await IncidentChain.open({ accounts, say, signal });
  try {
    return await measure(chain);
  } finally {
    await chain.close();
  }
}
