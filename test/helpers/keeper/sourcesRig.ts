import { expect } from "chai";
import { watchKeeper } from "../scenarioFacts.ts";

import type { SourceReport } from "../../../keeper/chain/agree/SourceBoard.ts";
import type { Keeper } from "../../../keeper/loop/Keeper.ts";
import type { BlockReport, Effect } from "../../../keeper/loop/ports.ts";
import { ChaosRpc, type ChaosRpcOptions } from "../../../scripts/chaos/ChaosRpc.ts";
import type { Rule } from "../../../scripts/chaos/Rule.ts";
import { startLocalKeeper, type LocalKeeper } from "../../../scripts/local/LocalKeeper.ts";
import type { LocalWorld } from "./LocalWorld.ts";
import { readBlock, readHeadOf, type Head } from "../../../testing/Rpc.ts";
import { Seen } from "../../../testing/Seen.ts";
import { SILENT } from "../silentLog.ts";

/** How a keeper reaches its sources. */
export interface SourcesRigOptions {
  /** One for each source, of an operator of its own: `operator-1`, … */
  readonly transports: readonly ("http" | "ws")[];
  /** Nodes behind every proxy; the world's own first, unless given. */
  readonly upstreams?: readonly string[];
  /** In place of the world's node behind the first proxy. */
  readonly upstreamOfLiar?: string;
  /** Of the first source, from the start. */
  readonly rules?: ChaosRpcOptions["rules"];
  /** Default 1. */
  readonly checkpointIntervalSeconds?: number;
  /** Further settings of the keeper. */
  readonly flags?: (proxies: readonly ChaosRpc[]) => Readonly<Record<string, string>>;
  /** Of everything that the proxies leave to chance. */
  readonly seed?: number;
}

const DEADLINE_MS = 20_000;
const LOOK_MS = 10;
const MAX_TRADES = 12;
const SETTLE_MS = 100;

/** All that a keeper asks: no filter, no logs, no value without its proof. */
const ASKED = new Set([
  ...["eth_chainId", "eth_getBlockByNumber", "eth_getBlockByHash", "eth_getBlockReceipts", "eth_getTransactionReceipt"],
  // Of what the contracts hold in their code, once, and of custody that no proof tells: by k operators.
  ...["eth_getProof", "eth_subscribe", "eth_sendRawTransaction", "eth_call"],
]);

/** The first source is the liar, and speaks first: the others' heads come so much later. */
export const LATE: Rule = { method: "eth_subscription", action: "delay", ms: 20 };
/** The same where the first source is asked for its head from time to time, and does not push it. */
const LATER: Rule = { ...LATE, ms: 400 };

/** Of no use for blocks, and alive: what is asked by number tells that. */
const BUSY: readonly Rule[] = ["eth_getBlockByHash", "eth_getBlockReceipts", "eth_getProof"].map((method) => {
  return { method, action: "error", code: -32_603, message: "internal error" };
});

/** A keeper as a service that knows its world only through proxies that lie. */
export class SourcesRig {
  readonly world: LocalWorld;
  readonly proxies: readonly ChaosRpc[];
  readonly effects: Effect[] = [];
  #local: LocalKeeper | null = null;
  readonly #late: Rule;

  private constructor(world: LocalWorld, proxies: readonly ChaosRpc[], isLiarPolled: boolean) {
    this.world = world;
    this.proxies = proxies;
    this.#late = isLiarPolled ? LATER : LATE;
  }

