import { BOOK_NAMES } from "../../keeper/domain/bookSet.ts";
import { assert } from "../../keeper/lib/assert.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { callNode, callNodeMany } from "../../scripts/local/callNode.ts";
import { deployLockstep, type LockstepDeployment } from "../../scripts/local/deployLockstep.ts";
import { startNode, type LocalNode } from "../../scripts/local/startNode.ts";
import { readImmutables } from "../../testing/readImmutables.ts";
import { rpcAt } from "../../testing/Rpc.ts";
import type { RecordedBlock, Recording, TrafficSize } from "./Recording.ts";
import { Traffic } from "./Traffic.ts";

/** Roots are read from the node at the newest block and at so many below it, evenly spread. */
const PROVEN_BLOCKS = 8;
const SEED = 1;
const EMPTY_BLOCKS = 40;

/** A node with the chain, and what was recorded of it. */
export interface RecordedChain {
  readonly node: LocalNode;
  readonly recording: Recording;
  /** What makes further blocks. */
  readonly traffic: Traffic;
}

/** Makes the chain on an Anvil of its own, which goes on running, and records it. */
export async function recordChain(
  size: TrafficSize,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<RecordedChain> {
  // In the order in which they are sent, and all of a block in it.
  const args = ["--order", "fifo", "--gas-limit", "1000000000"];
  const node = await startNode({ chain: "anvil", host: "127.0.0.1", port: 0, signal, args });
  try {
    const deployment = await deployLockstep({
      url: node.url,
      module: "Lockstep",
      parameters: { feedMaxAgeSeconds: 86_400 },
    });
    await callNode(node.url, "evm_setAutomine", [false]);
    const traffic = new Traffic(node.url, deployment, size, SEED);
    say(`deployed; ${size.accounts} accounts get a deposit`);
    await traffic.prepare();
    for (let done = 0; done < size.mixedBlocks; done += 1) {
      if (done % 20 === 0) say(`traffic: block ${done} of ${size.mixedBlocks + size.tradeBlocks}`);
      await traffic.mixedBlock();
    }
    const tradesFrom = Number(await callNode(node.url, "eth_blockNumber")) + 1;
    for (let done = 0; done < size.tradeBlocks; done += 1) {
      if (done % 20 === 0) say(`traffic: block ${size.mixedBlocks + done} of ${size.mixedBlocks + size.tradeBlocks}`);
      await traffic.tradeBlock();
    }
    const recording = await readRecording(node, deployment, { tradesFrom, accounts: size.accounts });
    // Indexers take a block for final, and finish, when there are some on top of it.
    await callNode(node.url, "anvil_mine", [`0x${EMPTY_BLOCKS.toString(16)}`]);
    return { node, recording, traffic };
  } catch (error: unknown) {
    await node.stop();
    throw error;
  }
}

async function readRecording(
  node: LocalNode,
  deployment: LockstepDeployment,
  known: Pick<Recording, "tradesFrom" | "accounts">,
): Promise<Recording> {
  const head = Number(await callNode(node.url, "eth_blockNumber"));
  const blocks: RecordedBlock[] = [];
  for (let number = 0; number <= head; number += 1) blocks.push(await readBlock(node.url, number));
  const chainRoots: Recording["chainRoots"][number][] = [];
  for (let step = PROVEN_BLOCKS - 1; step >= 0; step -= 1) {
    const number = head - step * Math.floor((head - deployment.deploymentBlock) / PROVEN_BLOCKS);
    chainRoots.push({ number, roots: await readRoots(node.url, deployment, number) });
  }
  const immutables = await readImmutables(rpcAt(node.url), deployment.contracts);
  return { ...known, deployment, immutables, blocks, chainRoots, events: countEvents(blocks, deployment) };
}

async function readBlock(url: string, number: number): Promise<RecordedBlock> {
  const tag = `0x${number.toString(16)}`;
  const [header, receipts] = await callNodeMany(url, [
    { method: "eth_getBlockByNumber", params: [tag, false] },
    { method: "eth_getBlockReceipts", params: [tag] },
  ]);
  return { header: JSON.stringify(header), receipts: JSON.stringify(receipts) };
}

/** Storage roots by the node's own word, which agrees with its state root: the keeper checks that elsewhere. */
export async function readRoots(url: string, deployment: LockstepDeployment, number: number): Promise<Hash[]> {
  const tag = `0x${number.toString(16)}`;
  const answers = await callNodeMany(
    url,
    BOOK_NAMES.map((name) => ({ method: "eth_getProof", params: [deployment.contracts[name], [], tag] })),
  );
  return answers.map((answer) => (answer as { readonly storageHash: Hash }).storageHash);
}

function countEvents(blocks: readonly RecordedBlock[], { contracts }: LockstepDeployment): number {
  const books = new Set<string>([...BOOK_NAMES.map((name) => contracts[name]), contracts.EthFeed, contracts.BtcFeed]);
  let events = 0;
  for (const { receipts } of blocks) {
    for (const { logs } of JSON.parse(receipts) as { readonly logs: readonly { readonly address: string }[] }[]) {
      events += logs.filter(({ address }) => books.has(address)).length;
    }
  }
  assert(events > 0, "the chain has events");
  return events;
}
