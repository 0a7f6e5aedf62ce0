import { storage as ledger } from "../../keeper/books/generated/PositionLedger.ts";
import { wait } from "../../keeper/chain/sources/wait.ts";
import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import type { Effect } from "../../keeper/loop/ports.ts";
import { createLogger, type Logger } from "../../keeper/telemetry/log.ts";
import type { IncidentRecord } from "../../keeper/telemetry/IncidentRecord.ts";
import { tamperStorage } from "../../testing/chainControl.ts";
import { rpcAt } from "../../testing/Rpc.ts";
import { ChaosRpc } from "../chaos/ChaosRpc.ts";
import { callNode } from "../local/callNode.ts";
import type { LockstepDeployment, LockstepParameters } from "../local/deployLockstep.ts";
import { startLocalKeeper, type LocalKeeper, type LocalKeeperOptions } from "../local/LocalKeeper.ts";
import type { LocalChain } from "../local/LocalChain.ts";
import { Market } from "../local/Market.ts";
import { describeIncident, type ToldIncident } from "./describeIncident.ts";
import type { DrillAttempt, DrillReaction, DrillResult } from "./DrillResult.ts";
import { readEvents } from "./fullCycle/readEvents.ts";
import { openOwnGround, type Ground } from "./Ground.ts";
import { waitUntil } from "./waitUntil.ts";

/** How a drill is staged. */
export interface StageOptions {
  readonly chain: "hardhat" | "anvil";
  readonly module: "Lockstep" | "FlawedLockstep" | "LaxLockstep";
  readonly parameters?: LockstepParameters;
  /** Where the protocol runs already; default: a chain of the drill's own, after the three fields above. */
  readonly openGround?: (signal: AbortSignal) => Promise<Ground>;
  readonly seed: number;
  readonly views?: readonly string[];
  /** The keeper reads through so many proxies, each an operator of its own, instead of from the node. */
  readonly proxies?: number;
  /** Transactions go to the node by a relay as well. */
  readonly hasRelay?: boolean;
  /** The keeper has no key and can only look on. */
  readonly isWatching?: boolean;
  /** Further settings of the keeper. */
  readonly flags?: Readonly<Record<string, string>>;
  /** What protects is missing (a key, a source, a limit, the keeper itself): shows the harm that is done without it. */
  readonly isUnprotected?: boolean;
  /** How long a drill waits for what has to happen, milliseconds. */
  readonly patienceMs?: number;
  /** Told what happens, for people. */
  readonly say: (line: string) => void;
}

/** What the person or test that asks for a drill decides. */
export type DrillChoice = Pick<StageOptions, "chain" | "openGround" | "seed" | "isUnprotected" | "patienceMs" | "say">;

/** An account, and the quote that it is given without an event, 1e-18. */
export interface Corruption {
  readonly account: Hash;
  readonly quote: bigint;
}

const TRAFFIC_INTERVAL_MS = 250;
const PATIENCE_MS = 20_000;
const POLL_MS = 20;

type Keys = Pick<LocalKeeperOptions, "mayPause" | "mayAttest">;
const NO_KEYS: Keys = { mayPause: false, mayAttest: false };

/** The protocol with market traffic and a real keeper, on which one scenario is staged. */
export class Stage {
  readonly ground: Ground;
  readonly market: Market;
  /** In front of the node, one for each source of the keeper; empty where it reads from the node. */
  readonly proxies: readonly ChaosRpc[];
  readonly effects: Effect[] = [];
  readonly #options: StageOptions;
  readonly #context: CommandContext;
  readonly #end: AbortController;
  readonly #others: LocalKeeper[] = [];
  #quiet = new AbortController();
  readonly #reactions: DrillReaction[] = [];
  readonly #startBlock: number;
  #traffic: Promise<void> = Promise.resolve();
  #keeper: LocalKeeper | null = null;
  #struckAtMs = performance.now();

  private constructor(
    options: StageOptions,
    context: CommandContext,
    parts: { ground: Ground; market: Market; proxies: readonly ChaosRpc[]; end: AbortController; startBlock: number },
  ) {
    this.#options = options;
    this.#context = context;
    this.ground = parts.ground;
    this.market = parts.market;
    this.proxies = parts.proxies;
    this.#end = parts.end;
    this.#startBlock = parts.startBlock;
  }

