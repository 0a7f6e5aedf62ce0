import type { Wallet } from "ethers";

import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";
import { accountIdOf, addressOf } from "./accounts.ts";
import type { Attempt, LocalChain } from "./LocalChain.ts";

/** An order of contracts/interfaces/IOrderSettlement.sol. Sizes 1e-18 underlying, prices 1e-18 quote per underlying. */
export interface Order {
  readonly account: Hash;
  readonly instrument: number;
  readonly isBuy: boolean;
  readonly size: bigint;
  readonly limitPrice: bigint;
  readonly executor: Address;
  readonly expiry: number;
  readonly salt: bigint;
}

const ORDER_TYPES = {
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

const ANYONE: Address = `0x${"00".repeat(20)}`;
const VALID_SECONDS = 3_600;

/** The EIP-712 signature of an order for one settlement contract; the domain is `Lockstep`, version 1. */
export async function signOrder(
  wallet: Wallet,
  order: Order,
  domain: { readonly chainId: number; readonly settlement: Address },
): Promise<Hex> {
  const { chainId, settlement: verifyingContract } = domain;
  const full = { name: "Lockstep", version: "1", chainId, verifyingContract };
  return (await wallet.signTypedData(full, ORDER_TYPES, order)) as Hex;
}

/** Two owners who trade with each other. */
export interface Pair {
  readonly buyer: Wallet;
  readonly seller: Wallet;
  /** Default: account 0 of the owner. */
  readonly buyerAccount?: Hash;
  readonly sellerAccount?: Hash;
  readonly instrument: number;
  /** What trades, 1e-18 underlying. */
  readonly size: bigint;
  /** What both orders are for; default `size`. The rest stays open until the orders expire. */
  readonly orderSize?: bigint;
  /** 1e-18 quote per underlying. */
  readonly price: bigint;
  /** Makes the orders different from equal ones. */
  readonly salt: bigint;
}

/** Signs both orders of a pair, the seller's as the maker's, and lets `executor` settle them. */
export async function settlePair(chain: LocalChain, executor: Wallet, pair: Pair): Promise<Attempt> {
  const { instrument, size, orderSize = size, price: limitPrice, salt } = pair;
  const domain = { chainId: chain.deployment.chainId, settlement: chain.address("OrderSettlement") };
  const { timestamp } = await chain.readHead();
  const common = {
    instrument,
    size: orderSize,
    limitPrice,
    executor: addressOf(executor),
    expiry: timestamp + VALID_SECONDS,
    salt,
  };
  const buy = { ...common, account: pair.buyerAccount ?? accountIdOf(pair.buyer), isBuy: true };
  const sell = { ...common, account: pair.sellerAccount ?? accountIdOf(pair.seller), isBuy: false };
  const [buySignature, sellSignature] = await Promise.all([
    signOrder(pair.buyer, buy, domain),
    signOrder(pair.seller, sell, domain),
  ]);
  return chain.attempt(executor, "OrderSettlement", "settle", [sell, sellSignature, buy, buySignature, size]);
}

/** An own order made unusable before anyone settled it. */
export async function cancelOrder(
  chain: LocalChain,
  owner: Wallet,
  order: Pick<Order, "instrument" | "isBuy" | "size" | "limitPrice" | "salt">,
): Promise<Attempt> {
  const { timestamp } = await chain.readHead();
  const full = { ...order, account: accountIdOf(owner), executor: ANYONE, expiry: timestamp + VALID_SECONDS };
  return chain.attempt(owner, "OrderSettlement", "cancel", [full]);
}
