import { wait } from "../../../keeper/chain/sources/wait.ts";
import type { CommandContext } from "../../../keeper/commands/CommandContext.ts";
import type { Address } from "../../../keeper/lib/hex.ts";
import { addressOf, developmentWallet, ROLES } from "../../local/accounts.ts";
import { callNode } from "../../local/callNode.ts";
import { deployLockstep } from "../../local/deployLockstep.ts";
import type { LocalChain } from "../../local/LocalChain.ts";
import { Market } from "../../local/Market.ts";
import { startNode, type LocalNode } from "../../local/startNode.ts";
import type { StageOptions } from "../Stage.ts";
import { waitUntil } from "../waitUntil.ts";
import { FleetKeeper } from "./FleetKeeper.ts";
import { freePorts } from "./freePorts.ts";
import { must } from "./must.ts";

/** Development accounts of the keepers' keys; the first keeper is the one that the deployment lets in. */
const ATTESTERS = [ROLES.attester, 12, 13, 14] as const;
const PAUSERS = [ROLES.pauser, 15, 16, 17] as const;
/** Shorter than the age at which a checkpoint is stale: nothing else ends when the clock jumps over it. */
const COOL_DOWN_SECONDS = 600;
const BLOCK_MS = 300;
const TRAFFIC_INTERVAL_MS = 400;
const POLL_MS = 20;
const PATIENCE_MS = 20_000;

/** How a fleet is started. */
export type FleetOptions = Pick<StageOptions, "chain" | "seed" | "say">;

/** A local chain with the flawed protocol, market traffic, and four keepers that exchange signatures over HTTP. */
export class Fleet {
  readonly node: LocalNode;
  readonly market: Market;
  readonly keepers: readonly FleetKeeper[];
  readonly #context: CommandContext;
  readonly #end: AbortController;
  readonly #newcomers: FleetKeeper[] = [];
  readonly #background: readonly Promise<void>[];

