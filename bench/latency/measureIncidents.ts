import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { wait } from "../../keeper/chain/sources/wait.ts";
import { assert } from "../../keeper/lib/assert.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import type { IncidentTimes } from "../../keeper/telemetry/IncidentRecord.ts";
import type { SeededRandom } from "../../scripts/local/SeededRandom.ts";
import type { IncidentChain, MinedBlock } from "./IncidentChain.ts";
import type { IncidentSample } from "./IncidentSample.ts";
import { LONGEST_INTERVAL_MS, type Peer } from "./peers.ts";
import { Program, type Said } from "./Program.ts";

/** How incidents are staged. */
export interface IncidentOptions {
  readonly runs: number;
  readonly peers: readonly Peer[];
  /** Draws the moment of each incident. */
  readonly random: SeededRandom;
  /** Every block after the incident's has its base fee times this; undefined for what follows from the chain. */
  readonly baseFeeFactor?: bigint;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

interface Contained {
  readonly times: IncidentTimes;
  readonly transaction: Hash;
  readonly containedIn: number;
}

/** A peer that runs. */
interface Watcher {
  readonly peer: Peer;
  readonly program: Program;
}

/** Blocks with a deposit that a keeper judges before the incident. */
const ORDINARY_BLOCKS = 20;
/** Time from one block to the next once the incident has begun. */
const BLOCK_MS = 2_000;
/** Blocks in which a pause must be proven, or the run has failed. */
const MOST_BLOCKS = 20;
const START_MS = 60_000;
const RUN_MS = 180_000;
const WARM_MS = 2_000;
/** After the longest interval between two looks. */
const NOTICE_MS = LONGEST_INTERVAL_MS + 10_000;
/** Without peers there is no interval to be in phase with: long enough for the keeper to be at rest. */
const REST_MS = 500;
const KEEPER = fileURLToPath(new URL("keeperProcess.ts", import.meta.url));

/**
 * Stages the same incident so many times; each time a keeper and all peers are started anew as processes of their own, follow
 * the same node, and are at rest when the block is mined, at a random moment. The chain is left as it was.
 */
export async function measureIncidents(chain: IncidentChain, options: IncidentOptions): Promise<IncidentSample[]> {
  const samples: IncidentSample[] = [];
  for (let run = 1; run <= options.runs; run += 1) {
    const sample = await stage(chain, options);
    samples.push(sample);
    options.say(`run ${run} of ${options.runs}: ${describe(sample)}`);
    await chain.takeBack();
  }
  return samples;
}

async function stage(chain: IncidentChain, options: IncidentOptions): Promise<IncidentSample> {
  const folder = await mkdtemp(join(tmpdir(), "lockstep-latency-"));
  const programs: Program[] = [];
  try {
    const bounds = { deadlineMs: RUN_MS, signal: options.signal };
    const watchers: Watcher[] = [];
    for (const [index, peer] of options.peers.entries()) {
      const program = await peer.start(chain, join(folder, `peer-${index}`), bounds);
      programs.push(program);
      watchers.push({ peer, program });
    }
    await followAll(chain, watchers);
    const keeper = await startKeeper(chain, folder, bounds);
    programs.push(keeper);
    const slots = await settle(chain, keeper);
    const longestMs = watchers.length === 0 ? REST_MS : LONGEST_INTERVAL_MS;
    await wait(REST_MS + options.random.next() * longestMs, options.signal);
    options.signal.throwIfAborted();
    const incident = await chain.incidentBlock();
    const after = await mineUntilContained(chain, keeper, { ...options, baseFee: incident.baseFee });
    const noticedMs = await readNotices(watchers, incident.deposit, incident.minedMs);
    return toSample(incident, after, { slots, noticedMs });
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

async function startKeeper(
  { node, deployment }: IncidentChain,
  folder: string,
  bounds: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<Program> {
  const job = join(folder, "keeper.json");
  await writeFile(job, JSON.stringify({ wsUrl: node.wsUrl, deployment }));
  // Its data directory is a temporary one; put where it goes with the rest if it is killed.
  const env = { TMPDIR: folder };
  return new Program({ name: "lockstep", parameters: [KEEPER, job], cwd: folder, env, ...bounds });
}

/** Waits until every peer follows the chain: each has looked at it, or noticed a first deposit. */
async function followAll(chain: IncidentChain, watchers: readonly Watcher[]): Promise<void> {
  for (const { peer, program } of watchers) {
    if (peer.isReady !== null) await program.until("that it follows", peer.isReady, START_MS);
  }
  const isLate = ({ peer, program }: Watcher): boolean => peer.isReady === null && !program.hasSaid(isNotice);
  for (let waitedMs = 0; watchers.some(isLate); waitedMs += WARM_MS) {
    const late = watchers.find(isLate);
    await chain.depositBlock();
    const patienceMs = waitedMs < START_MS ? WARM_MS : 0;
    const noticed = late?.program.until("that it noticed the first deposit", isNotice, patienceMs);
    await (waitedMs < START_MS ? noticed?.catch(() => undefined) : noticed);
  }
}

/**
 * Waits until the keeper is in sync and has judged some ordinary blocks. No block is mined while it reads another.
 *
 * @returns words in the keeper's books
 */
async function settle(chain: IncidentChain, keeper: Program): Promise<number> {
  const inSyncAt = (atLeast: number): Promise<Said> => {
    const isIt = (said: Said): boolean =>
      said.said === "block" && said["verdict"] === "InSync" && Number(said["number"]) >= atLeast;
    return keeper.until(`that it is in sync at block ${atLeast}`, isIt, START_MS);
  };
  await inSyncAt(await chain.headNumber());
  // It has run for a while before anything happens, as it would have: what it does each block is compiled.
  for (let block = 0; block < ORDINARY_BLOCKS; block += 1) await inSyncAt((await chain.depositBlock()).number);
  const { number } = await chain.mine();
  return Number((await inSyncAt(number))["slots"]);
}

function isNotice({ said }: Said): boolean {
  return said === "noticed";
}

/** Blocks at their interval until the keeper has proven its pause; what it says of it, and the blocks. */
async function mineUntilContained(
  chain: IncidentChain,
  keeper: Program,
  { baseFee, baseFeeFactor, signal }: IncidentOptions & { readonly baseFee: bigint },
): Promise<{ readonly contained: Contained; readonly blocks: readonly MinedBlock[] }> {
  const isContained = ({ said }: Said): boolean => said === "contained";
  const blocks: MinedBlock[] = [];
  while (!keeper.hasSaid(isContained) && blocks.length < MOST_BLOCKS) {
    await wait(BLOCK_MS, signal);
    signal.throwIfAborted();
    if (baseFeeFactor !== undefined) await chain.setBaseFee(baseFee * baseFeeFactor);
    const block = await chain.mine();
    blocks.push(block);
    const isAsOrdered = baseFeeFactor === undefined || block.baseFee === baseFee * baseFeeFactor;
    assert(isAsOrdered, "the base fee is as ordered");
    // The block that holds the pause proves it.
    await keeper.until("that its pause is proven", isContained, BLOCK_MS / 2).catch(() => undefined);
  }
  const said = await keeper.until("that its pause is proven", isContained, 1);
  return { contained: said as unknown as Contained, blocks };
}

async function readNotices(
  watchers: readonly Watcher[],
  transaction: Hash,
  minedMs: number,
): Promise<Map<string, number>> {
  const noticed = new Map<string, number>();
  for (const { peer, program } of watchers) {
    const isIt = (said: Said): boolean => isNotice(said) && said["transaction"] === transaction;
    const said = await program.until("that it noticed the event", isIt, NOTICE_MS);
    noticed.set(peer.system, Number(said["atMs"]) - minedMs);
  }
  return noticed;
}

function toSample(
  incident: MinedBlock,
  { contained, blocks }: Awaited<ReturnType<typeof mineUntilContained>>,
  { slots, noticedMs }: Pick<IncidentSample, "slots" | "noticedMs">,
): IncidentSample {
  const { times, containedIn } = contained;
  const at = (time: number | null): number => time ?? Number.NaN;
  const minedMs = Math.min(incident.minedMs, at(times.headAt));
  const holder = blocks.find(({ number }) => number === containedIn);
  return {
    slots,
    nodeMs: at(times.factsAt) - minedMs,
    verdictMs: at(times.verdictAt) - at(times.factsAt),
    broadcastMs: at(times.broadcastAt) - at(times.verdictAt),
    acceptedMs: at(times.acceptedAt) - at(times.broadcastAt),
    includedMs: (holder?.minedMs ?? Number.NaN) - at(times.broadcastAt),
    blocksToInclusion: containedIn - incident.number,
    noticedMs,
  };
}

function describe(sample: IncidentSample): string {
  const { slots, nodeMs, verdictMs, broadcastMs, acceptedMs, includedMs, blocksToInclusion, noticedMs } = sample;
  const times = { nodeMs, verdictMs, broadcastMs, acceptedMs, includedMs };
  const own = Object.entries(times).map(([name, ms]) => `${name.slice(0, -2)} ${ms.toFixed(1)}`);
  const others = [...noticedMs].map(([system, ms]) => `${system}: ${ms.toFixed(0)}`);
  return [`${slots} slots, ${own.join(" ")}, +${blocksToInclusion} blocks`, ...others].join("; ");
}
