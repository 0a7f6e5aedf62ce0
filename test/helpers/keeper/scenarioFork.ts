import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import type { Wallet } from "ethers";

import type { Books } from "../../../keeper/books/Books.ts";
import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { PROFILES, type ChainProfile } from "../../../keeper/domain/chainProfile.ts";
import { hexToBytes, type Hash, type Hex } from "../../../keeper/lib/hex.ts";
import { accountIdOf, addressOf, developmentWallet, ROLES } from "../../../scripts/local/accounts.ts";
import { callNode } from "../../../scripts/local/callNode.ts";
import { contractInterface } from "../../../scripts/local/contractInterface.ts";
import type { LockstepDeployment } from "../../../scripts/local/deployLockstep.ts";
import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import type { KeeperChoice } from "../../../testing/createKeeper.ts";
import { TrustingDesk, type DeskHabits } from "../naive/TrustingDesk.ts";
import { LocalWorld } from "./LocalWorld.ts";
import { readHeadOf, rpcAt, type Head, type Rpc } from "../../../testing/Rpc.ts";
import { StagedSource } from "../../../testing/StagedSource.ts";

/** A local chain with a finality of its own: Anvil's `finalized` lies eight blocks below the head. */
export const FINAL: ChainProfile = { ...PROFILES.local, finality: "finalized", confirmations: 3 };
/** How far below its head Anvil's final block is. */
export const FINAL_DEPTH = 8;

const GWEI = 10n ** 9n;
const DEPOSITOR = ROLES.traders[2];
/** Deposits for the depositor where its own nonces must not matter. */
const PAYER = ROLES.traders[4];
const depositor = (): Wallet => developmentWallet(DEPOSITOR);
/** The account that all deposits are for. */
export const DEPOSITOR_ACCOUNT = accountIdOf(depositor());
/** A book word that belongs to nobody. */
export const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);

let beneficiaries = 0;

/** An Anvil that can be told what to do. */
export class ForkNode {
  readonly node: LocalNode;
  readonly rpc: Rpc;

  constructor(node: LocalNode) {
    this.node = node;
    this.rpc = rpcAt(node.url);
  }

  async send(method: string, ...params: unknown[]): Promise<unknown> {
    return callNode(this.node.url, method, params);
  }

  head(): Promise<Head> {
    return readHeadOf(this.rpc);
  }

  async mine(count = 1): Promise<void> {
    await this.send("anvil_mine", `0x${count.toString(16)}`);
  }

  /** Blocks that only this node mines. */
  async part(count: number): Promise<void> {
    await this.#differ();
    await this.mine(count);
  }

  /** Replaces the newest blocks by as many others, with these transactions and where they go, and one more on top. */
  async reorg(depth: number, transactions: readonly (readonly [Hex, number])[] = []): Promise<void> {
    await this.#differ();
    await this.send("anvil_reorg", depth, transactions);
    await this.mine();
  }

  /** Empty blocks of one height and time are one block on every node, but for their beneficiary. */
  async #differ(): Promise<void> {
    beneficiaries += 1;
    await this.send("anvil_setCoinbase", `0x${beneficiaries.toString(16).padStart(40, "b")}`);
  }
}

/** A chain with the protocol and a little market on it, as a file from which nodes begin. */
interface Origin {
  readonly deployment: LockstepDeployment;
  readonly statePath: string;
}

const SEED = 100;
let origin: Promise<Origin> | null = null;

/** Nodes with one history: the truth, with the protocol on it, and twins, which can part from it. */
export class Fork {
  readonly truth: LocalWorld;
  readonly here: ForkNode;
  readonly #twins: ForkNode[] = [];
  readonly #statePath: string;

  private constructor(truth: LocalWorld, statePath: string) {
    this.truth = truth;
    this.here = new ForkNode(truth.node);
    this.#statePath = statePath;
  }

  /**
   * All forks of a process begin alike; from there on a block is mined when a scenario says so.
   *
   * @param seed of what the market does from there on
   */
  static async open(seed: number, twinCount = 1): Promise<Fork> {
    origin ??= makeOrigin().then(async ({ world, ...rest }) => {
      await world.close();
      return rest;
    });
    const { deployment, statePath } = await origin;
    const truth = await LocalWorld.of(await startFrom(statePath), deployment, seed);
    return Fork.#of(truth, statePath, twinCount);
  }

  /**
   * The truth is the node that the history was made on, and not one that loaded it: there Anvil 1.7.1 keeps a leaf of zero for
   * every empty word that a transaction reads and reverts, such as a pause that is refused.
   */
  static async openOriginal(twinCount = 0): Promise<Fork> {
    const { world, statePath } = await makeOrigin();
    return Fork.#of(world, statePath, twinCount);
  }

  static async #of(truth: LocalWorld, statePath: string, twinCount: number): Promise<Fork> {
    const fork = new Fork(truth, statePath);
    try {
      await truth.send("evm_setAutomine", false);
      for (let twin = 0; twin < twinCount; twin += 1) await fork.startTwin();
      return fork;
    } catch (error: unknown) {
      await fork.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#twins.map(({ node }) => node.stop()), this.truth.close()]);
  }