  private constructor(
    context: CommandContext,
    parts: { node: LocalNode; market: Market; keepers: readonly FleetKeeper[]; end: AbortController },
  ) {
    this.#context = context;
    this.node = parts.node;
    this.market = parts.market;
    this.keepers = parts.keepers;
    this.#end = parts.end;
    const { signal } = parts.end;
    this.#background = [
      parts.market.start(signal, { intervalMs: TRAFFIC_INTERVAL_MS }),
      mineBlocks(parts.node.url, signal),
    ];
  }

  get chain(): LocalChain {
    return this.market.chain;
  }

  /** Ends every wait. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Attest keys of the keepers' set, ascending, as the contracts have them. */
  get members(): readonly Address[] {
    return ATTESTERS.map((index) => addressOf(developmentWallet(index))).sort();
  }

  /** Starts everything. What had started is ended when something does not start. */
  static async open({ chain, seed, say }: FleetOptions, context: CommandContext): Promise<Fleet> {
    const end = new AbortController();
    context.signal.addEventListener("abort", () => end.abort(), { once: true });
    say(`starting ${chain}, deploying FlawedLockstep`);
    const node = await startOwnNode(chain, context.signal);
    const keepers: FleetKeeper[] = [];
    try {
      const parameters = { joinDelaySeconds: 0, coolDownSeconds: COOL_DOWN_SECONDS };
      const deployment = await deployLockstep({ url: node.url, module: "FlawedLockstep", parameters, log: say });
      const market = new Market({ url: node.url, deployment, seed, log: () => undefined });
      await market.prepare();
      await letKeepersIn(market.chain);
      await callNode(node.url, "evm_setAutomine", [false]);
      say("starting four keepers");
      keepers.push(...(await startKeepers(node, market.chain, context)));
      return new Fleet(context, { node, market, keepers, end });
    } catch (error: unknown) {
      end.abort();
      for (const keeper of keepers) await keeper.stop();
      await node.stop();
      throw error;
    }
  }

  /**
   * A fifth keeper that has nothing: no data, no keys, no peers; it watches.
   *
   * @param proofDepth blocks below the head whose proofs it asks for; older ones it replays
   */
  async startNewcomer(proofDepth: number): Promise<FleetKeeper> {
    const options = {
      ...{ sources: [this.node.wsUrl], deployment: this.chain.deployment },
      ...{ mayPause: false, mayAttest: false, flags: { mode: "watch", proofDepth: String(proofDepth) } },
    };
    const newcomer = await FleetKeeper.start("newcomer", null, options, this.#context.wallNow);
    this.#newcomers.push(newcomer);
    return newcomer;
  }

  /** Waits for a condition; throws `DrillTimeout` with its name when it does not come about. */
  async until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
    await waitUntil(what, isTrue, { patienceMs: PATIENCE_MS, pollMs: POLL_MS, signal: this.signal });
  }

  /** Waits until all keepers are in sync. */
  async untilInSync(): Promise<void> {
    await this.until("all keepers are in sync", () => {
      return this.keepers.every(({ running }) => running.service.status.state === "IN_SYNC");
    });
  }

  /** When the first keeper heard of a block, monotonic milliseconds: waits until one has judged it. */
  async announcedAt(block: number): Promise<number> {
    const moments = (): number[] => {
      const reports = this.keepers.flatMap((keeper) => keeper.all("block").map(({ effect }) => effect.report));
      return reports.flatMap(({ number, headAtMs }) => (number === block ? [headAtMs] : []));
    };
    await this.until(`a keeper judges block ${block}`, () => moments().length > 0);
    return Math.min(...moments());
  }

  /** Waits until the chain has a block of this height. */
  async untilHead(number: number): Promise<void> {
    await this.until(`block ${number} is mined`, async () => (await this.chain.readHead()).number >= number);
  }

  /** Waits until a checkpoint of a block at or above `number` is the newest. */
  async untilCheckpointed(number: number): Promise<void> {
    await this.until(`block ${number} has a checkpoint`, async () => {
      const [newest] = await this.chain.read([{ contract: "CheckpointRegistry", fn: "newestNumber" }]);
      return (newest as bigint) >= BigInt(number);
    });
  }

  /** Lets the chain's clock jump to a time, seconds; the contracts count by nothing else. */
  async skipTo(timestamp: number): Promise<void> {
    const { timestamp: now } = await this.chain.readHead();
    if (now < timestamp) await callNode(this.node.url, "evm_increaseTime", [timestamp - now]);
    await this.until(`the chain's clock shows ${timestamp}`, async () => {
      return (await this.chain.readHead()).timestamp >= timestamp;
    });
  }

  /** Ends everything, in reverse order of start. */
  async close(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#background);
    for (const keeper of [...this.#newcomers, ...this.keepers]) await keeper.stop();
    await this.node.stop();
  }
}

/** The signal ends the start only: a node that runs is ended after those who use it. */
async function startOwnNode(chain: StageOptions["chain"], signal: AbortSignal): Promise<LocalNode> {
  const starting = new AbortController();
  const onAbort = (): void => starting.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  try {
    return await startNode({ chain, port: 0, host: "127.0.0.1", signal: starting.signal });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function startKeepers(node: LocalNode, chain: LocalChain, { wallNow }: CommandContext): Promise<FleetKeeper[]> {
  const ports = await freePorts(ATTESTERS.length);
  const started = await Promise.allSettled(
    ports.map((apiPort, index) => {
      const peers = ports.flatMap((port, other) => (other === index ? [] : [`k${other}|http://127.0.0.1:${port}`]));
      const attester = developmentWallet(ATTESTERS[index] ?? 0);
      const flags = {
        attestKey: attester.privateKey,
        pauseKey: developmentWallet(PAUSERS[index] ?? 0).privateKey,
        peers: peers.join(","),
        keeperName: `keeper-${index}`,
      };
      const { deployment } = chain;
      const options = { sources: [node.wsUrl], deployment, checkpointIntervalSeconds: 2, apiPort, flags };
      return FleetKeeper.start(`keeper ${index}`, attester, options, wallNow);
    }),
  );
  const keepers = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = started.find((result) => result.status === "rejected");
  if (failed === undefined) return keepers;
  for (const keeper of keepers) await keeper.stop();
  throw failed.reason;
}

/** Governance approves, and the deployer bonds, the keepers that the deployment has not let in. */
async function letKeepersIn(chain: LocalChain): Promise<void> {
  const admin = developmentWallet(ROLES.deployer);
  const [bond] = await chain.read([{ contract: "KeeperRegistry", fn: "BOND" }]);
  const total = (bond as bigint) * BigInt(ATTESTERS.length - 1);
  await must(chain, admin, "BondToken", "mint", [addressOf(admin), total]);
  await must(chain, admin, "BondToken", "approve", [chain.address("KeeperRegistry"), total]);
  for (const [index, attester] of ATTESTERS.entries()) {
    if (index === 0) continue;
    const key = addressOf(developmentWallet(attester));
    const pauser = addressOf(developmentWallet(PAUSERS[index] ?? 0));
    await must(chain, admin, "KeeperRegistry", "approve", [key, pauser, addressOf(admin)]);
    await must(chain, admin, "KeeperRegistry", "bond", [key]);
    await must(chain, admin, "KeeperRegistry", "activate", [key]);
  }
}

/** A block at a time, until the signal. Never rejects: a node that is gone is the drill's trouble, not the miner's. */
async function mineBlocks(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await callNode(url, "evm_mine").catch(() => undefined);
    await wait(BLOCK_MS, signal);
  }
}
