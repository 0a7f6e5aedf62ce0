import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id, Wallet } from "ethers";

import { storage as keeperStorage } from "../../../../keeper/books/generated/KeeperRegistry.ts";
import { storage as instrumentStorage } from "../../../../keeper/books/generated/InstrumentRegistry.ts";
import { storage as vaultStorage } from "../../../../keeper/books/generated/CollateralVault.ts";
import { storage as ledgerStorage } from "../../../../keeper/books/generated/PositionLedger.ts";
import type { Address, Hash } from "../../../../keeper/lib/hex.ts";
import { depositUsd, type Lockstep } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { listCollateral } from "../../../helpers/assets.ts";
import { postCheckpoint } from "../../../helpers/attestations.ts";
import { approveKeeper } from "../../../helpers/keepers.ts";
import { now, placeBid, setEthPrice, setNextTime } from "../../../helpers/liquidate.ts";
import { OrderBook, readTerms, UNIT } from "../../../helpers/orders.ts";
import { readWitness } from "../../../helpers/witness.ts";
import type { BooksFollower } from "../BooksFollower.ts";
import { passGrace, passTime } from "../naive/stage.ts";

const USD = 1_000_000n;
const COIN = 10n ** 8n;
const DAY = 86_400;
const [CALL, WORTHLESS] = [311, 312];
const LOSING = 411;
/** The highest bit of a lane. */
const MARK = 1 << 15;

type Users = readonly [HardhatEthersSigner, HardhatEthersSigner, HardhatEthersSigner];

async function listCall(system: Lockstep, instrument: number, strike: bigint, expiry: number): Promise<void> {
  const terms = { ...(await readTerms(system, 1)), kind: 2, maxFundingPpm: 0 };
  await system.instruments.listOption(instrument, terms, strike, expiry, 700_000, 250_000);
}

/** The smallest sizes: a position of one is opened, closed, turned, and sold; an option ends worthless; one unit of an asset. */
export async function tourDust(system: Lockstep): Promise<void> {
  const { auction, ethers, instruments, ledger, vault, ethFeed, btcFeed } = system;
  const [buyer, seller, poor] = system.users as unknown as Users;
  const orders = new OrderBook(system);
  for (const user of [buyer, seller]) await depositUsd(system, user, 100_000n * USD);
  await depositUsd(system, poor, 4_000n * USD);
  await setEthPrice(system, 3_000);
  const expiry = (await now(system)) + DAY;
  await listCall(system, WORTHLESS, 3_500n * UNIT, expiry);
  const mark = await system.margin.markOf(WORTHLESS);
  await orders.trade(buyer, seller, { instrument: WORTHLESS, size: UNIT, price: mark });
  await orders.trade(buyer, seller, { size: 1n });
  await passTime(system, 10);
  await orders.trade(seller, buyer, { size: 1n });
  await orders.trade(seller, buyer, { size: 1n });
  await orders.trade(buyer, seller, { size: 2n });
  await passTime(system, 10);
  await orders.trade(seller, buyer, { size: 2n });

  const coin = await ethers.deployContract("PermitToken");
  await listCollateral(system, coin);
  await coin.mint(buyer.address, COIN);
  await coin.connect(buyer).approve(vault.target, COIN);
  await vault.connect(buyer).deposit(accountOf(buyer), coin.target, 1n);

  // A position of one is sold, and two parts of another exactly a window after each other.
  await auction.setTerms({ duration: 1_800, maxDiscountPpm: 100_000, window: 60, capacity: 10n ** 24n });
  await orders.trade(poor, seller, { size: 10n * UNIT });
  await orders.trade(poor, seller, { instrument: 2, size: 1n, price: 60_000n * UNIT });
  await passTime(system, 10);
  await setEthPrice(system, 2_700);
  await btcFeed.update(60_000n * 10n ** 8n);
  await auction.start(accountOf(poor), 2);
  await auction.start(accountOf(poor), 1);
  await passTime(system, 300);
  await setEthPrice(system, 2_700);
  await btcFeed.update(60_000n * 10n ** 8n);
  await placeBid(system, poor, buyer, 1n, { instrument: 2 });
  await placeBid(system, poor, buyer, UNIT / 10n);
  const { start } = await auction.windowOf(1);
  await setNextTime(system, Number(start) + 60);
  await placeBid(system, poor, buyer, UNIT / 10n);

  await ethers.provider.send("evm_setNextBlockTimestamp", [expiry - 5]);
  await ethFeed.update(3_000n * 10n ** 8n);
  const round = await ethFeed.latestRound();
  await passTime(system, 100);
  await ethFeed.update(3_000n * 10n ** 8n);
  await instruments.settle(WORTHLESS, round);
  for (const user of [buyer, seller]) await ledger.settleExpiry(accountOf(user), WORTHLESS);
}

