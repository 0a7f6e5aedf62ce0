import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { MaxUint256, type ContractTransactionResponse } from "ethers";

import type { Lockstep } from "../../test/fixtures/deployLockstep.ts";
import { accountOf } from "../../test/helpers/accounts.ts";
import { ETH_PRICE, OrderBook, UNIT, type MatchInput } from "../../test/helpers/orders.ts";

const DOLLAR = 10n ** 6n;
/** So high that all sequences of the bench have equally many bytes. */
const FIRST_SEQUENCE = 100_000n;

/** An account: its owner and its number. */
export interface Holder {
  readonly owner: HardhatEthersSigner;
  readonly account: string;
}

/** A trade of the bench; by default of one ETH at the mark, in lane 1. */
export interface DeskTrade {
  readonly instrument?: number;
  readonly size?: bigint;
  readonly price?: bigint;
  readonly lane?: bigint;
}

/** Lets people deposit and trade, with the same orders in every run. */
export class Desk {
  readonly system: Lockstep;
  readonly #orders: OrderBook;
  #sequence = FIRST_SEQUENCE;

  constructor(system: Lockstep) {
    this.system = system;
    this.#orders = new OrderBook(system);
  }

  /** Account `index` of user `number`. */
  holder(number: number, index = 0): Holder {
    const owner = this.system.users[number];
    if (!owner) throw new Error(`no user ${number}`);
    return { owner, account: accountOf(owner, index) };
  }

  /** Gives the owner ten million dollars, which the vault may take without asking again. */
  async endow({ owner }: Holder): Promise<void> {
    const { usd, vault } = this.system;
    await usd.mint(owner.address, 10_000_000n * DOLLAR);
    await usd.connect(owner).approve(vault.target, MaxUint256);
  }

  /** Deposits into an account. */
  async deposit({ owner, account }: Holder, dollars: bigint): Promise<ContractTransactionResponse> {
    const { usd, vault } = this.system;
    return await vault.connect(owner).deposit(account, usd.target, dollars * DOLLAR);
  }

  /** Withdraws from an account to its owner. */
  async withdraw({ owner, account }: Holder, dollars: bigint): Promise<ContractTransactionResponse> {
    const { usd, vault } = this.system;
    return await vault.connect(owner).withdraw(account, usd.target, dollars * DOLLAR, owner.address);
  }

  /** A new price of ETH. */
  async setPrice(dollars: bigint): Promise<void> {
    await this.system.ethFeed.update(dollars * 10n ** 8n);
  }

  /** Two fresh signed orders that trade with each other. */
  async match(buyer: Holder, seller: Holder, trade: DeskTrade = {}): Promise<MatchInput> {
    const { instrument = 1, size = UNIT, price = ETH_PRICE, lane = 1n } = trade;
    this.#sequence += 1n;
    const common = { instrument, size, limitPrice: price, lane, sequence: this.#sequence };
    const orderOf = ({ owner, account }: Holder, isBuy: boolean) =>
      this.#orders.order(owner, isBuy, { ...common, account });
    const [buy, sell] = [orderOf(buyer, true), orderOf(seller, false)];
    return await this.#orders.match(buyer.owner, buy, seller.owner, sell, size);
  }

  /** Settles two fresh signed orders. */
  async trade(buyer: Holder, seller: Holder, trade: DeskTrade = {}): Promise<ContractTransactionResponse> {
    return await this.system.settlement.settle(await this.match(buyer, seller, trade));
  }
}
