import type { Wallet } from "ethers";

import { wait } from "../../keeper/chain/sources/wait.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";
import { addressOf } from "./accounts.ts";
import { callNode, callNodeMany } from "./callNode.ts";
import { contractInterface, revertName } from "./contractInterface.ts";
import type { ContractName } from "./contractInterface.ts";
import type { LockstepContractName, LockstepDeployment } from "./deployLockstep.ts";

/** What became of a transaction: a refusal is a value, named by the custom error. */
export type Attempt =
  | { readonly accepted: true; readonly hash: Hash; readonly blockNumber: number }
  | { readonly accepted: false; readonly error: string };

/** A read of a contract. */
export interface Read {
  readonly contract: LockstepContractName;
  readonly fn: string;
  readonly args?: readonly unknown[];
}

/** Enough for the dearest call (a checkpoint, a witnessed withdrawal): nothing is estimated, so nothing is guessed. */
const GAS_LIMIT = 3_000_000n;
const MAX_FEE = 100_000_000_000n;
const MAX_PRIORITY_FEE = 1_000_000_000n;
const SEND_ATTEMPTS = 4;
const RECEIPT_DEADLINE_MS = 15_000;
const RECEIPT_POLL_MS = 20;
/** Two senders of one account met, or a reorg took a transaction back: a fresh nonce settles it. */
const NONCE_TROUBLE = /nonce|underpriced|already (?:known|imported)/i;

const ABI_NAMES: Readonly<Partial<Record<LockstepContractName, ContractName>>> = {
  SettlementToken: "MockToken",
  BondToken: "MockToken",
  EthFeed: "MockAggregator",
  BtcFeed: "MockAggregator",
};

/** A deployed protocol on a local node: reads in batches, and transactions whose refusals have names. */
export class LocalChain {
  readonly url: string;
  readonly deployment: LockstepDeployment;
  readonly #signal: AbortSignal;
  /** The last transaction of each sender: the next waits for it, so that nonces never race. */
  readonly #queues = new Map<Address, Promise<unknown>>();

  /** @param signal ends every wait */
  constructor(url: string, deployment: LockstepDeployment, signal: AbortSignal = new AbortController().signal) {
    this.url = url;
    this.deployment = deployment;
    this.#signal = signal;
  }

  /** Address of a contract, lower case. */
  address(contract: LockstepContractName): Address {
    return this.deployment.contracts[contract];
  }

  /** Results of view functions at the head, one HTTP request for all; a single return value comes without its tuple. */
  async read(reads: readonly Read[]): Promise<unknown[]> {
    const calls = reads.map(({ contract, fn, args = [] }) => {
      const data = abiOf(contract).encodeFunctionData(fn, [...args]);
      return { method: "eth_call", params: [{ to: this.address(contract), data }, "latest"] };
    });
    const answers = await callNodeMany(this.url, calls);
    return reads.map(({ contract, fn }, index) => {
      const values = abiOf(contract).decodeFunctionResult(fn, answers[index] as string);
      return values.length === 1 ? (values[0] as unknown) : values;
    });
  }

  /** One view function whose refusal is an answer as well. */
  async ask(
    contract: LockstepContractName,
    fn: string,
    args: readonly unknown[],
  ): Promise<
    { readonly accepted: true; readonly value: unknown } | { readonly accepted: false; readonly error: string }
  > {
    try {
      const [value] = await this.read([{ contract, fn, args }]);
      return { accepted: true, value };
    } catch (error: unknown) {
      const reverted = revertDataOf(error);
      if (reverted === undefined) throw error;
      return { accepted: false, error: revertName(reverted) };
    }
  }

  /** Number and timestamp of the head. */
  async readHead(): Promise<{ readonly number: number; readonly timestamp: number }> {
    const block = (await callNode(this.url, "eth_getBlockByNumber", ["latest", false])) as Record<string, string>;
    return { number: Number(block["number"]), timestamp: Number(block["timestamp"]) };
  }