  /** Starts the proxies and the keeper behind them; all is stopped again when that, or what is prepared then, fails. */
  static async start(
    world: LocalWorld,
    options: SourcesRigOptions,
    prepare: (rig: SourcesRig) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<SourcesRig> {
    const { transports, upstreams = [world.node.url], rules = [], seed = 11, checkpointIntervalSeconds = 1 } = options;
    const { upstreamOfLiar } = options;
    const proxies: ChaosRpc[] = [];
    for (const index of transports.keys()) {
      const isLiar = index === 0;
      const behind = isLiar && upstreamOfLiar !== undefined ? [upstreamOfLiar] : upstreams;
      proxies.push(await ChaosRpc.start({ upstreams: behind, seed: seed + index, rules: isLiar ? rules : [] }));
    }
    const rig = new SourcesRig(world, proxies, transports[0] === "http");
    watchKeeper("a daemon's parts on Anvil", rig.effects);
    try {
      const sources = proxies.map(({ url, wsUrl }, index) => (transports[index] === "http" ? url : wsUrl));
      rig.#local = await startLocalKeeper({
        sources,
        deployment: world.market.chain.deployment,
        log: SILENT,
        checkpointIntervalSeconds,
        // What readiness asks is each source's own claim, and no part of what is tried here.
        flags: { readinessBlocks: "0", ...options.flags?.(proxies) },
        onEffect: (effect) => rig.effects.push(effect),
      });
      await prepare(rig);
      return rig;
    } catch (error: unknown) {
      await rig.stop();
      throw error;
    }
  }

  /** Three sources over WebSocket, of which the first speaks first; up to date. */
  static async startThree(world: LocalWorld, options: Partial<SourcesRigOptions> = {}): Promise<SourcesRig> {
    return SourcesRig.start(world, { transports: ["ws", "ws", "ws"], ...options }, (rig) => {
      for (const proxy of rig.proxies.slice(1)) proxy.setRules([rig.#late]);
      return rig.untilInSync();
    });
  }

  /** One source, up to date. */
  static async startOne(world: LocalWorld, options: Partial<SourcesRigOptions> = {}): Promise<SourcesRig> {
    return SourcesRig.start(world, { transports: ["ws"], ...options }, (rig) => rig.untilInSync());
  }

  async stop(): Promise<void> {
    await this.#local?.stop();
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }

  get keeper(): Keeper {
    return this.#local!.service.keeper;
  }

  /** The proxy before the source that lies. */
  get liar(): ChaosRpc {
    return this.proxies[0]!;
  }

  /** What operators see of a source, by its place. */
  source(index: number): SourceReport {
    return this.keeper.sources()[index]!;
  }

  /** What the keeper says and does from now on. */
  seen(): Seen {
    return new Seen(this.effects);
  }

  head(): Promise<Head> {
    return readHeadOf(this.world.rpc);
  }

  /** Looks until `condition` holds. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const endMs = performance.now() + DEADLINE_MS;
    const timer = setInterval(() => {
      if (condition()) resolve();
      else if (performance.now() > endMs) reject(new Error(`${what}: not in time; last: ${this.#tail()}`));
    }, LOOK_MS);
    try {
      if (!condition()) await promise;
    } finally {
      clearInterval(timer);
    }
  }

  /** Waits until the last that the keeper says is InSync, of what is the head now, or of a later block. */
  async untilInSync(): Promise<BlockReport> {
    const head = await this.head();
    let last: Effect | undefined;
    await this.until(`InSync at ${head.number}`, () => {
      last = this.effects.findLast(({ type }) => type === "block" || type === "unknown");
      return last?.type === "block" && last.report.verdict.kind === "InSync" && last.report.number >= head.number;
    });
    return (last as Extract<Effect, { type: "block" }>).report;
  }

  /**
   * Lets the first source lie while the market trades, until `isDone`; then it tells the truth, and everybody recovers. Each
   * block is judged before the next, unless the liar is alone: then none is.
   */
  async lie(rules: readonly Rule[], isDone: (seen: Seen) => boolean): Promise<Seen> {
    const isAlone = this.proxies.length === 1;
    const seen = this.seen();
    const before = await this.head();
    this.liar.setRules(rules);
    try {
      for (let trades = 0; trades < MAX_TRADES && !isDone(seen); trades += 1) {
        if (trades > 0 && !isAlone) await this.#tempt(rules);
        await this.#trade();
        if (isAlone) await this.until("the lie is met", () => isDone(seen));
        else await this.untilInSync();
      }
      const told = this.liar.rules.map((rule) => `${rule.text} ×${rule.told}`).join(", ");
      expect(isDone(seen), told).to.equal(true);
      // What was asked before the lie may have been answered truly.
      if (isAlone) expect(claimedAbove(before.number, seen), told).to.deep.equal([]);
      else expect(seen.said, told).to.deep.equal(["InSync"]);
    } finally {
      // A lie that failed must not be told in the next test.
      this.liar.clear();
    }
    await this.untilRecovered();
    return seen;
  }

  /** Nobody asked the liar, or not for what it lies about: it was not the fastest. */
  async #tempt(rules: readonly Rule[]): Promise<void> {
    this.liar.clear();
    await this.putLiarFirst();
    this.liar.setRules(rules);
  }

  /**
   * Trades when what was asked of the last block has been answered: Anvil 1.7.1 answers a proof of its newest block that it is
   * asked for while it mines the next one from the state of that.
   */
  async #trade(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    await this.world.trade(1);
  }

  /** Lets the others refuse one block, so that the first source is the one that is asked first from now on. */
  async putLiarFirst(): Promise<void> {
    const others = this.proxies.slice(1);
    for (const proxy of others) proxy.setRules([this.#late, ...BUSY]);
    try {
      await this.#trade();
      await this.untilInSync();
    } finally {
      for (const proxy of others) proxy.setRules([this.#late]);
    }
  }

  /** Waits until every source is believed again, and their votes have proven a block. */
  async untilRecovered(): Promise<void> {
    await this.until("all up", () => this.keeper.sources().every(({ state }) => state === "up"));
    await this.world.mine();
    await this.untilInSync();
    await this.until("all vote", () => {
      const { tip } = this.keeper.books;
      return this.keeper.sources().every(({ head, state }) => state === "up" && head?.hash === tip?.hash);
    });
  }

  /** Ends all lies: everybody recovers, nothing wrong was said since `seen` began, and every block from `first` on is judged. */
  async expectRecovery(seen: Seen, first: number): Promise<void> {
    for (const proxy of this.proxies) proxy.clear();
    await this.untilRecovered();
    await this.expectSound(seen);
    await this.expectAllJudged(first);
  }

  /** No pause, and InSync and signatures only for what is the chain's. */
  async expectSound(seen: Seen): Promise<void> {
    seen.expectCalm();
    const claimed = seen.reports.filter(({ verdict }) => verdict.kind === "InSync");
    const signed = seen.attestations.map(({ blockNumber, blockHash }) => {
      return { number: Number(blockNumber), hash: blockHash };
    });
    await this.expectCanonical([...claimed, ...signed]);
    expect(await this.world.flags()).to.equal(0n);
  }

  async expectCanonical(blocks: readonly Head[]): Promise<void> {
    for (const { number, hash } of blocks) {
      expect((await readBlock(this.world.rpc, number))?.hash, `block ${number}`).to.equal(hash);
    }
  }

  /** Every block of the chain from `first` to the head was judged, with the roots that the chain has. */
  async expectAllJudged(first: number): Promise<void> {
    const { number: last } = await this.head();
    for (let number = first; number <= last; number += 1) {
      const { hash } = (await readBlock(this.world.rpc, number))!;
      // The newest may have come a moment ago.
      await this.until(`block ${number} is judged`, () => this.keeper.judge.rootsOf(hash) !== null);
      expect(this.keeper.judge.rootsOf(hash), `block ${number}`).to.deep.equal(await this.world.roots(hash));
    }
  }

  /** Nothing is asked for but what can be verified, or what k operators are asked for at the start. */
  expectOnlyWhatCannotLie(): void {
    const asked = new Set(this.proxies.flatMap(({ calls }) => [...calls.keys()]));
    expect([...asked].filter((method) => !ASKED.has(method))).to.deep.equal([]);
  }

  #tail(): string {
    const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
    const told = this.effects.filter(({ type }) => type !== "request").slice(-4);
    const sources = this.keeper.sources().map(({ id, state, reason }) => `${id} ${state} ${reason}`);
    return `${JSON.stringify(told, plain).slice(0, 1_500)} ${sources.join("; ")}`;
  }
}

/** Blocks above a height that were said to be in sync, or signed. */
function claimedAbove(number: number, seen: Seen): number[] {
  const claimed = seen.reports.flatMap(({ verdict, ...report }) => (verdict.kind === "InSync" ? [report.number] : []));
  return [...claimed, ...seen.attested].filter((height) => height > number);
}

/** What a proof of Anvil's looks like that is of the next block's state: it mined that while it was asked. */
const OVERTAKEN = "node 0 is not the one its parent names";

/** Why sources other than the liar were quarantined, but for what Anvil itself gets wrong. */
export function wronglyBlamed(seen: Seen, liar = "operator-1"): string[] {
  return seen
    .all("quarantine")
    .filter(({ source, reason }) => source !== liar && reason !== OVERTAKEN)
    .map(({ source, reason }) => `${source}: ${reason}`);
}
