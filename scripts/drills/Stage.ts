import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { Effect } from "../../keeper/loop/ports.ts";
import { createLogger } from "../../keeper/telemetry/log.ts";
import { stageTimes, type IncidentRecord } from "../../keeper/telemetry/IncidentRecord.ts";
import { wait } from "../../keeper/chain/sources/wait.ts";
import { deployLockstep, type LockstepDeployment } from "../local/deployLockstep.ts";
import { startLocalKeeper, type LocalKeeper, type LocalKeeperOptions } from "../local/LocalKeeper.ts";
import type { LocalChain } from "../local/LocalChain.ts";
import { Market } from "../local/Market.ts";
import { startNode, type LocalNode } from "../local/startNode.ts";
import type { DrillAttempt, DrillResult, DrillSlot } from "./DrillResult.ts";

/** How a drill is staged. */
export interface StageOptions {
  readonly chain: "hardhat" | "anvil";
  readonly module: "Lockstep" | "FlawedLockstep" | "LaxLockstep";
  readonly seed: number;
  readonly views?: readonly string[];
  /** The keeper has no pause key: shows the harm that is done without it. */
  readonly isUnprotected?: boolean;
  /** How long a drill waits for the incident to be contained. */
  readonly patienceMs?: number;
  /** Told what happens, for people. */
  readonly say: (line: string) => void;
}

const TRAFFIC_INTERVAL_MS = 250;
const PATIENCE_MS = 20_000;
const POLL_MS = 20;

/** Starts the keeper with some of its keys, or with none. */
type StartKeeper = (keys: Pick<LocalKeeperOptions, "mayPause" | "mayAttest">) => Promise<LocalKeeper>;

/** A local chain with the protocol, market traffic and a real keeper, on which one scenario is staged. */
export class Stage {
  readonly node: LocalNode;
  readonly deployment: LockstepDeployment;
  readonly market: Market;
  readonly #start: StartKeeper;
  #keeper: LocalKeeper;
  readonly effects: Effect[];
  readonly #end: AbortController;
  readonly #patienceMs: number;
  readonly #traffic: Promise<void>;

  private constructor(parts: {
    node: LocalNode;
    deployment: LockstepDeployment;
    market: Market;
    keeper: LocalKeeper;
    start: StartKeeper;
    effects: Effect[];
    end: AbortController;
    patienceMs: number;
  }) {
    this.node = parts.node;
    this.deployment = parts.deployment;
    this.market = parts.market;
    this.#keeper = parts.keeper;
    this.#start = parts.start;
    this.effects = parts.effects;
    this.#end = parts.end;
    this.#patienceMs = parts.patienceMs;
    this.#traffic = parts.market.start(parts.end.signal, { intervalMs: TRAFFIC_INTERVAL_MS });
  }

  get keeper(): LocalKeeper {
    return this.#keeper;
  }