  /** Starts everything and waits until the keeper is in sync and traffic flows. */
  static async open(options: StageOptions, context: CommandContext): Promise<Stage> {
    const { seed, say } = options;
    const end = new AbortController();
    context.signal.addEventListener("abort", () => end.abort(), { once: true });
    const open = options.openGround ?? ((signal: AbortSignal) => openOwnGround(options, signal, say));
    const ground = await open(end.signal);
    const proxies: ChaosRpc[] = [];
    let stage: Stage | null = null;
    try {
      const { url, deployment } = ground;
      const market = new Market({ url, deployment, seed, log: () => undefined, signal: end.signal });
      await market.prepare();
      for (let at = 0; at < (options.proxies ?? 0); at += 1) {
        proxies.push(await ChaosRpc.start({ upstreams: [ground.url], seed: seed + at }));
      }
      const { number: startBlock } = await market.chain.readHead();
      stage = new Stage(options, context, { ground, market, proxies, end, startBlock });
      await stage.#start();
      return stage;
    } catch (error: unknown) {
      end.abort();
      if (stage === null) {
        for (const proxy of proxies) await proxy.close();
        await ground.close();
      } else await stage.close();
      throw error;
    }
  }

  get keeper(): LocalKeeper {
    if (this.#keeper === null) throw new KeeperError("DrillFailed", "the keeper does not run");
    return this.#keeper;
  }

  get chain(): LocalChain {
    return this.market.chain;
  }

  get url(): string {
    return this.ground.url;
  }

  get deployment(): LockstepDeployment {
    return this.ground.deployment;
  }

  get accountNumber(): bigint {
    return this.ground.accountNumber;
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** How long it waits for what has to happen, milliseconds. */
  get patienceMs(): number {
    return this.#options.patienceMs ?? PATIENCE_MS;
  }

  // What happens

  /** From now on the keeper has no key, and can only look on. */
  async disarm(): Promise<void> {
    await this.stopKeeper();
    this.#keeper = await this.#startKeeper(NO_KEYS);
    await this.#untilInSync();
  }

  /** From now on there is no keeper. */
  async stopKeeper(): Promise<void> {
    const keeper = this.#keeper;
    this.#keeper = null;
    await keeper?.stop();
  }

  /** One more keeper of the same protocol, with the keys that these settings name. */
  async join(keys: Readonly<Record<string, string>>): Promise<LocalKeeper> {
    const keeper = await startLocalKeeper({
      ...{ sources: [this.ground.wsUrl], deployment: this.deployment, log: this.#log(), ...NO_KEYS },
      flags: keys,
    });
    this.#others.push(keeper);
    return keeper;
  }

  /** The chain's clock jumps by so many seconds. */
  async skip(seconds: number): Promise<void> {
    await callNode(this.url, "evm_increaseTime", [seconds]);
    await callNode(this.url, "evm_mine");
  }

  /** From now on nobody trades, and the chain stands still by itself. */
  async silence(): Promise<void> {
    this.#quiet.abort();
    await this.#traffic;
  }

  /**
   * Does something while nobody trades and the keeper has judged the newest block. What is written into a node's state has to be done
   * so: the node proves the block before it wrongly from then on.
   */
  async whileStill(act: () => Promise<void>): Promise<void> {
    await this.silence();
    const { number } = await this.chain.readHead();
    const { status } = this.keeper.service;
    await this.until(`block ${number} is judged`, () => (status.lastReport?.number ?? 0) >= number);
    await act();
    this.#trade();
  }

  /** Something is broken now: reactions count from here. */
  strike(what: string): void {
    this.#options.say(what);
    this.#struckAtMs = performance.now();
  }

  /** Something was done about it just now. */
  react(what: string): void {
    this.#reactions.push({ what, ms: Math.round(performance.now() - this.#struckAtMs) });
  }

  /** Gives an account a balance that no event explains, by writing it into the node's state, and mines the block. */
  async corrupt({ account, quote }: Corruption): Promise<void> {
    const word = ledger.accounts.encode({ ...ledger.accounts.decode(0n), quote, isUsed: true });
    const slot = ledger.accounts.slot(account);
    await tamperStorage(rpcAt(this.url), { address: this.deployment.contracts.PositionLedger, slot, value: word });
  }

  // What is waited for

  /** Waits for a condition; throws `DrillTimeout` with its name when it does not come about. */
  async until(what: string, isTrue: () => boolean | Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
    await waitUntil(what, isTrue, { patienceMs, pollMs: POLL_MS, signal: this.#end.signal });
  }

  /** Waits for a reaction that has to come. Harmful if it does not. */
  async await(what: string, isTrue: () => boolean | Promise<boolean>): Promise<DrillAttempt> {
    try {
      await this.until(what, isTrue, this.patienceMs);
    } catch (error: unknown) {
      if (!KeeperError.is(error, "DrillTimeout")) throw error;
      return { what, outcome: `not within ${this.patienceMs} ms`, isHarmless: false };
    }
    this.react(what);
    return { what, outcome: `after ${this.#reactions.at(-1)?.ms ?? 0} ms`, isHarmless: true };
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
    const { isHarmless } = await this.await("the pause is proven", () => find() !== undefined);
    const isDone = (): boolean => find()?.cause === "view-diverged" || find()?.isLocated === true;
    if (isHarmless) await this.until("the slots are located", isDone, 3_000).catch(() => undefined);
    return find() ?? null;
  }

  // What came of it

  /** Soft pauses that took effect since the drill began. */
  async countPauses(): Promise<number> {
    return (await readEvents(this.chain, "SyncGuard", "SoftPaused", this.#startBlock)).length;
  }

  /** The result where a pause is due: contained only if there is one, and every attempt afterwards was harmless. */
  result(scenario: string, incident: ToldIncident | null, attempts: readonly DrillAttempt[]): DrillResult {
    const isHarmless = attempts.length > 0 && attempts.every((attempt) => attempt.isHarmless);
    const contained = incident?.containedIn != null && isHarmless;
    const described = this.#described(incident);
    return {
      scenario,
      expects: "pause",
      contained,
      ...described,
      reactions: this.#reactions,
      attempts,
      restored: null,
    };
  }

  /** The result where nobody may pause: contained only if nobody did, and everything else is as it has to be. */
  async calmResult(scenario: string, attempts: readonly DrillAttempt[]): Promise<DrillResult> {
    const [pauses, incidents] = [
      await this.countPauses(),
      [...(this.#keeper?.service.status.incidents.values() ?? [])],
    ];
    const all = [
      ...attempts,
      { what: "pauses on chain", outcome: String(pauses), isHarmless: pauses === 0 },
      { what: "incidents of the keeper", outcome: String(incidents.length), isHarmless: incidents.length === 0 },
    ];
    const contained = all.every(({ isHarmless }) => isHarmless);
    const described = { ...this.#described(incidents[0] ?? null), reactions: this.#reactions };
    return { scenario, expects: "no-pause", contained, ...described, attempts: all, restored: null };
  }

  /** Ends everything in reverse order of start; whether a test deployment is as it was, see {@link Ground.close}. */
  async close(): Promise<boolean | null> {
    this.#end.abort();
    try {
      for (const other of this.#others) await other.stop();
      await this.stopKeeper();
      for (const proxy of this.proxies) await proxy.close();
      await this.#traffic;
    } catch (error: unknown) {
      await this.ground.close();
      throw error;
    }
    return this.ground.close();
  }

  #described(incident: ToldIncident | null): ReturnType<typeof describeIncident> {
    const last = this.#keeper?.service.status.lastReport?.verdict.kind ?? "Unknown";
    return describeIncident(this.effects, incident, last);
  }

  async #start(): Promise<void> {
    this.#keeper = await this.#startKeeper(this.#options.isWatching === true ? NO_KEYS : {});
    this.#trade();
    this.#options.say("keeper and market traffic are running");
    await this.#untilInSync();
  }

  #trade(): void {
    this.#quiet = new AbortController();
    this.#traffic = this.#tradeUntil(AbortSignal.any([this.#quiet.signal, this.#end.signal]));
  }

  /** Not the market's own loop, which ends for good when it ends. */
  async #tradeUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.market.step();
      await wait(TRAFFIC_INTERVAL_MS, signal);
    }
  }

  async #untilInSync(): Promise<void> {
    await this.until("the keeper is in sync", () => this.keeper.service.status.state === "IN_SYNC");
  }

  #log(): Logger {
    return createLogger({ level: "error", output: { write: () => true }, now: this.#context.wallNow });
  }

  #startKeeper(keys: Keys): Promise<LocalKeeper> {
    const { views, hasRelay, flags } = this.#options;
    const { wsUrl, url, deployment, keyEnv } = this.ground;
    return startLocalKeeper({
      sources: this.proxies.length === 0 ? [wsUrl] : this.proxies.map((proxy) => proxy.wsUrl),
      deployment,
      log: this.#log(),
      checkpointIntervalSeconds: 1,
      ...keys,
      ...(keys.mayPause === false ? {} : { env: keyEnv }),
      ...(views === undefined ? {} : { views }),
      flags: { ...(hasRelay === true ? { relays: url } : {}), ...flags },
      onEffect: (effect) => this.effects.push(effect),
    });
  }
}

/** Opens a stage, lets one scenario happen on it, and closes it. */
export async function onStage(
  options: StageOptions,
  context: CommandContext,
  happen: (stage: Stage) => Promise<DrillResult>,
): Promise<DrillResult> {
  const stage = await Stage.open(options, context);
  let result: DrillResult;
  try {
    result = await happen(stage);
  } catch (error: unknown) {
    await stage.close();
    throw error;
  }
  return { ...result, restored: await stage.close() };
}
