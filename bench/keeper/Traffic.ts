import { TypedDataEncoder } from "ethers";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";
import { QuickSigner } from "../../scripts/histories/QuickSigner.ts";
import { accountIdOf, addressOf, developmentWallet, ROLES } from "../../scripts/local/accounts.ts";
import { callNode, callNodeMany } from "../../scripts/local/callNode.ts";
import { contractInterface, type ContractName } from "../../scripts/local/contractInterface.ts";
import type { LockstepContractName, LockstepDeployment } from "../../scripts/local/deployLockstep.ts";
import type { Order } from "../../scripts/local/orders.ts";
import { SeededRandom } from "../../scripts/local/SeededRandom.ts";
import type { TrafficSize } from "./Recording.ts";

interface Transaction {
  readonly from: Address;
  readonly to: Address;
  readonly data: Hex;
}

const UNLIMITED = 2n ** 256n - 1n;
const TOKEN = 10n ** 6n;
const ONE = 10n ** 18n;
const FEED_UNIT = 10n ** 8n;
/** Token units in each account at the start: enough for all its trades. */
const DEPOSIT = 10_000n * TOKEN;
const GAS = "0x1e8480";
const GAS_PRICE = "0x2540be400";
/** Calls in one HTTP request. */
const BATCH = 64;
/** Deposits in a block. */
const DEPOSITS = 100;
/** One percent: more than the instruments take. */
const MAX_FEE_PPM = 10_000;
/** Owners of the accounts, by their place among the development accounts. */
const OWNERS = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
/** Whoever sends matches. */
const EXECUTORS = [4, 15, 16, 17, 18, 19];
const NOBODY: Address = `0x${"00".repeat(20)}`;
const INSTRUMENTS = [
  { id: 1, feed: "EthFeed", answer: 3_000n * FEED_UNIT, size: ONE / 20n },
  { id: 2, feed: "BtcFeed", answer: 60_000n * FEED_UNIT, size: ONE / 400n },
] as const;
/** As in scripts/local/orders.ts. */
const ORDER_TYPES = {
  Order: [
    ...[
      { name: "account", type: "bytes32" },
      { name: "instrument", type: "uint16" },
    ],
    ...["isBuy", "isPostOnly", "isReduceOnly"].map((name) => ({ name, type: "bool" })),
    ...["size", "limitPrice"].map((name) => ({ name, type: "uint128" })),
    ...[
      { name: "maxFeePpm", type: "uint24" },
      { name: "executor", type: "address" },
    ],
    ...[
      { name: "expiry", type: "uint48" },
      { name: "epoch", type: "uint32" },
    ],
    ...["lane", "sequence"].map((name) => ({ name, type: "uint64" })),
  ],
};

interface Account {
  readonly id: Hash;
  readonly owner: QuickSigner;
  sequence: bigint;
}

/**
 * Real traffic of many accounts on an Anvil whose blocks are mined by hand: deposits, signed orders that are matched,
 * withdrawals, prices. What a block holds is sent in a few batches and mined at once. The same seed gives the same traffic.
 */
export class Traffic {
  readonly #url: string;
  readonly #deployment: LockstepDeployment;
  readonly #size: TrafficSize;
  readonly #random: SeededRandom;
  readonly #accounts: Account[];
  readonly #answers: bigint[] = INSTRUMENTS.map(({ answer }) => answer);
  #executor = 0;
  #expiry = 0;
  /** When the node said that the newest block was mined: monotonic milliseconds. */
  minedAtMs = 0;

