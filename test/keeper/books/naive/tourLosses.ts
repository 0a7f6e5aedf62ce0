import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import type { PermitToken } from "../../../../types/ethers-contracts/index.ts";
import { depositUsd, type Lockstep } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { placeBid, setEthPrice } from "../../../helpers/liquidate.ts";
import { OrderBook, readTerms, UNIT } from "../../../helpers/orders.ts";
import { passGrace, passTime } from "./stage.ts";

const USD = 1_000_000n;
const COIN = 10n ** 8n;
const LOSING = 401;

/** Pays into the account of the insurance fund. */
async function payFund({ vault, usd, fund, admin }: Lockstep, dollars: bigint): Promise<void> {
  await usd.mint(admin.address, dollars * USD);
  await usd.connect(admin).approve(vault.target, dollars * USD);
  await vault.connect(admin).deposit(await fund.ACCOUNT(), usd.target, dollars * USD);
}

/**
 * A leveraged long: restored by a part and stopped, while the price of its other position is old; then sold whole, with a
 * shortfall of which the fund with the fees pays a part, the winners what a unit may be charged, and the fund the rest
 * in three steps; the fund filled again.
 */
async function tourLiquidation(system: Lockstep): Promise<void> {
  const { auction, fund, vault, usd, ledger, instruments, oracle, btcFeed } = system;
  const [poor, rich, bidder] = system.users.slice(6, 9) as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  const orders = new OrderBook(system);
  await instruments.setInstrument(LOSING, { ...(await readTerms(system, 1)), takerFeePpm: 300 });
  await depositUsd(system, poor, 4_000n * USD);
  for (const user of [rich, bidder]) await depositUsd(system, user, 300_000n * USD);
  await fund.sweepFees();
  await payFund(system, 100n);
  await fund.setTarget(50n * UNIT);
  await setEthPrice(system, 3_000);
  await passGrace(system);
  await orders.trade(poor, rich, { instrument: LOSING, size: 10n * UNIT });
  // Dust in another market, whose price is old from now on.
  const dust = { instrument: 2, size: UNIT / 10_000n, price: 60_000n * UNIT };
  const setBitcoinAge = async (maxAge: number) => {
    await oracle.setFeed(2, btcFeed.target, maxAge, 1_000n * UNIT, 2_000_000n * UNIT);
  };
  await btcFeed.update(60_000n * 10n ** 8n);
  await orders.trade(poor, rich, dust);
  await setBitcoinAge(1);
  await passTime(system, 2);
  await setEthPrice(system, 2_700);
  await auction.start(accountOf(poor), LOSING);
  await passTime(system, 300);
  await setEthPrice(system, 2_700);
  await placeBid(system, poor, bidder, UNIT / 3n, { instrument: LOSING });
  await setEthPrice(system, 3_000);
  await auction.stop(accountOf(poor), LOSING);
  await orders.trade(rich, poor, dust);
  await setBitcoinAge(1_000_000);
  // Below zero: the account is sold out, the fund pays what it has, and the winners the rest.
  await setEthPrice(system, 2_500);
  await auction.start(accountOf(poor), LOSING);
  await passTime(system, 900);
  const size = await ledger.sizeOf(accountOf(poor), LOSING);
  await placeBid(system, poor, bidder, size, { instrument: LOSING });

  await vault.connect(rich).withdraw(accountOf(rich), usd.target, 1_000n * USD, rich.address);
  await payFund(system, 200n);
  await fund.levelClearing(LOSING);
  await payFund(system, 300n);
  await fund.refresh();
  await fund.release(accountOf(rich), 10n * UNIT);
  await orders.trade(rich, bidder, { instrument: LOSING, size: 10n * UNIT, price: 2_500n * UNIT });
  await fund.levelClearing(LOSING);
  await payFund(system, 5_000n);
  await fund.levelClearing(LOSING);
  await fund.setTarget(10n ** 6n * UNIT);
  await fund.refresh();
  await fund.setTarget(0n);
  await fund.refresh();
}

/** A short position backed by other collateral: a debt that is recorded, grows, is capped, and is paid by an auction. */
async function tourCollateral(system: Lockstep, token: PermitToken): Promise<void> {
  const { auction, instruments, ledger, vault, ethFeed } = system;
  const [indebted, rich, bidder] = [system.users[9]!, system.users[7]!, system.users[8]!];
  const orders = new OrderBook(system);
  const asset = token.target as string;
  await setEthPrice(system, 3_000);
  await instruments.setDebtCaps(20_000n * UNIT, 100_000n * UNIT);
  await token.mint(indebted.address, 100n * COIN);
  await token.connect(indebted).approve(vault.target, 100n * COIN);
  await vault.connect(indebted).deposit(accountOf(indebted), asset, 10n * COIN);
  await orders.trade(rich, indebted, { size: 4n * UNIT });
  await setEthPrice(system, 3_300);
  await ledger.recordDebt(accountOf(indebted));
  await orders.trade(indebted, rich, { size: UNIT, price: 3_300n * UNIT });
  await setEthPrice(system, 3_350);
  await vault.connect(indebted).withdraw(accountOf(indebted), asset, COIN / 10n, indebted.address);
  await setEthPrice(system, 3_400);
  // Above the cap: due although it is healthy.
  await instruments.setDebtCaps(100n * UNIT, 100_000n * UNIT);
  await auction.startCollateral(accountOf(indebted), asset);
  await passTime(system, 400);
  await ethFeed.update(3_400n * 10n ** 8n);
  const bid = async (amount: bigint) => {
    const accounts = [accountOf(indebted), asset, accountOf(bidder)] as const;
    await auction.connect(bidder).bidCollateral(...accounts, amount, 2n ** 127n);
  };
  await bid(COIN / 10n);
  await instruments.setDebtCaps(20_000n * UNIT, 100_000n * UNIT);
  await auction.stopCollateral(accountOf(indebted), asset);

  // Worth nothing to speak of: everything is sold, and a shortfall is left.
  await orders.trade(indebted, rich, { size: 3n * UNIT, price: 3_400n * UNIT });
  await ledger.recordDebt(accountOf(indebted)).catch(() => undefined);
  await setEthPrice(system, 110);
  await auction.startCollateral(accountOf(indebted), asset);
  await passTime(system, 1_100);
  const left = await ledger.collateralOf(accountOf(indebted), asset);
  await bid(left / 2n);
  await bid(left - left / 2n);
  await setEthPrice(system, 3_000);
}

/** Liquidations, shortfalls, debts and the insurance fund. */
export async function tourLosses(system: Lockstep, token: PermitToken): Promise<void> {
  await system.auction.setTerms({ duration: 1_800, maxDiscountPpm: 100_000, window: 3_600, capacity: 10n ** 24n });
  await tourLiquidation(system);
  await tourCollateral(system, token);
}
