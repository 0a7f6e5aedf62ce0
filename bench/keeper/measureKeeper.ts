import { measureIndexers } from "./measureIndexers.ts";
import { measureNode } from "./measureNode.ts";
import { measureReplay } from "./measureReplay.ts";
import { measureVerdict } from "./measureVerdict.ts";
import { recordChain } from "./recordChain.ts";
import type { Recording, TrafficSize } from "./Recording.ts";
import { cachePath, readRecording, writeRecording } from "./recordingCache.ts";
import type { Row } from "./Row.ts";

/** What is measured, and how much of it. */
export interface KeeperBenchOptions {
  readonly traffic: TrafficSize;
  /** Slots in the books at which the verdict is measured, ascending. */
  readonly sizes: readonly number[];
  /** Blocks that the books hold then. */
  readonly blocksHeld: number;
  /** Of the replay, and of the indexers. */
  readonly rounds: number;
  /** Blocks from mined to verdict. */
  readonly nodeBlocks: number;
  /** Without a node: the rows of a recording only, which may be of an earlier run. */
  readonly withNode: boolean;
  readonly withPeers: boolean;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** All rows. What was started is ended, however it ends. */
export async function measureKeeper(options: KeeperBenchOptions): Promise<Row[]> {
  const { traffic, withNode, say, signal } = options;
  const path = await cachePath(traffic);
  const kept = withNode ? null : await readRecording(path);
  if (kept !== null) return await measureRecording(kept, options);
  const chain = await recordChain(traffic, say, signal);
  const rows: Row[] = [];
  try {
    await writeRecording(path, chain.recording);
    if (withNode) {
      const { withPeers, rounds, nodeBlocks: blocks } = options;
      // The indexers first: the node is then as the recording has it.
      const indexed = await measureIndexers(chain, { withPeers, rounds, say, signal });
      rows.push(...(await measureNode(chain, { blocks, say })), ...indexed);
    }
  } finally {
    await chain.node.stop();
  }
  return [...(await measureRecording(chain.recording, options)), ...rows];
}

/** Alone on the machine, as far as it goes: the node has ended. */
async function measureRecording(recording: Recording, options: KeeperBenchOptions): Promise<Row[]> {
  const { rounds, sizes, blocksHeld, say } = options;
  const replay = await measureReplay(recording, { rounds, say });
  return [...replay, ...(await measureVerdict(recording, { sizes, blocksHeld, say }))];
}