/**
 * A short that loses more than it has: the longs bear it, all of it. Then something is uncovered past all code, and the fund
 * pays all of it but the smallest part that there is.
 */
export async function tourLongLoss(system: Lockstep, follower: BooksFollower): Promise<void> {
  const { admin, auction, ethers, instruments, ledger, fund, usd, vault } = system;
  const [poor, rich, bidder] = system.users as unknown as Users;
  const orders = new OrderBook(system);
  await instruments.setInstrument(LOSING, await readTerms(system, 1));
  await auction.setTerms({ duration: 1_800, maxDiscountPpm: 100_000, window: 3_600, capacity: 10n ** 24n });
  await depositUsd(system, poor, 4_000n * USD);
  for (const user of [rich, bidder]) await depositUsd(system, user, 300_000n * USD);
  await setEthPrice(system, 3_000);
  await orders.trade(rich, poor, { instrument: LOSING, size: 10n * UNIT });
  await orders.trade(rich, bidder, { instrument: LOSING, size: 3n * UNIT });
  await passTime(system, 10);
  await setEthPrice(system, 3_390);
  await auction.start(accountOf(poor), LOSING);
  await passTime(system, 900);
  await setEthPrice(system, 3_390);
  await placeBid(system, poor, bidder, -(await ledger.sizeOf(accountOf(poor), LOSING)), { instrument: LOSING });
  await usd.mint(admin.address, 100n * USD);
  await usd.connect(admin).approve(vault.target, 100n * USD);
  await vault.connect(admin).deposit(await fund.ACCOUNT(), usd.target, 100n * USD);
  await follower.follow();
  const { clearingSizes } = ledgerStorage;
  const slot = clearingSizes.slot(BigInt(LOSING));
  const uncovered = (await ledger.quoteOf(await fund.ACCOUNT())) + 1n;
  const word = clearingSizes.update(follower.books.read("PositionLedger", slot), { uncovered });
  await follower.poke([["PositionLedger", slot, word]]);
  await ethers.provider.send("evm_mine", []);
  await fund.levelClearing(LOSING);
}

/** Nobody posts any more and nothing stands: the end, with a call, and a claim above what is held. */
export async function tourStaleEnd(system: Lockstep): Promise<void> {
  const { ethers, guard, ledger, margin, vault, usd, ethFeed } = system;
  const [winner, loser] = system.users as unknown as Users;
  await depositUsd(system, winner, 50_000n * USD);
  const coin = await ethers.deployContract("PermitToken");
  await listCollateral(system, coin);
  await coin.mint(loser.address, 100n * COIN);
  await coin.connect(loser).approve(vault.target, 100n * COIN);
  await vault.connect(loser).deposit(accountOf(loser), coin.target, 100n * COIN);
  await system.instruments.setDebtCaps(20_000n * UNIT, 100_000n * UNIT);
  await setEthPrice(system, 3_000);
  await passGrace(system);
  await listCall(system, CALL, 3_050n * UNIT, (await now(system)) + 300 * DAY);
  const orders = new OrderBook(system);
  await orders.trade(winner, loser, { instrument: CALL, size: UNIT, price: await margin.markOf(CALL) });
  await orders.trade(winner, loser, { size: 2n * UNIT });
  await setEthPrice(system, 3_300);
  const witness = await postCheckpoint(system);
  await ethers.provider.send("evm_increaseTime", [Number(await guard.WIND_DOWN_TIME()) + 60]);
  await ethers.provider.send("evm_mine", []);
  await guard.startWindDown();
  const round = await ethFeed.latestRound();
  for (const instrument of [CALL, 1]) await guard.fixPrice(instrument, round);
  for (const user of [winner, loser]) {
    for (const instrument of [CALL, 1]) await ledger.settleExpiry(accountOf(user), instrument);
  }
  const account = accountOf(winner);
  await vault.registerClaim(account, usd.target, await readWitness(system, witness, account, usd));
  await ethers.provider.send("evm_increaseTime", [Number(await guard.CLAIM_PERIOD()) + 60]);
  await ethers.provider.send("evm_mine", []);
  await vault.payRegistration(account, usd.target);
}