  constructor(url: string, deployment: LockstepDeployment, size: TrafficSize, seed: number) {
    this.#url = url;
    this.#deployment = deployment;
    this.#size = size;
    this.#random = new SeededRandom(seed);
    const signers = OWNERS.map((index) => new QuickSigner(developmentWallet(index).privateKey));
    this.#accounts = Array.from({ length: size.accounts }, (_, index) => {
      const owner = signers[index % signers.length] as QuickSigner;
      return { id: accountIdOf(owner, BigInt(Math.floor(index / signers.length))), owner, sequence: 0n };
    });
  }

  /** Tokens for the owners, and a deposit into each account. */
  async prepare(): Promise<void> {
    const { timestamp } = (await callNode(this.#url, "eth_getBlockByNumber", ["latest", false])) as Record<
      string,
      string
    >;
    this.#expiry = Number(timestamp) + 1_000_000;
    const owners = OWNERS.map((index) => addressOf(developmentWallet(index)));
    await this.#mine(
      owners.flatMap((from) => [
        this.#call(from, "SettlementToken", "mint", [from, 10n ** 18n]),
        this.#call(from, "SettlementToken", "approve", [this.#at("CollateralVault"), UNLIMITED]),
      ]),
    );
    for (let start = 0; start < this.#accounts.length; start += DEPOSITS) {
      await this.#mine(this.#accounts.slice(start, start + DEPOSITS).map((account) => this.#deposit(account)));
    }
  }

  async headNumber(): Promise<number> {
    return Number(await callNode(this.#url, "eth_blockNumber"));
  }

  /** A block of everything. */
  async mixedBlock(): Promise<void> {
    const { mixedTrades } = this.#size;
    const accounts = this.#draw(Math.min(this.#accounts.length, 2 * mixedTrades + mixedTrades / 2));
    const rest = accounts.splice(2 * mixedTrades);
    await this.#mine([
      ...this.#prices(),
      ...this.#trades(accounts),
      ...rest.map((account, index) => (index % 3 === 2 ? this.#withdraw(account) : this.#deposit(account))),
    ]);
  }

  /** A block of trades and prices only. */
  async tradeBlock(): Promise<void> {
    await this.#mine([...this.#prices(), ...this.#trades(this.#draw(2 * this.#size.trades))]);
  }

  /** The feeds move by at most 0.05 %, so that no margin ever binds. */
  #prices(): Transaction[] {
    const from = addressOf(developmentWallet(ROLES.feedMover));
    return INSTRUMENTS.map(({ feed }, index) => {
      const before = this.#answers[index] ?? 0n;
      const answer = before + (before * BigInt(this.#below(11) - 5)) / 10_000n;
      this.#answers[index] = answer;
      return this.#call(from, feed, "update", [answer]);
    });
  }

  /** Matches neighbours; two accounts of one owner are passed over. */
  #trades(accounts: readonly Account[]): Transaction[] {
    const transactions: Transaction[] = [];
    for (let index = 0; index + 1 < accounts.length; index += 2) {
      const [buyer, seller] = [accounts[index], accounts[index + 1]];
      if (buyer === undefined || seller === undefined || buyer.owner === seller.owner) continue;
      transactions.push(this.#trade(buyer, seller));
    }
    return transactions;
  }

  #trade(buyer: Account, seller: Account): Transaction {
    const place = this.#below(INSTRUMENTS.length);
    const { id: instrument, size: unit } = INSTRUMENTS[place] as (typeof INSTRUMENTS)[number];
    const limitPrice = ((this.#answers[place] ?? 0n) * ONE) / FEED_UNIT;
    const size = unit * BigInt(1 + this.#below(4));
    const common = {
      ...{ instrument, isReduceOnly: false, size, limitPrice, maxFeePpm: MAX_FEE_PPM, executor: NOBODY },
      ...{ expiry: this.#expiry, epoch: 0, lane: 0n },
    };
    const order = (account: Account, isBuy: boolean): Order => {
      account.sequence += 1n;
      return { ...common, account: account.id, isBuy, isPostOnly: !isBuy, sequence: account.sequence };
    };
    const [buy, sell] = [order(buyer, true), order(seller, false)];
    const [buySignature, sellSignature] = [this.#sign(buyer, buy), this.#sign(seller, sell)];
    this.#executor = (this.#executor + 1) % EXECUTORS.length;
    const from = addressOf(developmentWallet(EXECUTORS[this.#executor] ?? 0));
    return this.#call(from, "OrderSettlement", "settle", [{ buy, sell, buySignature, sellSignature, size }]);
  }

  #sign(account: Account, order: Order): Hex {
    const { chainId, contracts } = this.#deployment;
    const domain = { name: "Lockstep", version: "1", chainId, verifyingContract: contracts.OrderSettlement };
    return `0x${account.owner.sign(TypedDataEncoder.hash(domain, ORDER_TYPES, order) as Hash)}`;
  }

  #deposit({ id, owner }: Account): Transaction {
    return this.#call(addressOf(owner), "CollateralVault", "deposit", [id, this.#at("SettlementToken"), DEPOSIT]);
  }

  #withdraw({ id, owner }: Account): Transaction {
    const amount = TOKEN * BigInt(1 + this.#below(100));
    const to = addressOf(owner);
    return this.#call(to, "CollateralVault", "withdraw", [id, this.#at("SettlementToken"), amount, to]);
  }

  /** Different accounts, in random order. */
  #draw(count: number): Account[] {
    const accounts = this.#accounts;
    for (let index = 0; index < count; index += 1) {
      const other = index + this.#below(accounts.length - index);
      [accounts[index], accounts[other]] = [accounts[other] as Account, accounts[index] as Account];
    }
    return accounts.slice(0, count);
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  #at(contract: LockstepContractName): Address {
    return this.#deployment.contracts[contract];
  }

  #call(from: Address, contract: LockstepContractName, fn: string, args: readonly unknown[]): Transaction {
    const mocks: Partial<Record<LockstepContractName, ContractName>> = {
      ...{ SettlementToken: "MockToken", EthFeed: "MockAggregator", BtcFeed: "MockAggregator" },
    };
    const abi = contractInterface(mocks[contract] ?? (contract as ContractName));
    return { from, to: this.#at(contract), data: abi.encodeFunctionData(fn, [...args]) as Hex };
  }

  /** One block of all of these, in order. */
  async #mine(transactions: readonly Transaction[]): Promise<void> {
    for (let start = 0; start < transactions.length; start += BATCH) {
      const batch = transactions.slice(start, start + BATCH).map((transaction) => {
        return { method: "eth_sendTransaction", params: [{ ...transaction, gas: GAS, gasPrice: GAS_PRICE }] };
      });
      await callNodeMany(this.#url, batch);
    }
    await callNode(this.#url, "evm_mine");
    this.minedAtMs = performance.now();
    const receipts = (await callNode(this.#url, "eth_getBlockReceipts", ["latest"])) as { status: string }[];
    const failed = receipts.filter(({ status }) => status !== "0x1").length;
    if (receipts.length === transactions.length && failed === 0) return;
    const message = `of ${transactions.length} transactions ${receipts.length} were mined and ${failed} failed`;
    throw new KeeperError("BenchTransaction", message);
  }
}
