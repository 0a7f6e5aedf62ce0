import type { Wallet } from "ethers";

import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";
import { accountIdOf, addressOf } from "./accounts.ts";
import type { Attempt, LocalChain } from "./LocalChain.ts";

/**
 * An order of contracts/interfaces/IOrderSettlement.sol. Sizes 1e-18 underlying, prices 1e-18 quote per underlying,
 * fees parts per million.
 */
export interface Order {
  readonly account: Hash;
  readonly instrument: number;
  readonly isBuy: boolean;
  readonly isPostOnly: boolean;
  readonly isReduceOnly: boolean;
  readonly size: bigint;
  readonly limitPrice: bigint;
  readonly maxFeePpm: number;
  readonly executor: Address;
  readonly expiry: number;
  readonly epoch: number;
  readonly lane: bigint;
  readonly sequence: bigint;
}

const ORDER_TYPES = {
  Order: [
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
  ],
};

const VALID_SECONDS = 3_600;
/** One percent: more than any instrument of the local market takes. */
const MAX_FEE_PPM = 10_000;
/** Of each account: few, so that lanes are used again as a market maker's are. */
const LANES = 64n;

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
  /** What both orders are for; default `size`. The rest stays open until the lane is used again. */
  readonly orderSize?: bigint;
  /** 1e-18 quote per underlying. */
  readonly price: bigint;
  /** Chooses the lanes of both orders. */
  readonly salt: bigint;
}

/** Signs both orders of a pair, the seller's as the maker's, and lets `executor` settle them. */
export async function settlePair(chain: LocalChain, executor: Wallet, pair: Pair): Promise<Attempt> {
  const { instrument, size, orderSize = size, price: limitPrice, salt } = pair;
  const domain = { chainId: chain.deployment.chainId, settlement: chain.address("OrderSettlement") };
  const [buyerAccount, sellerAccount] = [
    pair.buyerAccount ?? accountIdOf(pair.buyer),
    pair.sellerAccount ?? accountIdOf(pair.seller),
  ];
  const [{ timestamp }, buyerPlace, sellerPlace] = await Promise.all([
    chain.readHead(),
    readNextPlace(chain, buyerAccount, salt),
    readNextPlace(chain, sellerAccount, salt),
  ]);
  const common = {
    instrument,
    isReduceOnly: false,
    size: orderSize,
    limitPrice,
    maxFeePpm: MAX_FEE_PPM,
    executor: addressOf(executor),
    expiry: timestamp + VALID_SECONDS,
  };
  const buy: Order = { ...common, ...buyerPlace, account: buyerAccount, isBuy: true, isPostOnly: false };
  const sell: Order = { ...common, ...sellerPlace, account: sellerAccount, isBuy: false, isPostOnly: true };
  const [buySignature, sellSignature] = await Promise.all([
    signOrder(pair.buyer, buy, domain),
    signOrder(pair.seller, sell, domain),
  ]);
  const match = { buy, sell, buySignature, sellSignature, size };
  return chain.attempt(executor, "OrderSettlement", "settle", [match]);
}

/** The order that `owner` would have signed next in the lane of `salt`, made unusable before anyone settled it. */
export async function cancelOrder(chain: LocalChain, owner: Wallet, order: Pick<Pair, "salt">): Promise<Attempt> {
  const account = accountIdOf(owner);
  const { lane, sequence } = await readNextPlace(chain, account, order.salt);
  return chain.attempt(owner, "OrderSettlement", "cancel", [account, lane, sequence]);
}

/** The next free place of an account's order: a lane that `salt` chooses, its next sequence, and the epoch. */
async function readNextPlace(
  chain: LocalChain,
  account: Hash,
  salt: bigint,
): Promise<Pick<Order, "epoch" | "lane" | "sequence">> {
  const lane = salt % LANES;
  const [[sequence], epoch] = (await chain.read([
    { contract: "OrderSettlement", fn: "laneOf", args: [account, lane] },
    { contract: "PositionLedger", fn: "epochOf", args: [account] },
  ])) as [readonly [bigint, bigint], bigint];
  return { lane, sequence: sequence + 1n, epoch: Number(epoch) };
}
