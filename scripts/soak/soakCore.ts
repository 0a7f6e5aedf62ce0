import { POLICY_DEFAULTS } from "../../keeper/domain/policy.ts";
import { profileOf } from "../../keeper/domain/chainProfile.ts";
import type { Immutables } from "../../keeper/domain/bookSet.ts";
import { Keeper } from "../../keeper/loop/Keeper.ts";
import type { KeeperOptions } from "../../keeper/loop/KeeperOptions.ts";
import type { Effect, Input } from "../../keeper/loop/ports.ts";
import { InventedChain, NOWHERE } from "./InventedChain.ts";
import { readVitals, type Vitals } from "./vitals.ts";

/** What became of the core. */
export interface CoreSoak {
  /** Blocks that were said to be in sync. */
  readonly inSync: number;
  /** One every `sampleBlocks` blocks. */
  readonly samples: readonly Vitals[];
}

const SOURCES = ["one", "two", "three"];
const BLOCK_MS = 12_000;
const GWEI = 1_000_000_000n;

const OPTIONS: KeeperOptions = {
  ...{ chainId: 1, chain: { ...profileOf(1, "local"), genesisHash: null }, hedgeMs: 60 },
  ...{ addresses: NOWHERE, immutables: {} as Immutables, deploymentBlock: 1 },
  sources: SOURCES.map((id) => ({ id, operator: id })),
  policy: {
    mode: "act",
    isLocalChain: false,
    allowSingleSource: false,
    checkpointIntervalSeconds: 300,
    ...POLICY_DEFAULTS,
  },
  ...{ pauser: null, attester: null, poster: null, signedRoots: new Map() },
  ...{ proofDepth: 64, requestDeadlineMs: 2_000, maxFeePerGas: 5_000n * GWEI },
};

/**
 * Lets the core alone follow a chain of empty blocks, a block every 12 seconds of its own time, and looks at the memory:
 * beyond the blocks that it keeps to take back, it must not grow.
 */
export async function soakCore(options: {
  readonly blocks: number;
  readonly sampleBlocks: number;
  readonly onSample?: (vitals: Vitals) => void;
}): Promise<CoreSoak> {
  const { blocks, sampleBlocks, onSample = () => undefined } = options;
  const chain = new InventedChain();
  const keeper = new Keeper(OPTIONS);
  const samples: Vitals[] = [];
  let inSync = 0;
  let nowMs = 1;

  const answerOf = (effect: Effect): Input | null => {
    if (effect.type === "block" && effect.report.verdict.kind === "InSync") inSync += 1;
    if (effect.type !== "request") return null;
    const answers = effect.calls.map(({ method, params }) => {
      return { ok: true, value: chain.answer(method, params) } as const;
    });
    return { type: "answers", id: effect.id, answers, nowMs };
  };
  const deliver = (...inputs: Input[]): void => {
    for (let input = inputs.shift(); input !== undefined; input = inputs.shift()) {
      inputs.push(
        ...keeper
          .step(input)
          .map(answerOf)
          .filter((answer) => answer !== null),
      );
    }
  };

  for (const source of SOURCES) deliver({ type: "source-up", source, nowMs });
  for (let done = 1; done <= blocks; done += 1) {
    const head = chain.grow();
    nowMs += BLOCK_MS;
    deliver({ type: "tick", nowMs, wallSeconds: chain.timestamp });
    for (const source of SOURCES) deliver({ type: "head", source, ...head, nowMs });
    if (done % sampleBlocks !== 0) continue;
    const vitals = await readVitals(done);
    samples.push(vitals);
    onSample(vitals);
  }
  return { inSync, samples };
}