  /** Another node, with all that the truth had at the start, its past states included. */
  async startTwin(): Promise<ForkNode> {
    const twin = new ForkNode(await startFrom(this.#statePath));
    this.#twins.push(twin);
    return twin;
  }

  get twins(): readonly ForkNode[] {
    return this.#twins;
  }

  /** The first twin. */
  get twin(): ForkNode {
    const [twin] = this.twins;
    if (twin === undefined) throw new Error("no twin was started");
    return twin;
  }

  /** Sources of the truth, by name. */
  lines<Name extends string>(...names: readonly Name[]): Record<Name, StagedSource> {
    return Object.fromEntries(names.map((name) => [name, new StagedSource(this.here.rpc)])) as Record<
      Name,
      StagedSource
    >;
  }

  /** A keeper with all keys, for which a checkpoint is always due, and which is up to date. Its transactions get lost. */
  async keeper(rpcs: Readonly<Record<string, Rpc>>, choice: Partial<KeeperChoice> = {}): Promise<InProcessKeeper> {
    const driver = this.truth.keeper({
      rpcs,
      keys: this.truth.keys,
      broadcast: () => Promise.resolve(),
      ...choice,
      policy: { checkpointIntervalSeconds: 0, ...choice.policy },
      options: { chain: FINAL, ...choice.options },
    });
    await driver.follow();
    await driver.tick(1_000);
    return driver;
  }

  /**
   * A signed deposit to the depositor's account, not sent; by the depositor, unless by another trader.
   *
   * @param on the node that knows the trader's next nonce; default the truth
   */
  async signDeposit(amount: bigint, trader: number = DEPOSITOR, on = this.here): Promise<Hex> {
    const args = [DEPOSITOR_ACCOUNT, this.truth.market.chain.address("SettlementToken"), amount];
    return this.#signVault("deposit", args, trader, on);
  }

  /** A signed withdrawal of the depositor's to itself, not sent. */
  async signWithdrawal(amount: bigint): Promise<Hex> {
    const args = [
      DEPOSITOR_ACCOUNT,
      this.truth.market.chain.address("SettlementToken"),
      amount,
      addressOf(depositor()),
    ];
    return this.#signVault("withdraw", args, DEPOSITOR, this.here);
  }

  /** Mines a deposit to the depositor's account on one node, in a block of its own, paid by a trader whom nobody else needs. */
  async depositOn(node: ForkNode, amount: bigint): Promise<void> {
    await node.send("eth_sendRawTransaction", await this.signDeposit(amount, PAYER, node));
    await node.mine();
  }

  /** A desk that pays the depositor what a source says that it deposited from now on. */
  async desk(rpc: Rpc, habits: DeskHabits = {}): Promise<TrustingDesk> {
    return TrustingDesk.open(rpc, { vault: this.truth.addresses.CollateralVault, account: DEPOSITOR_ACCOUNT }, habits);
  }

  async #signVault(fn: "deposit" | "withdraw", args: readonly unknown[], trader: number, on: ForkNode): Promise<Hex> {
    const { chain } = this.truth.market;
    const wallet = developmentWallet(trader);
    const data = contractInterface("CollateralVault").encodeFunctionData(fn, args);
    const nonce = Number(await on.send("eth_getTransactionCount", wallet.address, "pending"));
    const fees = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: GWEI, gasLimit: 1_000_000n };
    const to = chain.address("CollateralVault");
    return (await wallet.signTransaction({ type: 2, chainId: 31_337, nonce, to, data, ...fees })) as Hex;
  }

  /** What the depositor's account holds by a keeper's books. */
  quoteBy({ keeper: { books } }: { readonly keeper: { readonly books: Books } }): bigint {
    const slot = ledger.accounts.slot(DEPOSITOR_ACCOUNT);
    return ledger.accounts.decode(books.read("PositionLedger", slot)).quote;
  }

  /**
   * Writes a word behind the ledger's back on one node, in a block of its own. Anvil writes it into the state of the newest block,
   * which has no valid proofs any more then: a keeper has to know that one already.
   */
  async tamper(on: ForkNode, value = 1n): Promise<void> {
    const word = `0x${value.toString(16).padStart(64, "0")}`;
    await on.send("hardhat_setStorageAt", this.truth.addresses.PositionLedger, TAMPERED, word);
    await on.mine();
  }
}

/** Block hash of a node at a height. */
export async function hashAt(node: ForkNode, number: number): Promise<Hash> {
  const block = await node.send("eth_getBlockByNumber", `0x${number.toString(16)}`, false);
  return (block as { readonly hash: Hash }).hash;
}

/** With all past states it is too much for one request, so that it goes by a file. */
async function makeOrigin(): Promise<Origin & { readonly world: LocalWorld }> {
  const directory = await mkdtemp(join(tmpdir(), "lockstep-fork-"));
  process.once("exit", () => {
    rmSync(directory, { recursive: true, force: true });
  });
  const statePath = join(directory, "state.json");
  const world = await LocalWorld.open("anvil", SEED);
  try {
    await world.trade(3);
    // So that the final block lies above the deployment.
    await world.send("anvil_mine", `0x${(2 * FINAL_DEPTH).toString(16)}`);
    const packed = (await world.send("anvil_dumpState", true)) as Hex;
    await writeFile(statePath, gunzipSync(hexToBytes(packed)));
    return { world, deployment: world.market.chain.deployment, statePath };
  } catch (error: unknown) {
    await world.close();
    throw error;
  }
}

function startFrom(statePath: string): Promise<LocalNode> {
  const { signal } = new AbortController();
  return startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal, args: ["--load-state", statePath] });
}
