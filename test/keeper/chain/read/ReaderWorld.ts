import { VerifiedReader, type ReaderOptions } from "../../../../keeper/chain/read/VerifiedReader.ts";
import type { Address, Hash } from "../../../../keeper/lib/hex.ts";
import { callNode } from "../../../../scripts/local/callNode.ts";
import { startNode, type LocalNode } from "../../../../scripts/local/startNode.ts";
import { BentProxy } from "./BentProxy.ts";

/** A contract with two words, and one that does not exist. */
export const CONTRACT: Address = `0x${"c0".repeat(20)}`;
export const NOBODY: Address = `0x${"d0".repeat(20)}`;
export const SLOT: Hash = `0x${"00".repeat(31)}01`;
export const EMPTY_SLOT: Hash = `0x${"00".repeat(31)}09`;
export const VALUE = 0xabcdefn;

/** One source of a test: a proxy's name is its operator's, unless it says otherwise. */
export interface TestSource {
  readonly id: string;
  readonly url: string;
  readonly operator?: string;
}

/** An Anvil with a contract, proxies before it that may lie, and readers over them. */
export class ReaderWorld {
  readonly node: LocalNode;
  /** Who lied, by the readers' word. */
  readonly liars: string[] = [];
  readonly #ends: (() => Promise<void>)[] = [];

  private constructor(node: LocalNode) {
    this.node = node;
  }

  static async open(): Promise<ReaderWorld> {
    const world = new ReaderWorld(await startAnvil());
    // Stores the first word of its calldata in slot 1.
    await world.send("anvil_setCode", CONTRACT, "0x600035600155");
    await world.set(VALUE);
    await world.mine(20);
    return world;
  }

  async send(method: string, ...params: unknown[]): Promise<unknown> {
    return callNode(this.node.url, method, params);
  }

  /** Writes {@link SLOT} by a transaction, in a block of its own: what is set from outside spoils Anvil's old proofs. */
  async set(value: bigint, url = this.node.url): Promise<void> {
    const data = `0x${value.toString(16).padStart(64, "0")}`;
    await this.transact({ to: CONTRACT, data }, url);
  }

  async transact(transaction: Record<string, string>, url = this.node.url): Promise<void> {
    const [from] = (await callNode(url, "eth_accounts")) as string[];
    const hash = await callNode(url, "eth_sendTransaction", [{ from, gas: "0x186a0", ...transaction }]);
    // Anvil may answer before it has mined.
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const receipt = (await callNode(url, "eth_getTransactionReceipt", [hash])) as { status: string } | null;
      if (receipt?.status === "0x1") return;
    }
    throw new Error(`transaction ${String(hash)} failed`);
  }

  async mine(count = 1, url = this.node.url): Promise<void> {
    await callNode(url, "anvil_mine", [`0x${count.toString(16)}`]);
  }

  /** The newest block, or the one with a number. */
  async block(number?: number, url = this.node.url): Promise<{ number: number; hash: Hash }> {
    const tag = number === undefined ? "latest" : `0x${number.toString(16)}`;
    const block = (await callNode(url, "eth_getBlockByNumber", [tag, false])) as { number: Hash; hash: Hash };
    return { number: Number(block.number), hash: block.hash };
  }

  /** A node with the same blocks up to now, which goes its own way from here. */
  async twin(): Promise<LocalNode> {
    const node = await startAnvil();
    this.#ends.push(() => node.stop());
    await callNode(node.url, "anvil_loadState", [await this.send("anvil_dumpState")]);
    return node;
  }

  async proxy(upstream = this.node.url): Promise<BentProxy> {
    const proxy = await BentProxy.start(upstream);
    this.#ends.push(() => proxy.close());
    return proxy;
  }

  reader(sources: readonly TestSource[], options: Partial<ReaderOptions> = {}): VerifiedReader {
    const configs = sources.map(({ id, url, operator = id }) => ({ id, url, operator, client: "anvil" }));
    const onLiar = (source: string): void => void this.liars.push(source);
    const reader = VerifiedReader.open(configs, { now: () => performance.now(), onLiar, ...options });
    this.#ends.push(() => reader.close());
    return reader;
  }

  /** Ends what a test began. */
  async reset(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
    this.liars.length = 0;
  }

  async close(): Promise<void> {
    await this.reset();
    await this.node.stop();
  }
}

function startAnvil(): Promise<LocalNode> {
  return startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: new AbortController().signal });
}
