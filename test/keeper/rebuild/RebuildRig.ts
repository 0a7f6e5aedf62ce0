import type { Books } from "../../../keeper/books/Books.ts";
import { createSource } from "../../../keeper/chain/sources/createSource.ts";
import type { Source } from "../../../keeper/chain/sources/Source.ts";
import { profileOf } from "../../../keeper/domain/chainProfile.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import type { BlockPoint, Rebuilt, RebuildOptions } from "../../../keeper/rebuild/RebuildOptions.ts";
import { rebuildBooks } from "../../../keeper/rebuild/rebuildBooks.ts";
import { ChaosRpc, type RuleInput } from "../../../scripts/chaos/ChaosRpc.ts";
import type { LocalChainKind } from "../../../scripts/local/nodeCommand.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";

/** Names of the sources, each an operator of its own. */
export type SourceName = "one" | "two" | "three";

const NAMES: readonly SourceName[] = ["one", "two", "three"];
const ignore = (): void => undefined;

/** A market on a node, behind three proxies that can be made to lie, and rebuilds of its books from them. */
export class RebuildRig {
  readonly world: LocalWorld;
  readonly proxies: Readonly<Record<SourceName, ChaosRpc>>;
  readonly #open = new Set<Source>();
  readonly #end = new AbortController();

  private constructor(world: LocalWorld, proxies: Readonly<Record<SourceName, ChaosRpc>>) {
    this.world = world;
    this.proxies = proxies;
  }

  static async open(chain: LocalChainKind, seed: number): Promise<RebuildRig> {
    const world = await LocalWorld.open(chain, seed);
    const start = async (name: SourceName) => {
      return [name, await ChaosRpc.start({ upstreams: [world.node.url], seed })] as const;
    };
    const proxies = Object.fromEntries(await Promise.all(NAMES.map(start))) as Record<SourceName, ChaosRpc>;
    return new RebuildRig(world, proxies);
  }

  async close(): Promise<void> {
    this.#end.abort();
    await Promise.all([...this.#open].map((source) => source.close()));
    await Promise.all(Object.values(this.proxies).map((proxy) => proxy.close()));
    await this.world.close();
  }

  /** Everybody tells the truth again. */
  clear(): void {
    for (const proxy of Object.values(this.proxies)) proxy.clear();
  }

  lie(name: SourceName, ...rules: RuleInput[]): void {
    this.proxies[name].setRules(rules);
  }

  /** The head of the true chain. */
  async head(): Promise<BlockPoint> {
    const block = (await this.world.send("eth_getBlockByNumber", "latest", false)) as { number: string; hash: Hash };
    return { number: Number(block.number), hash: block.hash };
  }

  /** Books of a keeper that follows the true chain to its head. */
  async followed(): Promise<Books> {
    const driver = this.world.keeper({ keys: {} });
    await driver.follow();
    return driver.keeper.books;
  }

  options(chosen: Partial<RebuildOptions> = {}, names: readonly SourceName[] = NAMES): RebuildOptions {
    const { addresses, immutables, market } = this.world;
    const { chainId, deploymentBlock } = market.chain.deployment;
    return {
      sources: names.map((name) => this.#source(name)),
      chainId,
      chain: { ...profileOf(chainId), confirmations: 0 },
      ...{ addresses, immutables, deploymentBlock },
      from: null,
      target: "final",
      requestDeadlineMs: 1_000,
      hedgeMs: 60,
      patienceMs: 2_000,
      segmentBlocks: 16,
      now: () => performance.now(),
      ...chosen,
    };
  }

  rebuild(chosen: Partial<RebuildOptions> = {}, names?: readonly SourceName[]): Promise<Rebuilt> {
    return rebuildBooks(this.options(chosen, names));
  }

  /** Why a rebuild fails. */
  async fault(chosen: Partial<RebuildOptions> = {}, names?: readonly SourceName[]): Promise<KeeperError> {
    try {
      await this.rebuild(chosen, names);
    } catch (error: unknown) {
      if (KeeperError.is(error)) return error;
      throw error;
    }
    throw new Error("the rebuild came to an end");
  }

  #source(name: SourceName): Source {
    const options = { id: name, url: this.proxies[name].url, operator: name, client: "anvil" };
    const source = createSource(options, { now: () => performance.now(), pollIntervalMs: 60_000 });
    source.open({ onHead: ignore, onUp: ignore, onDown: ignore }, this.#end.signal);
    this.#open.add(source);
    return source;
  }
}
