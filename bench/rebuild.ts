import { parseArgs } from "node:util";

import { createSource } from "../keeper/chain/sources/createSource.ts";
import type { Source } from "../keeper/chain/sources/Source.ts";
import { profileOf } from "../keeper/domain/chainProfile.ts";
import type { BookAddresses } from "../keeper/domain/bookSet.ts";
import { readContracts } from "../keeper/readContracts.ts";
import { rebuildBooks } from "../keeper/rebuild/rebuildBooks.ts";
import type { Rebuilt } from "../keeper/rebuild/RebuildOptions.ts";
import { callNode } from "../scripts/local/callNode.ts";
import { deployLockstep, type LockstepDeployment } from "../scripts/local/deployLockstep.ts";
import { Market } from "../scripts/local/Market.ts";
import { startNode } from "../scripts/local/startNode.ts";

/**
 * What a rebuild of the books costs: `npm run bench:rebuild -- [--blocks 20000] [--trades 300] [--json]`, with `--expose-gc` for
 * exact memory.
 *
 * Making the chain takes most of the time: some four minutes for 20,000 blocks. One Anvil with market traffic at the start, empty blocks, and traffic again; three operators are connections to it. Memory is what
 * is alive after a collection, read as the rebuild passes each tenth of the chain: it must not grow with the blocks.
 *
 * JSON: `{blocks, events, seconds, blocksPerSecond, eventsPerSecond, cpuSeconds, aliveMiB: [number], rssMiB}`. Exit code 1 when the roots
 * are not proven, or what is alive grows by more than 8 MiB between the second tenth and the ninth.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    blocks: { type: "string", default: "20000" },
    trades: { type: "string", default: "300" },
  },
});

const MIB = 1_048_576;
const OPERATORS = ["one", "two", "three"] as const;
const MINE_AT_ONCE = 20;
const TENTHS = 10;
const MAX_GROWTH_MIB = 8;

const end = new AbortController();
process.once("SIGINT", () => end.abort());
const node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: end.signal });
try {
  const deployment = await deployLockstep({ module: "Lockstep", url: node.url });
  await makeHistory(deployment, wholeOf("blocks"), wholeOf("trades"));
  const result = await measure(deployment);
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${describe(result)}\n`);
  process.exitCode = result.isFlat && result.isProven ? 0 : 1;
} finally {
  await node.stop();
}
process.exit();

function wholeOf(name: "blocks" | "trades"): number {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`--${name} ${values[name]}: expected a whole number above 0`);
  return number;
}

/** Half of the trades, the empty blocks, the other half. */
async function makeHistory(chain: LockstepDeployment, blocks: number, trades: number): Promise<void> {
  const market = new Market({ url: node.url, deployment: chain, seed: 1, log: () => undefined });
  await market.prepare();
  for (let step = 0; step < trades; step += 1) {
    if (step === trades >> 1) await mine(blocks);
    await market.step();
  }
}

async function mine(blocks: number): Promise<void> {
  for (let mined = 0; mined < blocks; mined += MINE_AT_ONCE) {
    if (mined % 1_000 === 0) process.stderr.write(`making the chain: ${mined} of ${blocks} empty blocks\n`);
    await callNode(node.url, "anvil_mine", [`0x${Math.min(MINE_AT_ONCE, blocks - mined).toString(16)}`, "0x0"]);
  }
}

interface Result {
  readonly blocks: number;
  readonly events: number;
  readonly seconds: number;
  readonly blocksPerSecond: number;
  readonly eventsPerSecond: number;
  /** Of this process, the node's own not counted. */
  readonly cpuSeconds: number;
  /** Alive after a collection, at each tenth of the chain. */
  readonly aliveMiB: readonly number[];
  readonly rssMiB: number;
  readonly isFlat: boolean;
  readonly isProven: boolean;
}

async function measure(chain: LockstepDeployment): Promise<Result> {
  const sources = OPERATORS.map((id) => open(id));
  const { immutables, genesisHash } = await readContracts(sources, chain, 5_000);
  const head = Number(await callNode(node.url, "eth_blockNumber"));
  const step = Math.max(1, Math.floor((head - chain.deploymentBlock) / TENTHS));
  const aliveMiB: number[] = [];
  const sample = (number: number): void => {
    if ((number - chain.deploymentBlock + 1) % step === 0 && aliveMiB.length < TENTHS) aliveMiB.push(alive());
  };
  const [cpu, startedAt] = [process.cpuUsage(), performance.now()];
  const rebuilt: Rebuilt = await rebuildBooks({
    sources,
    chainId: chain.chainId,
    chain: { ...profileOf(chain.chainId), confirmations: 0, genesisHash },
    addresses: chain.contracts satisfies BookAddresses,
    ...{ immutables, deploymentBlock: chain.deploymentBlock, from: null, target: "final" },
    ...{ requestDeadlineMs: 5_000, hedgeMs: 500, now: () => performance.now(), signal: end.signal },
    onBlock: ({ number }) => sample(number),
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  await Promise.all(sources.map((source) => source.close()));
  const { blocks, events, roots } = rebuilt;
  return {
    ...{ blocks, events, seconds, aliveMiB, cpuSeconds: (user + system) / 1e6 },
    ...{ blocksPerSecond: blocks / seconds, eventsPerSecond: events / seconds },
    rssMiB: process.memoryUsage.rss() / MIB,
    isFlat: (aliveMiB.at(-2) ?? 0) - (aliveMiB[1] ?? 0) <= MAX_GROWTH_MIB,
    isProven: roots.kind === "proven",
  };
}

function open(id: string): Source {
  const source = createSource(
    { id, url: node.url, operator: id, client: "anvil" },
    { now: () => performance.now(), pollIntervalMs: 60_000 },
  );
  const nothing = (): void => undefined;
  source.open({ onHead: nothing, onUp: nothing, onDown: nothing }, end.signal);
  return source;
}

/** Heap and buffers. Without `--expose-gc` rubbish is counted as well. */
function alive(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MIB;
}

function describe({ blocks, events, seconds, cpuSeconds, aliveMiB, rssMiB, ...rest }: Result): string {
  return [
    `${blocks} blocks, ${events} events in ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of processor time)`,
    `${Math.round(rest.blocksPerSecond)} blocks/s, ${Math.round(rest.eventsPerSecond)} events/s`,
    `alive at each tenth of the chain, MiB: ${aliveMiB.map((mib) => mib.toFixed(1)).join(" ")}; at the end ${Math.round(rssMiB)} MiB resident`,
    `roots ${rest.isProven ? "proven" : "NOT proven"}, memory ${rest.isFlat ? "flat" : "GROWS"}`,
  ].join("\n");
}
