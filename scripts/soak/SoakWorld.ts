import { wait } from "../../keeper/chain/sources/wait.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { ChaosRpc } from "../chaos/ChaosRpc.ts";
import { callNode } from "../local/callNode.ts";
import { deployLockstep, type LockstepDeployment } from "../local/deployLockstep.ts";
import { Market } from "../local/Market.ts";
import { SeededRandom } from "../local/SeededRandom.ts";
import { startNode, type LocalNode } from "../local/startNode.ts";
import { FAULTS, type Fault } from "./faults.ts";
import type { Change } from "./FaultPlan.ts";

/** A block of the true chain. */
export interface Head {
  readonly number: number;
  readonly hash: Hash;
}

/** What a world is made with. */
export interface SoakWorldOptions {
  /** Between the timestamps of two blocks. */
  readonly blockSeconds: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** Share of blocks with something of the market in them. */
const TRAFFIC = 0.35;
/** Anvil mines a transaction sooner, or has not begun to. */
const REST_MS = 25;
const NEVER = new AbortController().signal;
/** So many blocks are made within the deadline of a call. */
const MINED_AT_ONCE = 100;
const TRUE_CHAIN = 0;
const TWIN_CHAIN = 1;
/** How the keeper reaches each of the sources. */
const TRANSPORTS = ["ws", "ws", "http"] as const;

/**
 * The protocol on an Anvil with light traffic, a twin of that Anvil, and the three sources before them, which fall ill
 * and recover.
 */
export class SoakWorld {
  readonly node: LocalNode;
  readonly deployment: LockstepDeployment;
  readonly proxies: readonly ChaosRpc[];
  /** What the market could not do, and should have been able to. */
  readonly marketErrors: string[] = [];
  marketActions = 0;
  reorgs = 0;
  readonly #twin: LocalNode;
  readonly #market: Market;
  readonly #random: SeededRandom;
  readonly #forked = new Set<number>();
  readonly #restarting = new Set<number>();

  private constructor(
    nodes: { readonly node: LocalNode; readonly twin: LocalNode },
    market: Market,
    proxies: readonly ChaosRpc[],
    random: SeededRandom,
  ) {
    this.node = nodes.node;
    this.#twin = nodes.twin;
    this.#market = market;
    this.deployment = market.chain.deployment;
    this.proxies = proxies;
    this.#random = random;
  }

  static async open({ blockSeconds, seed, signal }: SoakWorldOptions): Promise<SoakWorld> {
    const start = (): Promise<LocalNode> => startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal });
    const [node, twin] = await Promise.all([start(), start()]);
    const proxies: ChaosRpc[] = [];
    try {
      const deployment = await deployLockstep({ url: node.url, module: "Lockstep" });
      const market = new Market({ url: node.url, deployment, seed, log: () => undefined });
      await market.prepare();
      await callNode(node.url, "anvil_setBlockTimestampInterval", [blockSeconds]);
      await callNode(twin.url, "anvil_loadState", [await callNode(node.url, "anvil_dumpState")]);
      for (const [at] of TRANSPORTS.entries()) {
        proxies.push(await ChaosRpc.start({ upstreams: [node.url, twin.url], seed: seed + at }));
      }
      return new SoakWorld({ node, twin }, market, proxies, new SeededRandom(seed));
    } catch (error: unknown) {
      await Promise.all([...proxies.map((proxy) => proxy.close()), node.stop(), twin.stop()]);
      throw error;
    }
  }

  /** The sources as the keeper is told them, in their order. */
  get urls(): readonly string[] {
    return this.proxies.map((proxy, at) => (TRANSPORTS[at] === "ws" ? proxy.wsUrl : proxy.url));
  }

  async head(): Promise<Head> {
    const block = (await this.send("eth_getBlockByNumber", "latest", false)) as { number: string; hash: Hash };
    return { number: Number(block.number), hash: block.hash };
  }

  /** Hash of the block that the true chain has at a height now; null above its head. */
  async hashAt(number: number): Promise<Hash | null> {
    const block = await this.send("eth_getBlockByNumber", `0x${number.toString(16)}`, false);
    return (block as { readonly hash: Hash } | null)?.hash ?? null;
  }

  /** Makes one more block at least: with traffic in it, or empty. */
  async advance(): Promise<void> {
    if (this.#random.next() < TRAFFIC) {
      this.marketActions += 1;
      const line = await this.#market.step();
      if (!line.startsWith("error") && !line.startsWith("refused")) return;
      if (line.startsWith("error")) this.marketErrors.push(line);
    }
    await this.send("evm_mine");
  }

  /**
   * Replaces the newest blocks by as many empty ones and one more. Returns the hashes of those that are gone.
   *
   * Nothing is mined meanwhile: a transaction that Anvil takes in the middle of it lands in a block whose successor has
   * the state from before it, and the chain itself no longer is what its history implies.
   */
  async reorg(depth: number): Promise<readonly Hash[]> {
    await this.send("evm_setAutomine", false);
    const { number } = await this.#rested();
    const gone = await Promise.all(Array.from({ length: depth }, (_, at) => this.hashAt(number - at)));
    await this.send("anvil_reorg", depth, []);
    await this.send("evm_mine");
    await this.send("evm_setAutomine", true);
    this.reorgs += 1;
    return gone.filter((hash) => hash !== null);
  }

  /** The head, when what was being mined is mined. */
  async #rested(): Promise<Head> {
    let head = await this.head();
    for (;;) {
      await wait(REST_MS, NEVER);
      const next = await this.head();
      if (next.hash === head.hash) return next;
      head = next;
    }
  }

  /** Lets a source fall ill, or recover. */
  async change({ source, fault }: Change): Promise<void> {
    const proxy = this.proxies[source];
    if (proxy === undefined) return;
    if (this.#restarting.delete(source)) await proxy.goDown();
    await proxy.comeBack();
    proxy.clear();
    if (this.#forked.delete(source)) await proxy.setUpstream(TRUE_CHAIN);
    if (fault === null) return;
    const chosen: Fault = FAULTS[fault];
    if (chosen.kind === "dead") await proxy.goDown();
    else if (chosen.kind === "fork") {
      this.#forked.add(source);
      await this.keepUp();
      await proxy.setUpstream(TWIN_CHAIN);
    } else {
      proxy.setRules(TRANSPORTS[source] === "http" ? (chosen.http ?? chosen.ws) : chosen.ws);
      if (chosen.endsWithRestart === true) this.#restarting.add(source);
    }
  }

  /** While it is served, the twin's chain is as long as the true one, and one block longer. */
  async keepUp(): Promise<void> {
    if (this.#forked.size === 0) return;
    const [{ number }, height] = await Promise.all([this.head(), callNode(this.#twin.url, "eth_blockNumber")]);
    for (let missing = number + 1 - Number(height); missing > 0; missing -= MINED_AT_ONCE) {
      const count = Math.min(missing, MINED_AT_ONCE);
      await callNode(this.#twin.url, "anvil_mine", [`0x${count.toString(16)}`]);
    }
  }

  async send(method: string, ...params: readonly unknown[]): Promise<unknown> {
    return callNode(this.node.url, method, params);
  }

  async close(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    await Promise.all([this.node.stop(), this.#twin.stop()]);
  }
}