  /**
   * Calls `fn` as `wallet` and waits until the transaction is mined. What the contracts refuse when asked is not
   * sent, so that a refusal has a name on every node and costs no nonce.
   *
   * @throws KeeperError `NodeUnreachable`, `NodeRpcError`, `TransactionLost`.
   */
  async attempt(
    wallet: Wallet,
    contract: LockstepContractName,
    fn: string,
    args: readonly unknown[],
    abi: ContractName = ABI_NAMES[contract] ?? (contract as ContractName),
  ): Promise<Attempt> {
    const data = contractInterface(abi).encodeFunctionData(fn, [...args]) as Hex;
    const sender = addressOf(wallet);
    const previous = this.#queues.get(sender) ?? Promise.resolve();
    const next = previous.then(() => this.#send(wallet, sender, this.address(contract), data));
    this.#queues.set(
      sender,
      next.catch(() => undefined),
    );
    return next;
  }

  async #send(wallet: Wallet, from: Address, to: Address, data: Hex): Promise<Attempt> {
    for (let attempt = 1; ; attempt += 1) {
      this.#signal.throwIfAborted();
      try {
        const [, nonce] = await callNodeMany(this.url, [
          { method: "eth_call", params: [{ from, to, data }, "latest"] },
          { method: "eth_getTransactionCount", params: [from, "pending"] },
        ]);
        const hash = await this.#sendRaw(wallet, to, data, Number(nonce));
        return await this.#confirm(hash, { from, to, data });
      } catch (error: unknown) {
        const reverted = revertDataOf(error);
        if (reverted !== undefined) return { accepted: false, error: revertName(reverted) };
        const isRetried = KeeperError.is(error, "NodeRpcError") && NONCE_TROUBLE.test(error.message);
        if (!isRetried || attempt === SEND_ATTEMPTS) throw error;
      }
    }
  }

  async #sendRaw(wallet: Wallet, to: Address, data: Hex, nonce: number): Promise<Hash> {
    const signed = await wallet.signTransaction({
      type: 2,
      chainId: this.deployment.chainId,
      nonce,
      to,
      data,
      gasLimit: GAS_LIMIT,
      maxFeePerGas: MAX_FEE,
      maxPriorityFeePerGas: MAX_PRIORITY_FEE,
    });
    return (await callNode(this.url, "eth_sendRawTransaction", [signed])) as Hash;
  }

  async #confirm(hash: Hash, call: { from: Address; to: Address; data: Hex }): Promise<Attempt> {
    const deadline = performance.now() + RECEIPT_DEADLINE_MS;
    while (performance.now() < deadline) {
      const receipt = await callNode(this.url, "eth_getTransactionReceipt", [hash]);
      if (receipt !== null) {
        const { status, blockNumber } = receipt as { readonly status: string; readonly blockNumber: string };
        if (Number(status) === 1) return { accepted: true, hash, blockNumber: Number(blockNumber) };
        // Accepted when asked and refused when mined: the same call on the mined state mostly says why.
        await callNode(this.url, "eth_call", [call, blockNumber]);
        return { accepted: false, error: "Reverted" };
      }
      await wait(RECEIPT_POLL_MS, this.#signal);
      this.#signal.throwIfAborted();
    }
    throw new KeeperError("TransactionLost", `transaction ${hash} was not mined in time`, { hash });
  }
}

function abiOf(contract: LockstepContractName) {
  return contractInterface(ABI_NAMES[contract] ?? (contract as ContractName));
}

/** Revert data of a refused call; undefined when the trouble is another. Nodes put it in different places. */
function revertDataOf(error: unknown): string | undefined {
  if (!KeeperError.is(error, "NodeRpcError")) return undefined;
  const { data, rpcCode } = error.payload;
  if (typeof data === "string") return data;
  if (typeof data === "object" && data !== null && "data" in data && typeof data.data === "string") return data.data;
  return rpcCode === 3 ? "0x" : undefined;
}
