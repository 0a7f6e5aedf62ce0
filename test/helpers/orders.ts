import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { ZeroAddress, type BigNumberish } from "ethers";

import type { Lockstep } from "../fixtures/deployLockstep.ts";
import { accountOf } from "./accounts.ts";
import { domainOf } from "./attestations.ts";

/** An order as the settlement takes it. */
export interface OrderInput {
  readonly account: string;
  readonly instrument: number;
  readonly isBuy: boolean;
  readonly isPostOnly: boolean;
  readonly isReduceOnly: boolean;
  readonly size: bigint;
  readonly limitPrice: bigint;
  readonly maxFeePpm: number;
  readonly executor: string;
  readonly expiry: number;
  readonly epoch: number;
  readonly lane: bigint;
  readonly sequence: bigint;
}

/** Two signed orders that trade `size` with each other. */
export interface MatchInput {
  readonly buy: OrderInput;
  readonly sell: OrderInput;
  readonly buySignature: string;
  readonly sellSignature: string;
  readonly size: bigint;
}

/** What a test may choose of a trade; the rest is one ETH at the mark. */
export interface TradeOptions {
  readonly size?: bigint;
  readonly price?: bigint;
  readonly instrument?: number;
  /** Changes to the orders of the buyer and of the seller. */
  readonly buy?: Partial<OrderInput>;
  readonly sell?: Partial<OrderInput>;
  /** Who settles; default: the deployer. */
  readonly executor?: HardhatEthersSigner;
}

/** The fields of an order in the order in which they are signed and passed, with their types. */
export const ORDER_FIELDS = [
  { name: "account", type: "bytes32" },
  { name: "instrument", type: "uint16" },
  { name: "isBuy", type: "bool" },
  { name: "isPostOnly", type: "bool" },
  { name: "isReduceOnly", type: "bool" },
  { name: "size", type: "uint128" },
  { name: "limitPrice", type: "uint128" },
  { name: "maxFeePpm", type: "uint24" },
  { name: "executor", type: "address" },
  { name: "expiry", type: "uint48" },
  { name: "epoch", type: "uint32" },
  { name: "lane", type: "uint64" },
  { name: "sequence", type: "uint64" },
];

/** One unit of price, size and quote. */
export const UNIT = 10n ** 18n;
/** The mark of the first instrument in the deployment. */
export const ETH_PRICE = 3_000n * UNIT;
/** The lane of all orders that {@link OrderBook.trade} makes. */
export const TRADE_LANE = 1n;

/**
 * Makes, signs and matches orders. An order of {@link order} has a lane of its own, so that orders settle in any
 * sequence; those of {@link trade} share one lane with rising sequences, as those of a busy account do.
 */
export class OrderBook {
  static #count = TRADE_LANE;
  readonly #system: Lockstep;

  constructor(system: Lockstep) {
    this.#system = system;
  }

  /** An order of `owner`'s first account for one ETH at the mark, open to anyone, without end; `changes` apply. */
  order(owner: HardhatEthersSigner, isBuy: boolean, changes: Partial<OrderInput> = {}): OrderInput {
    OrderBook.#count += 1n;
    return {
      account: accountOf(owner),
      instrument: 1,
      isBuy,
      isPostOnly: false,
      isReduceOnly: false,
      size: UNIT,
      limitPrice: ETH_PRICE,
      maxFeePpm: 2 ** 24 - 1,
      executor: ZeroAddress,
      expiry: 2 ** 47,
      epoch: 0,
      lane: OrderBook.#count,
      sequence: 1n,
      ...changes,
    };
  }

  /** EIP-712 signature of `order`. */
  async sign(signer: HardhatEthersSigner, order: OrderInput): Promise<string> {
    const domain = await domainOf(this.#system, this.#system.settlement.target as string);
    return await signer.signTypedData(domain, { Order: ORDER_FIELDS }, order);
  }

  /** Signs both orders and matches them for `size`, by default all that both allow. */
  async match(
    buyer: HardhatEthersSigner,
    buy: OrderInput,
    seller: HardhatEthersSigner,
    sell: OrderInput,
    size: bigint = buy.size < sell.size ? buy.size : sell.size,
  ): Promise<MatchInput> {
    const [buySignature, sellSignature] = [await this.sign(buyer, buy), await this.sign(seller, sell)];
    return { buy, sell, buySignature, sellSignature, size };
  }

  /** A match of fresh orders in {@link TRADE_LANE}, both for `size` with the limit `price`. */
  async tradeMatch(
    buyer: HardhatEthersSigner,
    seller: HardhatEthersSigner,
    { size = UNIT, price = ETH_PRICE, instrument = 1, buy = {}, sell = {} }: TradeOptions = {},
  ): Promise<MatchInput> {
    OrderBook.#count += 1n;
    const common = { size, limitPrice: price, instrument, lane: TRADE_LANE, sequence: OrderBook.#count };
    const orders = [
      this.order(buyer, true, { ...common, ...buy }),
      this.order(seller, false, { ...common, ...sell }),
    ] as const;
    return await this.match(buyer, orders[0], seller, orders[1], size);
  }

  /** Lets `buyer` and `seller` trade `size` of `instrument` at `price`. */
  async trade(buyer: HardhatEthersSigner, seller: HardhatEthersSigner, options: TradeOptions = {}) {
    const { settlement, admin } = this.#system;
    const match = await this.tradeMatch(buyer, seller, options);
    return await settlement.connect(options.executor ?? admin).settle(match);
  }
}

/** The terms of an instrument that is listed. */
export async function readTerms({ instruments }: Lockstep, instrument: number) {
  const terms = await instruments.instrumentOf(instrument);
  const { kind, feed, initialPpm, maintenancePpm, priceBandPpm, lagVolatilityPpm, maxFundingPpm } = terms;
  const { makerFeePpm, takerFeePpm, maxOpenInterest } = terms;
  const margin = { initialPpm, maintenancePpm, priceBandPpm, lagVolatilityPpm, maxFundingPpm };
  return { kind, feed, ...margin, makerFeePpm, takerFeePpm, maxOpenInterest };
}

/** Changes terms of an instrument that is listed, as governance. */
export async function changeTerms(
  system: Lockstep,
  instrument: number,
  changes: Partial<Record<keyof Awaited<ReturnType<typeof readTerms>>, BigNumberish>>,
) {
  return await system.instruments.setInstrument(instrument, { ...(await readTerms(system, instrument)), ...changes });
}
