import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";
import { CORRUPTED_QUOTE } from "../../scripts/drills/corruptedBalance.ts";
import { accountIdOf, addressOf, developmentWallet } from "../../scripts/local/accounts.ts";
import { callNode, callNodeMany } from "../../scripts/local/callNode.ts";
import { contractInterface } from "../../scripts/local/contractInterface.ts";
import { deployLockstep, type LockstepDeployment } from "../../scripts/local/deployLockstep.ts";
import { startNode, type LocalNode } from "../../scripts/local/startNode.ts";
import { Traffic } from "../keeper/Traffic.ts";
import { HeadWatch } from "./HeadWatch.ts";
import { monotonicMs } from "./monotonicMs.ts";

/** A block that was mined by order. */
export interface MinedBlock {
  readonly number: number;
  /** The earliest moment at which the node told anybody here, `monotonicMs`. */
  readonly minedMs: number;
  /** Of its transactions, in order. */
  readonly transactions: readonly Hash[];
  /** Wei. */
  readonly baseFee: bigint;
}

export interface IncidentChainOptions {
  /** Accounts with a deposit: what fills the books. */
  readonly accounts: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

const DAY = 86_400;
/** No time runs out in a benchmark. */
const PARAMETERS = {
  ...{ feedMaxAgeSeconds: 30 * DAY, staleLimitSeconds: DAY, viewTimeSeconds: DAY, softTimeSeconds: 2 * DAY },
};
/** Among the development accounts; both have accounts and tokens from the traffic. */
const THIEF = 11;
const DEPOSITOR = 5;
const DEPOSIT = 1_000_000n;
const GAS = "0xf4240";
/** Of the block that every run starts from, and of the incident's: one gwei. */
const BASE_FEE = 1_000_000_000n;
const GAS_PRICE = "0xe8d4a51000";
const SEED = 1;

/**
 * An Anvil with the protocol whose ledger has a bug, and books of many accounts, on which the same incident is staged again and
 * again: afterwards the chain is taken back to where it was. Blocks are mined by order only.
 */
export class IncidentChain {
  readonly node: LocalNode;
  readonly deployment: LockstepDeployment;
  readonly #heads: HeadWatch;
  #snapshot = "";

  private constructor(node: LocalNode, deployment: LockstepDeployment, heads: HeadWatch) {
    this.node = node;
    this.deployment = deployment;
    this.#heads = heads;
  }

  static async open({ accounts, signal, say }: IncidentChainOptions): Promise<IncidentChain> {
    const args = ["--order", "fifo", "--gas-limit", "1000000000"];
    const node = await startNode({ chain: "anvil", host: "127.0.0.1", port: 0, signal, args });
    try {
      const deployment = await deployLockstep({ url: node.url, module: "FlawedLockstep", parameters: PARAMETERS });
      await callNode(node.url, "evm_setAutomine", [false]);
      say(`deployed; ${accounts} accounts get a deposit`);
      const none = { mixedBlocks: 0, mixedTrades: 0, tradeBlocks: 0, trades: 0 };
      await new Traffic(node.url, deployment, { accounts, ...none }, SEED).prepare();
      const chain = new IncidentChain(node, deployment, await HeadWatch.open(node.wsUrl));
      await chain.setBaseFee(BASE_FEE);
      await chain.mine();
      chain.#snapshot = (await callNode(node.url, "evm_snapshot")) as string;
      return chain;
    } catch (error: unknown) {
      await node.stop();
      throw error;
    }
  }

  /** Takes the chain back to where it was before the first incident. */
  async takeBack(): Promise<void> {
    await callNode(this.node.url, "anvil_dropAllTransactions");
    const isBack = await callNode(this.node.url, "evm_revert", [this.#snapshot]);
    if (isBack !== true) throw new KeeperError("BenchChain", "the node did not go back to its snapshot");
    this.#snapshot = (await callNode(this.node.url, "evm_snapshot")) as string;
    this.#heads.forget();
  }

  async headNumber(): Promise<number> {
    return Number(await callNode(this.node.url, "eth_blockNumber"));
  }

  /** What the next block's base fee is, wei. */
  async setBaseFee(wei: bigint): Promise<void> {
    await callNode(this.node.url, "anvil_setNextBlockBaseFeePerGas", [`0x${wei.toString(16)}`]);
  }

  /** A block with a deposit that everybody can see. */
  async depositBlock(): Promise<MinedBlock> {
    await this.#send([this.#deposit()]);
    return this.mine();
  }

  /** The block of the incident: a deposit like any other, and a transaction that writes a balance without an event. */
  async incidentBlock(): Promise<MinedBlock & { readonly deposit: Hash }> {
    const wallet = developmentWallet(THIEF);
    const args = [accountIdOf(wallet), CORRUPTED_QUOTE];
    const data = contractInterface("FlawedPositionLedger").encodeFunctionData("migrateQuote", args) as Hex;
    const to = this.deployment.contracts.PositionLedger;
    const [deposit, write] = await this.#send([this.#deposit(), { from: addressOf(wallet), to, data }]);
    await this.setBaseFee(BASE_FEE);
    const mined = await this.mine();
    const isWhole = [deposit, write].every((hash) => hash !== undefined && mined.transactions.includes(hash));
    if (!isWhole || deposit === undefined)
      throw new KeeperError("BenchChain", "the block of the incident is not as ordered");
    return { ...mined, deposit };
  }

  /** The next block, of what has been sent. */
  async mine(): Promise<MinedBlock> {
    const { url } = this.node;
    await callNode(url, "evm_mine");
    const answeredMs = monotonicMs();
    const block = (await callNode(url, "eth_getBlockByNumber", ["latest", false])) as {
      readonly number: string;
      readonly transactions: readonly Hash[];
      readonly baseFeePerGas: string;
    };
    const number = Number(block.number);
    const minedMs = Math.min(answeredMs, this.#heads.announcedAt(number) ?? answeredMs);
    return { number, minedMs, transactions: block.transactions, baseFee: BigInt(block.baseFeePerGas) };
  }

  async close(): Promise<void> {
    this.#heads.close();
    await this.node.stop();
  }

  #deposit(): { readonly from: Address; readonly to: Address; readonly data: Hex } {
    const { CollateralVault: to, SettlementToken } = this.deployment.contracts;
    const wallet = developmentWallet(DEPOSITOR);
    const args = [accountIdOf(wallet), SettlementToken, DEPOSIT];
    const data = contractInterface("CollateralVault").encodeFunctionData("deposit", args) as Hex;
    return { from: addressOf(wallet), to, data };
  }

  async #send(calls: readonly { readonly from: Address; readonly to: Address; readonly data: Hex }[]): Promise<Hash[]> {
    const sent = calls.map((call) => {
      return { method: "eth_sendTransaction", params: [{ ...call, gas: GAS, gasPrice: GAS_PRICE }] };
    });
    return (await callNodeMany(this.node.url, sent)) as Hash[];
  }
}
