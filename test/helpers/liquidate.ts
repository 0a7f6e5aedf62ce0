import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { ContractTransactionReceipt, ContractTransactionResponse } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import {
  auctionPrice,
  discountPpm,
  liquidatableSize,
  needOf,
  positionQuote,
  soldNotional,
  windowAt,
  type AuctionTerms,
} from "../../keeper/books/model/liquidation.ts";
import { deployLockstep, depositUsd, type DeployOptions, type Lockstep } from "../fixtures/deployLockstep.ts";
import { accountOf } from "./accounts.ts";
import { impersonate } from "./assets.ts";
import { OrderBook, UNIT } from "./orders.ts";

/** One unit of the settlement token. */
export const DOLLAR = 10n ** 6n;

/** Terms that reach 10 % in half an hour, with room for everything. */
export const TERMS: AuctionTerms = {
  duration: 1_800,
  maxDiscountPpm: 100_000n,
  window: 3_600,
  capacity: 1_000_000n * UNIT,
};

/** Flags of the action families, as in ActionFamily.sol. */
export const FLAGS = { increaseRisk: 1, withdraw: 2, liquidate: 4, halt: 8, fundShort: 16 } as const;

/** `Pricing.Favourable` of IMarginEngine. */
const FAVOURABLE = 2;

/** The people of {@link deployAuctions}: alice is long 10 ETH against bob with 4,000 dollars; carol and dave are rich. */
export interface AuctionSystem extends Lockstep {
  readonly alice: HardhatEthersSigner;
  readonly bob: HardhatEthersSigner;
  readonly carol: HardhatEthersSigner;
  readonly dave: HardhatEthersSigner;
  readonly orders: OrderBook;
}

/** Deploys the protocol with {@link TERMS} and one leveraged position of 10 ETH at 3,000. */
export async function deployAuctions(connection: NetworkConnection, options?: DeployOptions): Promise<AuctionSystem> {
  const system = await deployLockstep(connection, options);
  const [alice, bob, carol, dave] = system.users as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  await system.auction.setTerms(TERMS);
  await depositUsd(system, alice, 4_000n * DOLLAR);
  for (const user of [bob, carol, dave]) await depositUsd(system, user, 1_000_000n * DOLLAR);
  const orders = new OrderBook(system);
  await orders.trade(alice, bob, { size: 10n * UNIT });
  return { ...system, alice, bob, carol, dave, orders };
}

/** A new price of ETH, in dollars with up to eight decimals. */
export async function setEthPrice(system: Lockstep, dollars: number): Promise<void> {
  await system.ethFeed.update(BigInt(Math.round(dollars * 1e8)));
}

/** Pushes flags and grace as the guard would; the time of the checkpoint stays. */
export async function pushHot(
  system: Lockstep,
  { flags = 0, graceUntil = 0 }: { flags?: number; graceUntil?: number },
) {
  const guard = await impersonate(system, system.guard.target as string);
  const { checkpointTime } = await system.ledger.hotWord();
  return await system.ledger.connect(guard).push(flags, checkpointTime, graceUntil);
}

/** Timestamp of the newest block. */
export async function now(system: Lockstep): Promise<number> {
  return await system.connection.networkHelpers.time.latest();
}

/** Lets the next block have the timestamp `time`. */
export async function setNextTime(system: Lockstep, time: number): Promise<void> {
  await system.connection.networkHelpers.time.setNextBlockTimestamp(time);
}

/** Starts the auction of `user`'s first account in `instrument`; returns when. */
export async function startAuction(system: Lockstep, user: HardhatEthersSigner, instrument = 1): Promise<number> {
  await system.auction.start(accountOf(user), instrument);
  return await now(system);
}

/** The value of `account` that an auction goes by: at the best of each price that breaks a rule. */
export async function judge({ ledger, margin }: Lockstep, account: string) {
  const { quote, positions, collateral, checkpointTime } = await ledger.portfolioOf(account);
  const portfolio = {
    ...{ quote, checkpointTime },
    positions: positions.map(({ instrument, size }) => ({ instrument, size })),
    collateral: collateral.map(({ id, balance }) => ({ id, balance })),
  };
  return await margin.evaluate(portfolio, FAVOURABLE);
}

/** What a test may choose of a bid. */
export interface BidOptions {
  readonly instrument?: number;
  readonly limitPrice?: bigint;
}

/** Lets `bidder` bid for `size` of `user`'s position, at any price unless a limit is given. */
export async function placeBid(
  system: Lockstep,
  user: HardhatEthersSigner,
  bidder: HardhatEthersSigner,
  size: bigint,
  { instrument = 1, limitPrice }: BidOptions = {},
): Promise<ContractTransactionResponse> {
  const account = accountOf(user);
  const isLong = (await system.ledger.sizeOf(account, instrument)) > 0n;
  const limit = limitPrice ?? (isLong ? 2n ** 128n - 1n : 0n);
  return await system.auction.connect(bidder).bid(account, instrument, accountOf(bidder), size, limit);
}

/** What a bid at `time` may take, and what it does, by the model. */
export interface ExpectedBid {
  readonly available: bigint;
  readonly price: bigint;
  /** What the bidder pays for `size`. */
  readonly quoteOf: (size: bigint) => bigint;
  /** The window after a bid for `size`. */
  readonly windowOf: (size: bigint) => { readonly start: number; readonly used: bigint };
}

/** Computes a bid at `time` from the state of the newest block, for a perpetual. */
export async function expectBid(
  system: Lockstep,
  user: HardhatEthersSigner,
  time: number,
  terms: AuctionTerms = TERMS,
): Promise<ExpectedBid> {
  const account = accountOf(user);
  const size = await system.ledger.sizeOf(account, 1);
  const { equity, initial } = await judge(system, account);
  const { initialPpm, feed } = await system.instruments.instrumentOf(1);
  const spot = await system.oracle.price(feed);
  const startedAt = Number(await system.auction.startedAtOf(account, 1));
  const discount = discountPpm(terms, time - startedAt);
  const price = auctionPrice(size > 0n, spot, spot, discount);
  const { start, used } = await system.auction.windowOf(1);
  const { window } = windowAt({ start: Number(start), used }, time, terms);
  return {
    available: liquidatableSize({ size, spot, need: needOf(equity, initial), initialPpm }, discount),
    price,
    quoteOf: (sold) => positionQuote(sold, price, size > 0n),
    windowOf: (sold) => ({ start: window.start, used: window.used + soldNotional(sold, spot) }),
  };
}

/** An event of the ledger or the auction, with its arguments. */
export interface SeenEvent {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** The events of ledger, auction and fund in a transaction, in order. */
export async function eventsOf(system: Lockstep, sent: ContractTransactionResponse): Promise<SeenEvent[]> {
  const { logs } = (await sent.wait()) as ContractTransactionReceipt;
  const emitters = [system.ledger, system.auction, system.fund];
  return logs.flatMap((log) => {
    const contract = emitters.find(({ target }) => target === log.address);
    const parsed = contract?.interface.parseLog(log);
    return parsed ? [{ name: parsed.name, args: parsed.args.toObject() as Record<string, unknown> }] : [];
  });
}