/** An instrument whose id looks like the mark of a page of open ids is closed while a page further on is the last one. */
export async function tourMarkedId(system: Lockstep): Promise<void> {
  const [buyer, seller] = system.users as unknown as Users;
  for (const user of [buyer, seller]) await depositUsd(system, user, 1_000_000n * USD);
  const orders = new OrderBook(system);
  const terms = await readTerms(system, 1);
  const instruments = [MARK, ...Array.from({ length: 16 }, (_, index) => 500 + index)];
  for (const instrument of instruments) {
    await system.instruments.setInstrument(instrument, terms);
    await orders.trade(buyer, seller, { instrument, size: UNIT / 100n });
  }
  for (const instrument of [MARK, 514, 500]) {
    await orders.trade(seller, buyer, { instrument, size: UNIT / 100n });
  }
}

/** The smallest debt that there is, which no price leads to: the quote of an account with other collateral is made to be one less than nothing. */
export async function tourSmallDebt(system: Lockstep, follower: BooksFollower): Promise<void> {
  const { ethers, ledger, vault, instruments } = system;
  const indebted = system.users[0]!;
  const account = accountOf(indebted) as Hash;
  const coin = await ethers.deployContract("PermitToken");
  await listCollateral(system, coin);
  await instruments.setDebtCaps(20_000n * UNIT, 100_000n * UNIT);
  await coin.mint(indebted.address, COIN);
  await coin.connect(indebted).approve(vault.target, COIN);
  await vault.connect(indebted).deposit(account, coin.target, COIN);
  await setEthPrice(system, 3_000);
  await follower.follow();
  const { accounts } = ledgerStorage;
  const slot = accounts.slot(account);
  const word = accounts.update(follower.books.read("PositionLedger", slot), { quote: -1n });
  await follower.poke([["PositionLedger", slot, word]]);
  await ethers.provider.send("evm_mine", []);
  await ledger.recordDebt(account);
}

/** Words that hold something before their first use, as governance may have accepted them: what does a first use leave of it? */
export async function tourUsedWords(system: Lockstep, follower: BooksFollower): Promise<void> {
  const { ethers, instruments, ethFeed, users } = system;
  const [attester, pauser] = [new Wallet(id("used")), users[5]!];
  const lower = ({ address }: { readonly address: string }): Address => address.toLowerCase() as Address;
  const coin = await ethers.deployContract("PermitToken");
  await setEthPrice(system, 3_000);
  const expiry = (await now(system)) + DAY;
  await listCall(system, CALL, 3_000n * UNIT, expiry);
  await follower.follow();
  const { keys, stakes } = keeperStorage;
  const used = { isPausing: true, booksUntil: 7n, viewUntil: 8n, generation: 9n };
  const { settlements } = instrumentStorage;
  const { assets } = vaultStorage;
  const asset = (coin.target as string).toLowerCase() as Address;
  await follower.poke([
    ...[attester, pauser].map((key) => ["KeeperRegistry", keys.slot(lower(key)), keys.update(0n, used)] as const),
    ["KeeperRegistry", stakes.slot(lower(attester)), stakes.update(0n, { amount: 5n })],
    ["InstrumentRegistry", settlements.slot(BigInt(CALL)), settlements.update(0n, { isUsed: true, isWindDown: true })],
    ["CollateralVault", assets.slot(asset), assets.update(0n, { held: 5n })],
  ]);
  await ethers.provider.send("evm_mine", []);
  await approveKeeper(system, attester, pauser);
  await system.vault.listAsset(asset, { cap: 10n ** 12n, outflowPpm: 1_000_000n, allowancePpm: 1_000n, period: 600n });
  await setNextTime(system, expiry - 5);
  await ethFeed.update(3_100n * 10n ** 8n);
  const round = await ethFeed.latestRound();
  await passTime(system, 100);
  await ethFeed.update(3_000n * 10n ** 8n);
  await instruments.settle(CALL, round);
}
