import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../accounts.ts";
import { postCheckpoint } from "../attestations.ts";
import type { AwkwardMarket } from "../clearing/awkwardMarket.ts";
import { OrderBook, readTerms, UNIT } from "../orders.ts";

const USD = 10n ** 6n;
/** One unit of the quiet token, which has 8 decimals. */
const COIN = 10n ** 8n;
/** More than any loss of the day. */
const PLENTY = 10n ** 6n * USD;
const HALF_AN_HOUR = 1_800;
const HOUR = 3_600;
const ANY = 2n ** 128n - 1n;
/** A call on ETH of its own. */
const CALL = 5;
const CAPS = [200_000n * UNIT, 1_000_000n * UNIT] as const;

/** Who loses, who wins, and who owes although nothing is lost. None of them is among the six that act at random. */
interface People {
  readonly poor: HardhatEthersSigner;
  readonly rich: HardhatEthersSigner;
  readonly indebted: HardhatEthersSigner;
}

/**
 * What chance gives seldom: a short call without the money for it, so that its shortfall takes the fund and is socialised,
 * what that leaves levelled by a fund that is filled again, a release, a debt that falls due and is paid by an auction of
 * collateral.
 */
export async function liveBadDay(system: AwkwardMarket): Promise<void> {
  const [poor, rich, indebted] = system.users.slice(7, 10) as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  const people = { poor, rich, indebted };
  await becomeCalm(system);
  const expiry = await takePositions(system, people);
  await expire(system, people, expiry);
  await fillFund(system, rich);
  await payDebt(system, people);
}

async function wait({ ethers: { provider } }: AwkwardMarket, seconds: number): Promise<void> {
  await provider.send("evm_increaseTime", [seconds]);
  await provider.send("evm_mine", []);
}

async function ethAnswer({ ethFeed }: AwkwardMarket): Promise<bigint> {
  return (await ethFeed.latestRoundData())[1];
}

/** No pause, no grace, and prices that are new. */
async function becomeCalm(system: AwkwardMarket): Promise<void> {
  const feeds = [system.ethFeed, system.btcFeed];
  for (let count = 0; count < 3; count += 1) {
    for (const feed of feeds) await feed.update((await feed.latestRoundData())[1]);
    await wait(system, HALF_AN_HOUR);
    await postCheckpoint(system);
  }
  for (const feed of feeds) await feed.update((await feed.latestRoundData())[1]);
}

/** The poor one is short of 30 calls, the indebted one of 4 ETH, backed by other collateral alone. Returns the expiry. */
async function takePositions(system: AwkwardMarket, { poor, rich, indebted }: People): Promise<number> {
  const { ethers, instruments, margin, vault, quiet, oracle } = system;
  const spot = await oracle.price(1);
  const expiry = (await ethers.provider.getBlock("latest"))!.timestamp + HOUR;
  const terms = { ...(await readTerms(system, 1)), kind: 2, maxFundingPpm: 0 };
  await instruments.listOption(CALL, terms, spot, expiry, 800_000, 250_000);
  await depositUsd(system, poor, 40_000n * USD);
  await depositUsd(system, rich, 10_000_000n * USD);
  await quiet.mint(indebted.address, 20n * COIN);
  await vault.connect(indebted).deposit(accountOf(indebted), quiet.target, 20n * COIN);
  const orders = new OrderBook(system);
  await orders.trade(rich, poor, { instrument: CALL, size: 30n * UNIT, price: await margin.markOf(CALL) });
  await orders.trade(rich, indebted, { size: 4n * UNIT, price: spot });
  return expiry;
}

/** ETH doubles, the call expires, and its writer cannot pay. */
async function expire(system: AwkwardMarket, { poor, rich }: People, expiry: number): Promise<void> {
  const { ethers, ethFeed, instruments, ledger } = system;
  const doubled = 2n * (await ethAnswer(system));
  await ethers.provider.send("evm_setNextBlockTimestamp", [expiry - 60]);
  await ethFeed.update(doubled);
  const round = await ethFeed.latestRound();
  await wait(system, 120);
  await ethFeed.update(doubled);
  await instruments.settle(CALL, round);
  await ledger.settleExpiry(accountOf(poor), CALL);
  await ledger.coverShortfall(accountOf(poor));
  await ledger.settleExpiry(accountOf(rich), CALL);
}

/** What the short has lost by now falls due, and a part of the collateral is sold for it. */
async function payDebt(system: AwkwardMarket, { rich, indebted }: People): Promise<void> {
  const { auction, instruments, ledger, quiet, ethFeed } = system;
  const [account, bidder, asset] = [accountOf(indebted), accountOf(rich), quiet.target];
  await ledger.recordDebt(account);
  await instruments.setDebtCaps(UNIT, CAPS[1]);
  await postCheckpoint(system);
  // The checkpoint ended a stale time, and started the grace.
  await wait(system, 150);
  await auction.startCollateral(account, asset);
  await wait(system, 100);
  await ethFeed.update(await ethAnswer(system));
  await auction.connect(rich).bidCollateral(account, asset, bidder, COIN / 10n, ANY);
  await instruments.setDebtCaps(...CAPS);
  await auction.stopCollateral(account, asset);
}

/** The fund is filled, pays what the losers of the call still owe its clearing account, and gives a little away. */
async function fillFund(system: AwkwardMarket, to: HardhatEthersSigner): Promise<void> {
  const { usd, vault, fund, admin } = system;
  await usd.mint(admin.address, PLENTY);
  await usd.connect(admin).approve(vault.target, PLENTY);
  await vault.connect(admin).deposit(await fund.ACCOUNT(), usd.target, PLENTY);
  await fund.levelClearing(CALL);
  await fund.refresh();
  await fund.release(accountOf(to), UNIT);
}
