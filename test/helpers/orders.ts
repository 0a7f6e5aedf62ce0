import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { ZeroAddress } from "ethers";

import type { Lockstep } from "../fixtures/deployLockstep.ts";
import { accountOf } from "./accounts.ts";
import { domainOf } from "./attestations.ts";

/** An order as the settlement takes it. */
export interface OrderInput {
  readonly account: string;
  readonly instrument: number;
  readonly isBuy: boolean;
  readonly size: bigint;
  readonly limitPrice: bigint;
  readonly executor: string;
  readonly expiry: number;
  readonly salt: bigint;
}

const TYPES = {
  Order: [
    { name: "account", type: "bytes32" },
    { name: "instrument", type: "uint16" },
    { name: "isBuy", type: "bool" },
    { name: "size", type: "uint128" },
    { name: "limitPrice", type: "uint128" },
    { name: "executor", type: "address" },
    { name: "expiry", type: "uint48" },
    { name: "salt", type: "uint256" },
  ],
};

/** One unit of price, size and quote. */
export const UNIT = 10n ** 18n;
/** The mark of the first instrument in the deployment. */
export const ETH_PRICE = 3_000n * UNIT;

/** Makes orders whose salts differ, over all books, so that two equal orders are never one. */
export class OrderBook {
  static #salt = 0n;
  readonly #system: Lockstep;

  constructor(system: Lockstep) {
    this.#system = system;
  }

  /** An order of `owner`'s first account for one ETH at the mark, open to anyone, without end; `changes` apply. */
  order(owner: HardhatEthersSigner, isBuy: boolean, changes: Partial<OrderInput> = {}): OrderInput {
    OrderBook.#salt += 1n;
    return {
      account: accountOf(owner),
      instrument: 1,
      isBuy,
      size: UNIT,
      limitPrice: ETH_PRICE,
      executor: ZeroAddress,
      expiry: 2 ** 47,
      salt: OrderBook.#salt,
      ...changes,
    };
  }

  /** EIP-712 signature of `order`. */
  async sign(signer: HardhatEthersSigner, order: OrderInput): Promise<string> {
    const domain = await domainOf(this.#system, this.#system.settlement.target as string);
    return await signer.signTypedData(domain, TYPES, order);
  }

  /** Lets `buyer` and `seller` trade `size` of `instrument` at `price`; the buyer is the maker. */
  async trade(
    buyer: HardhatEthersSigner,
    seller: HardhatEthersSigner,
    { size = UNIT, price = ETH_PRICE, instrument = 1 }: { size?: bigint; price?: bigint; instrument?: number } = {},
  ) {
    const terms = { size, limitPrice: price, instrument };
    const maker = this.order(buyer, true, terms);
    const taker = this.order(seller, false, terms);
    const signatures = [await this.sign(buyer, maker), await this.sign(seller, taker)] as const;
    return await this.#system.settlement.settle(maker, signatures[0], taker, signatures[1], size);
  }
}
