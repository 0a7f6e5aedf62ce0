import { assert } from "../../keeper/lib/assert.ts";
import type { BlockReport } from "../../keeper/loop/ports.ts";
import type { Logger } from "../../keeper/telemetry/log.ts";
import { startLocalKeeper } from "../../scripts/local/LocalKeeper.ts";
import type { RecordedChain } from "./recordChain.ts";
import { median, quantile, type IndexRow, type NodeRow } from "./Row.ts";

interface Judged {
  readonly report: BlockReport;
  readonly atMs: number;
}

/** Blocks before those that are measured. */
const WARM_BLOCKS = 3;
const DEADLINE_MS = 120_000;
const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT,
};

/**
 * A whole keeper beside the node, with its journal on disk: how long it takes to catch up with the chain, and then from each block
 * mined to its verdict. It proves the newest block only while it catches up: what more would cost is the node's time.
 */
export async function measureNode(
  { node, recording, traffic }: RecordedChain,
  { blocks, say }: { readonly blocks: number; readonly say: (line: string) => void },
): Promise<(NodeRow | IndexRow)[]> {
  const waiting = new Map<number, (judged: Judged) => void>();
  const judged = new Map<number, Judged>();
  const startedMs = performance.now();
  const keeper = await startLocalKeeper({
    ...{ sources: [node.wsUrl], deployment: recording.deployment, log: SILENT, mayPause: false },
    flags: { mode: "watch", proofDepth: "1" },
    onEffect: (effect, atMs) => {
      if (effect.type !== "block") return;
      judged.set(effect.report.number, { report: effect.report, atMs });
      waiting.get(effect.report.number)?.({ report: effect.report, atMs });
    },
  });
  const waitFor = (number: number): Promise<Judged> => {
    const { promise, resolve, reject } = Promise.withResolvers<Judged>();
    const timer = setTimeout(() => reject(new Error(`block ${number} is not judged`)), DEADLINE_MS);
    waiting.set(number, (found) => {
      clearTimeout(timer);
      resolve(found);
    });
    const found = judged.get(number);
    if (found !== undefined) waiting.get(number)?.(found);
    return promise;
  };
  try {
    const head = await traffic.headNumber();
    const { atMs } = await waitFor(head);
    const seconds = (atMs - startedMs) / 1_000;
    say(`node: caught up with ${recording.events} events in ${seconds.toFixed(1)} s`);
    const stages = { node: [] as number[], keeper: [] as number[], total: [] as number[] };
    for (let block = 0; block < WARM_BLOCKS + blocks; block += 1) {
      await traffic.tradeBlock();
      const { report, atMs: judgedMs } = await waitFor(head + block + 1);
      assert(report.verdict.kind === "InSync", `block ${report.number} is in sync, not ${report.verdict.kind}`);
      if (block < WARM_BLOCKS) continue;
      // The node announces a block before it answers that it has mined it, or after.
      const minedMs = Math.min(traffic.minedAtMs, report.headAtMs);
      stages.node.push(report.factsAtMs - minedMs);
      stages.keeper.push(judgedMs - report.factsAtMs);
      stages.total.push(judgedMs - minedMs);
    }
    const row = (stage: NodeRow["stage"], ms: readonly number[]): NodeRow => {
      return { kind: "node", stage, samples: ms.length, medianMs: median(ms), p90Ms: quantile(ms, 0.9) };
    };
    const { events } = recording;
    return [
      row("mined to verdict", stages.total),
      row("of it the node", stages.node),
      row("of it the keeper", stages.keeper),
      {
        ...{ kind: "index", system: "lockstep, the whole keeper", events, seconds, eventsPerSecond: events / seconds },
        ...{ job: "its own start and catch-up; roots of the newest block", cpuSeconds: null, total: null },
      },
    ];
  } finally {
    await keeper.stop();
  }
}
