import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { NetworkConnection } from "hardhat/types/network";

import type {
  FalseToken,
  LedgerHarness,
  MockAggregator,
  MockRoundFeed,
  MockToken,
  PermitToken,
} from "../../../types/ethers-contracts/index.ts";
import { deployLockstep, TIMES, type KeeperKeys, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../accounts.ts";
import { listCollateral } from "../assets.ts";
import type { Attested } from "../attestations.ts";
import { OrderBook, readTerms, UNIT, type TradeOptions } from "../orders.ts";
import { postHead } from "./grades.ts";
import {
  admitKeepers,
  CLAIM_SECONDS,
  FOUNDERS,
  FRESH,
  JOIN_SECONDS,
  keeperKeys,
  liveThrough,
  UNBONDING_SECONDS,
  WIND_DOWN_SECONDS,
} from "./keepers.ts";

/** One unit of the settlement token. */
export const DOLLAR = 10n ** 6n;
/** What `flat` has, units of the settlement token: the whole outflow limit. */
export const FLAT_DOLLARS = 400_000n * DOLLAR;
/** Terms under which an auction that runs goes on through every grade. */
export const AUCTION_TERMS = { duration: 86_400, maxDiscountPpm: 40_000, window: 3_600, capacity: 10n ** 25n } as const;
/** An option with an open long position (settled), one without a final price, one that is done, and one that lives. */
export const OPTION = { settled: 3, unsettled: 4, done: 5, live: 6 } as const;

const HOUR = 3_600;
const DAY = 24 * HOUR;
const KIND = { call: 2, put: 3 } as const;

/**
 * The accounts of `debtor`, by number: two that are below maintenance with a position, one of them up for auction; one that
 * was, and is secured again; the same three with collateral; and one without anything but a loss.
 */
export const DEBTOR = { weak: 0, sold: 1, saved: 2, owing: 3, pledged: 4, redeemed: 5, broke: 6 } as const;

/** A debtor's account. */
export type Debtor = keyof typeof DEBTOR;

/** A deployment in which every function finds somebody to act on. */
export interface Stage extends Lockstep {
  readonly orders: OrderBook;
  readonly harness: LedgerHarness;
  /** Money, no position, and a claim of `refused`. */
  readonly flat: HardhatEthersSigner;
  /** Long 5 ETH, with WETH as collateral. */
  readonly long: HardhatEthersSigner;
  /** Its account 1 is the other side of `long` and can pay at any price within bounds; account 0 that of all others. */
  readonly short: HardhatEthersSigner;
  /** Much money, no position. */
  readonly rich: HardhatEthersSigner;
  readonly debtor: HardhatEthersSigner;
  readonly stranger: HardhatEthersSigner;
  /** Owner of the bonds of all keepers but the founders. */
  readonly bondOwner: HardhatEthersSigner;
  /** Convicted a keeper, and has not been paid. */
  readonly challenger: HardhatEthersSigner;
  /** Posts all checkpoints that {@link postHead} does. */
  readonly carrier: HardhatEthersSigner;
  /** A keeper that has never paused. */
  readonly fresh: KeeperKeys;
  /** The sequencer's uptime feed: up since long ago, in round 1. */
  readonly sequencer: MockRoundFeed;
  readonly weth: MockToken;
  readonly permit: PermitToken;
  readonly refused: FalseToken;
  /** Not listed. */
  readonly spare: MockToken;
  /** The round of BTC that proves what the options pay. */
  readonly round: bigint;
  /** The checkpoint that withdrawals are proved against. */
  readonly witness: Attested;
}

/** Account number `name` of the debtor. */
export function debtorOf(stage: Pick<Stage, "debtor">, name: Debtor): string {
  return accountOf(stage.debtor, DEBTOR[name]);
}

/** All accounts of a stage. */
export function accountsOf(stage: Stage): string[] {
  const { flat, long, short, rich, debtor } = stage;
  const debtors = Object.values(DEBTOR).map((index) => accountOf(debtor, index));
  const first = [flat, long, short, rich].map((user) => accountOf(user));
  return [...first, accountOf(short, 1), accountOf(rich, 1), ...debtors];
}

/** Mints `amount` of a token and lets `payer`, who is the owner unless it is settlement currency, deposit it. */
export async function give(
  system: Lockstep,
  token: MockToken,
  account: string,
  amount: bigint,
  payer = system.admin,
): Promise<void> {
  await token.mint(payer.address, amount);
  await token.connect(payer).approve(system.vault.target, amount);
  await system.vault.connect(payer).deposit(account, token.target, amount);
}

async function setPrice(feed: MockAggregator, dollars: bigint): Promise<void> {
  await feed.update(dollars * 10n ** 8n);
}

const PARAMETERS = {
  ...{ makerFeePpm: 200, takerFeePpm: 500, fundTarget: UNIT, settlementCap: 4_000_000n * DOLLAR },
  ...{ auctionSeconds: AUCTION_TERMS.duration, liquidationCapacity: AUCTION_TERMS.capacity },
  ...{ minKeepers: FOUNDERS, joinDelaySeconds: JOIN_SECONDS, unbondingSeconds: UNBONDING_SECONDS },
  ...{ windDownSeconds: WIND_DOWN_SECONDS, claimPeriodSeconds: CLAIM_SECONDS },
} as const;

/** Builds the stage, in Synced and outside any grace. */
export async function deployStage(connection: NetworkConnection): Promise<Stage> {
  const bare = await deployBare(connection);
  for (const token of [bare.weth, bare.permit, bare.refused]) await listCollateral(bare, token);
  await bare.instruments.setDebtCaps(100_000n * UNIT, 1_000_000n * UNIT);
  await bare.registry.setReward(UNIT, 1_000);
  await admitKeepers(bare);
  await endow(bare);
  const round = await expireOptions(bare);
  // In which governance may settle what nobody proved.
  await connection.networkHelpers.time.increase(7 * DAY);
  await liveThrough(bare);
  await calmDown(bare);
  await openPositions(bare);
  await strikePrices(bare);
  await keepClaim(bare);
  return { ...bare, round, witness: await postHead(bare) };
}

type Bare = Omit<Stage, "round" | "witness">;

async function deployBare(connection: NetworkConnection): Promise<Bare> {
  const sequencer = await connection.ethers.deployContract("MockRoundFeed", [false]);
  await sequencer.set(1, 0, 1, 1);
  const parameters = { ...PARAMETERS, sequencerFeed: sequencer.target as string };
  const system = await deployLockstep(connection, { keeperCount: FOUNDERS, parameters });
  const { ethers, users } = system;
  const [flat, long, short, rich, debtor, stranger, bondOwner, challenger, carrier] = users as HardhatEthersSigner[];
  const owners = { flat: flat!, long: long!, short: short!, rich: rich!, debtor: debtor!, stranger: stranger! };
  const keepers = await keeperKeys(system);
  const people = { bondOwner: bondOwner!, challenger: challenger!, carrier: carrier!, keepers, fresh: keepers[FRESH]! };
  const tokens = {
    weth: await ethers.deployContract("MockToken", ["Wrapped Ether", "WETH", 18]),
    permit: await ethers.deployContract("PermitToken"),
    refused: await ethers.deployContract("FalseToken"),
    spare: await ethers.deployContract("MockToken", ["Spare", "SPR", 8]),
  };
  const harness = await ethers.deployContract("LedgerHarness");
  return { ...system, ...owners, ...people, ...tokens, sequencer, harness, orders: new OrderBook(system) };
}

/** Deposits, early: a week later the outflow limit has forgotten them. */
async function endow(bare: Bare): Promise<void> {
  const { usd, weth, flat, long, short, rich } = bare;
  await give(bare, usd, accountOf(flat), FLAT_DOLLARS);
  for (const user of [long, short, rich]) await give(bare, usd, accountOf(user), 500_000n * DOLLAR);
  await give(bare, usd, accountOf(rich, 1), 100_000n * DOLLAR);
  await give(bare, usd, accountOf(short, 1), 1_000_000n * DOLLAR);
  await give(bare, usd, await bare.ledger.fundAccount(), 50_000n * DOLLAR);
  for (const name of ["weak", "sold", "saved"] as const) await give(bare, usd, debtorOf(bare, name), 4_000n * DOLLAR);
  await give(bare, usd, debtorOf(bare, "broke"), 2_000n * DOLLAR);
  for (const name of ["owing", "pledged", "redeemed"] as const)
    await give(bare, weth, debtorOf(bare, name), 10n * UNIT, bare.debtor);
  await give(bare, weth, accountOf(long), UNIT, long);
}

/** Three options expire far in the money: one leaves a loss, one is settled to the end. */
async function expireOptions(bare: Bare): Promise<bigint> {
  const { instruments, margin, ledger, orders, btcFeed, rich, short, debtor } = bare;
  const { time } = bare.connection.networkHelpers;
  const terms = { ...(await readTerms(bare, 2)), maxFundingPpm: 0 };
  const expiry = (await time.latest()) + HOUR;
  for (const [instrument, kind] of [
    [OPTION.settled, KIND.call],
    [OPTION.unsettled, KIND.put],
    [OPTION.done, KIND.call],
  ] as const) {
    await instruments.listOption(instrument, { ...terms, kind }, 60_000n * UNIT, expiry, 800_000, 250_000);
  }
  const trade = async (instrument: number, seller: HardhatEthersSigner, account: string, size: bigint) => {
    const common = { instrument, size, price: await margin.markOf(instrument) };
    await orders.trade(rich, seller, { ...common, buy: { account: accountOf(rich, 1) }, sell: { account } });
  };
  await trade(OPTION.settled, debtor, debtorOf(bare, "broke"), UNIT / 10n);
  // An odd size, whose payoff leaves a fraction in the clearing account.
  await trade(OPTION.done, short, accountOf(short), UNIT / 100n + 1n);
  await btcFeed.update(9_000_123_456_789n);
  const round = await btcFeed.latestRound();
  await time.increaseTo(expiry + 1);
  await setPrice(btcFeed, 90_000n);
  for (const instrument of [OPTION.settled, OPTION.done]) await instruments.settle(instrument, round);
  await ledger.settleExpiry(debtorOf(bare, "broke"), OPTION.settled);
  for (const account of [accountOf(rich, 1), accountOf(short)]) await ledger.settleExpiry(account, OPTION.done);
  return round;
}

/** The grade is Synced again and no grace runs; prices are those of now, and another option is listed. */
async function calmDown(bare: Bare): Promise<void> {
  const { time } = bare.connection.networkHelpers;
  await postHead(bare);
  await time.increase(TIMES.graceSeconds);
  await setPrice(bare.ethFeed, 3_000n);
  await setPrice(bare.btcFeed, 60_000n);
  await postHead(bare);
  const terms = { ...(await readTerms(bare, 2)), maxFundingPpm: 0, kind: KIND.put };
  const expiry = (await time.latest()) + 30 * DAY;
  await bare.instruments.listOption(OPTION.live, terms, 50_000n * UNIT, expiry, 800_000, 250_000);
}

async function openPositions(bare: Bare): Promise<void> {
  const { long, short, debtor, orders } = bare;
  await orders.trade(long, short, { size: 5n * UNIT, sell: { account: accountOf(short, 1) } });
  const open = async (name: Debtor, options: TradeOptions) =>
    await orders.trade(debtor, short, { ...options, buy: { account: debtorOf(bare, name) } });
  const btc = { instrument: 2, size: UNIT / 2n, price: 60_000n * UNIT };
  for (const name of ["weak", "sold", "saved"] as const) await open(name, btc);
  for (const name of ["owing", "pledged", "redeemed"] as const) await open(name, { size: 10n * UNIT });
}

/** Both prices fall; who is up for auction is put up, and two of them are helped. */
async function strikePrices(bare: Bare): Promise<void> {
  const { auction, weth, usd, ethFeed, btcFeed } = bare;
  await setPrice(ethFeed, 1_600n);
  await setPrice(btcFeed, 54_000n);
  for (const name of ["sold", "saved"] as const) await auction.start(debtorOf(bare, name), 2);
  for (const name of ["pledged", "redeemed"] as const) await auction.startCollateral(debtorOf(bare, name), weth.target);
  await give(bare, usd, debtorOf(bare, "saved"), 5_000n * DOLLAR);
  await give(bare, usd, debtorOf(bare, "redeemed"), 20_000n * DOLLAR);
}

/** A withdrawal that the token refused; it would not now. */
async function keepClaim(bare: Bare): Promise<void> {
  const { refused, flat, vault } = bare;
  await give(bare, refused, accountOf(flat), 1_000n, flat);
  await refused.setFalse(true, false);
  await vault.connect(flat).withdraw(accountOf(flat), refused.target, 400n, flat.address);
  await refused.setFalse(false, false);
}