  /** From now on the keeper has no key, and can only look on. */
  async disarm(): Promise<void> {
    await this.#keeper.stop();
    this.#keeper = await this.#start({ mayPause: false, mayAttest: false });
    await this.until("the keeper is in sync", () => this.#keeper.service.status.state === "IN_SYNC");
  }

  get chain(): LocalChain {
    return this.market.chain;
  }

  /** Starts everything and waits until the keeper is in sync and traffic flows. */
  static async open(options: StageOptions, context: CommandContext): Promise<Stage> {
    const { chain, module, seed, say } = options;
    const end = new AbortController();
    context.signal.addEventListener("abort", () => {
      end.abort();
    });
    say(`starting a ${chain} node, deploying ${module}`);
    const node = await startNode({ chain, port: 0, host: "127.0.0.1", signal: end.signal });
    try {
      const deployment = await deployLockstep({ url: node.url, module, log: say });
      const market = new Market({ url: node.url, deployment, seed, log: () => undefined });
      await market.prepare();
      const effects: Effect[] = [];
      const start: StartKeeper = (keys) =>
        startLocalKeeper({
          sources: [node.wsUrl],
          deployment,
          log: createLogger({ level: "error", output: { write: () => true }, now: context.wallNow }),
          checkpointIntervalSeconds: 1,
          ...keys,
          ...(options.views === undefined ? {} : { views: options.views }),
          onEffect: (effect) => effects.push(effect),
        });
      const keeper = await start({});
      say("keeper and market traffic are running");
      const patienceMs = options.patienceMs ?? PATIENCE_MS;
      const stage = new Stage({ node, deployment, market, keeper, start, effects, end, patienceMs });
      await stage.until("the keeper is in sync", () => keeper.service.status.state === "IN_SYNC");
      return stage;
    } catch (error: unknown) {
      end.abort();
      await node.stop();
      throw error;
    }
  }

  /** Waits for a condition; throws `DrillTimeout` with its name when it does not come about. */
  async until(what: string, isTrue: () => boolean | Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
    for (let waitedMs = 0; !(await isTrue()); waitedMs += POLL_MS) {
      if (waitedMs >= patienceMs || this.#end.signal.aborted) {
        throw new KeeperError("DrillTimeout", `waited ${waitedMs} ms in vain until ${what}`, { what });
      }
      await wait(POLL_MS, this.#end.signal);
    }
  }

  /** Waits until a checkpoint of a block at or above `number` is the newest. */
  async untilCheckpointed(number: number): Promise<void> {
    await this.until(`block ${number} has a checkpoint`, async () => {
      const [newest] = await this.chain.read([{ contract: "CheckpointRegistry", fn: "newestNumber" }]);
      return (newest as bigint) >= BigInt(number);
    });
  }

  /** Waits until an incident is contained, and located as far as it can be, and returns it; null if it is not. */
  async untilContained(): Promise<IncidentRecord | null> {
    const find = (): IncidentRecord | undefined =>
      [...this.keeper.service.status.incidents.values()].find(({ containedIn }) => containedIn !== null);
    try {
      await this.until("the incident is contained", () => find() !== undefined, this.#patienceMs);
      const isDone = (): boolean => find()?.cause === "view-diverged" || find()?.isLocated === true;
      await this.until("the slots are located", isDone, 3_000).catch(() => undefined);
    } catch (error: unknown) {
      if (!KeeperError.is(error, "DrillTimeout")) throw error;
    }
    return find() ?? null;
  }

  /** The result of the drill: contained only if every attempt afterwards was harmless. */
  result(
    scenario: string,
    incident: IncidentRecord | null,
    attempts: readonly DrillAttempt[],
    divergentBlock = incident?.blockNumber ?? null,
  ): DrillResult {
    const judged = this.effects.find((effect) => effect.type === "block" && effect.report.verdict.kind === "Diverged");
    const foundIn = judged?.type === "block" ? judged.report.number : (incident?.blockNumber ?? null);
    const last = this.keeper.service.status.lastReport?.verdict.kind ?? "Unknown";
    const verdict = incident?.cause === "view-diverged" ? "ViewDiverged" : judged === undefined ? last : "Diverged";
    const blocksSince = (block: number | null | undefined): number | null =>
      block == null || divergentBlock === null ? null : block - divergentBlock;
    const stages = incident === null ? null : stageTimes(incident);
    const round = (value: number | null | undefined): number | null =>
      value == null ? null : Math.round(value * 100) / 100;
    return {
      scenario,
      contained: incident?.containedIn != null && attempts.length > 0 && attempts.every(({ isHarmless }) => isHarmless),
      verdict,
      cause: incident?.cause ?? "none",
      located: incident?.cause === "view-diverged" ? this.#phantoms() : (incident?.located ?? []).map(shapeOf),
      blocks: { detect: blocksSince(foundIn), pause: blocksSince(incident?.containedIn) },
      ms: {
        detect: round(stages?.detect),
        decide: round(stages?.decide),
        broadcast: round(stages?.broadcast),
        include: round(stages?.include),
        node: round(stages?.node),
      },
      attempts,
    };
  }

  /** The rows of a view that the chain does not back, in the shape of located slots. */
  #phantoms(): DrillResult["located"] {
    const compared = this.effects.find(
      (effect) => effect.type === "view-compared" && effect.comparison.kind === "different",
    );
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

  async close(): Promise<void> {
    this.#end.abort();
    await this.keeper.stop();
    await this.node.stop();
    await this.#traffic;
  }
}

function shapeOf({ contract, variable, account, cause, before, after }: DrillSlot): DrillSlot {
  return { contract, variable, account, cause, before, after };
}
