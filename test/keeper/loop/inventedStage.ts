import type { Hash } from "../../../keeper/lib/hex.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { allowDeposits } from "../../helpers/keeper/deposits.ts";
import { inventBlock } from "../../helpers/keeper/inventedBlocks.ts";
import { InventingRpc, readState, type KnownState } from "../../helpers/keeper/InventingRpc.ts";
import { forge, type BlockJson } from "../../../testing/lies.ts";
import type { KeeperChoice } from "../../../testing/createKeeper.ts";
import { readHeadOf, type Head, type Rpc } from "../../../testing/Rpc.ts";
import { World } from "../../helpers/keeper/World.ts";

type Receipt = Record<string, unknown>;

/** Everything that a keeper asks of one block. */
interface Recorded {
  readonly block: BlockJson & { readonly transactions: readonly Hash[] };
  readonly receipts: readonly Receipt[];
  readonly proofs: ReadonlyMap<string, unknown>;
}

/** Serves blocks that the chain once had, with all their logs and proofs, after the chain has left them. */
export class RecordingRpc implements Rpc {
  readonly #rpc: Rpc;
  readonly #blocks = new Map<Hash, Recorded>();
  readonly #receipts = new Map<Hash, Receipt>();

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  /** Remembers the newest block, before another one is mined. */
  async record(addresses: readonly string[]): Promise<void> {
    const { header, proofs } = await readState(this.#rpc, addresses);
    const block = header as Recorded["block"];
    const receipts: Receipt[] = [];
    for (const hash of block.transactions) {
      const receipt = (await this.#rpc.request("eth_getTransactionReceipt", [hash])) as Receipt;
      this.#receipts.set(hash, receipt);
      receipts.push(receipt);
    }
    this.#blocks.set(block.hash, { block, receipts, proofs });
  }

  async request(method: string, params: readonly unknown[]): Promise<unknown> {
    const [first, , third] = params as [unknown, unknown, { readonly blockHash?: Hash } | undefined];
    if (method === "eth_getBlockByHash" && this.#blocks.has(first as Hash))
      return this.#blocks.get(first as Hash)!.block;
    if (method === "eth_getTransactionReceipt" && this.#receipts.has(first as Hash)) {
      return this.#receipts.get(first as Hash);
    }
    if (method === "eth_getBlockReceipts") {
      const recorded = this.#blocks.get((first as { readonly blockHash: Hash }).blockHash);
      if (recorded !== undefined) return recorded.receipts;
    }
    const asked = method === "eth_getProof" ? this.#blocks.get(third?.blockHash ?? "0x") : undefined;
    return asked === undefined ? this.#rpc.request(method, params) : asked.proofs.get((first as string).toLowerCase());
  }
}

/** Three sources of a deployment, `a`, `b` and `liar`, of which the last, or whoever is said to, also serves inventions. */
export class InventedStage {
  readonly world: World;
  recorded: RecordingRpc;
  liar: InventingRpc;
  driver!: InProcessKeeper;

  private constructor(world: World) {
    this.world = world;
    this.recorded = new RecordingRpc(world.rpc);
    this.liar = new InventingRpc(this.recorded);
  }

  static async open(): Promise<InventedStage> {
    const world = await World.open();
    await allowDeposits(world.system, world.system.users[0]!);
    return new InventedStage(world);
  }

  /** Remembers where everything is; the answer takes it all back, and the liar's inventions with it. */
  async save(): Promise<() => Promise<void>> {
    const snapshot = await this.world.send("evm_snapshot");
    return async () => {
      await this.world.send("evm_revert", snapshot);
      this.recorded = new RecordingRpc(this.world.rpc);
      this.liar = new InventingRpc(this.recorded);
    };
  }

  /** A keeper that has all keys, checkpoints often, and is in step with the three. */
  async start(choice: Partial<KeeperChoice> = {}): Promise<void> {
    const { rpc } = this.world;
    this.driver = this.world.keeper({
      rpcs: { a: rpc, b: rpc, liar: this.liar },
      keys: this.world.keysOf(0),
      policy: { checkpointIntervalSeconds: 2 },
      broadcast: ({ raw }) => this.broadcast(raw),
      ...choice,
    });
    await this.hear("a", "b", "liar");
    await this.settle();
  }

  /** One block for each transaction, as Hardhat mines them. */
  async broadcast(raw: string): Promise<void> {
    await this.world.send("eth_sendRawTransaction", raw).catch(() => undefined);
  }

  /** The sources announce the head of the chain. */
  async hear(...sources: string[]): Promise<void> {
    const head = await this.head();
    for (const source of sources) await this.driver.hear(source, head);
  }

  /** The honest two, or others, announce what the keeper's own transactions made. */
  async settle(...sources: string[]): Promise<void> {
    for (let last: Hash | undefined; last !== this.driver.keeper.books.tip?.hash;) {
      last = this.driver.keeper.books.tip?.hash;
      await this.hear(...(sources.length === 0 ? ["a", "b"] : sources));
    }
  }

  async cutOff(...sources: string[]): Promise<void> {
    for (const source of sources) {
      await this.driver.deliver({ type: "source-down", source, reason: "cut off", nowMs: this.driver.nowMs });
    }
  }

  head(): Promise<Head> {
    return readHeadOf(this.world.rpc);
  }

  // What is invented

  /** A state that a block of the chain had, after some change of it that is undone. */
  async stateAfter(change: () => Promise<unknown>): Promise<KnownState> {
    const snapshot = await this.world.send("evm_snapshot");
    await change();
    await this.world.mine();
    const state = await readState(this.world.rpc, this.#addresses());
    await this.world.send("evm_revert", snapshot);
    return state;
  }

  /** A state in which there is none of the contracts, nor a key of the keeper's. */
  async emptyState(): Promise<KnownState> {
    const { header } = await this.stateAfter(() => Promise.resolve());
    const { json, proof } = inventBlock({ number: 1 });
    const proofs = new Map(this.#addresses().map((address) => [address.toLowerCase(), proof]));
    return { header: forge(header, { stateRoot: json["stateRoot"] }), proofs };
  }

  /** What is mined step by step on the head, and then is nobody's chain but the liar's; returns its end. */
  async branch(...steps: (() => Promise<unknown>)[]): Promise<Head> {
    const snapshot = await this.world.send("evm_snapshot");
    // Otherwise what the chain goes on with may be the same block.
    await this.world.send("hardhat_setPrevRandao", `0x${"7e".repeat(32)}`);
    for (const step of steps) {
      await step();
      await this.recorded.record(this.#addresses());
    }
    const end = await this.head();
    await this.world.send("evm_revert", snapshot);
    return end;
  }

  /** So many blocks of one state on top of each other; returns their end. */
  tower(base: Head, height: number, state: KnownState): Head {
    let end = base;
    for (let count = 0; count < height; count += 1) end = this.liar.invent(end, state);
    return end;
  }

  #addresses(): string[] {
    const own = Object.values(this.world.keysOf(0)).map(({ address }) => address);
    return [...Object.values(this.world.addresses), ...own];
  }
}

/** A stage for the tests of a suite: opened before them, each leaves it as it was, closed after them. */
export function useInventedStage(): { readonly current: InventedStage } {
  let stage: InventedStage | undefined;
  let restore: () => Promise<void>;
  before(async () => {
    stage = await InventedStage.open();
  });
  after(() => stage?.world.close());
  beforeEach(async () => {
    restore = await stage!.save();
  });
  afterEach(() => restore());
  return {
    get current() {
      return stage!;
    },
  };
}
