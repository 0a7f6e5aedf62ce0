import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { network } from "hardhat";

import type { MockAggregator, MockToken } from "../../types/ethers-contracts/index.ts";
import { depositUsd } from "../fixtures/deployLockstep.ts";
import { accountOf } from "../helpers/accounts.ts";
import { impersonate, listCollateral, WIDE } from "../helpers/assets.ts";
import {
  deployAuctions,
  DOLLAR,
  FLAGS,
  now,
  placeBid,
  pushHot,
  setEthPrice,
  setNextTime,
  startAuction,
  type AuctionSystem,
} from "../helpers/liquidate.ts";
import { changeTerms, readTerms, UNIT } from "../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const CALL_KIND = 2;
/** A fifth of what may leave at once. */
const WHALE = 20_000_000n * DOLLAR;
const HUGE = 2n ** 128n - 1n;
/** Where the index of a side ends: 96 bits. */
const INDEX_LIMIT = 2n ** 95n;

interface Scene extends AuctionSystem {
  readonly erin: HardhatEthersSigner;
  readonly frank: HardhatEthersSigner;
  readonly mallory: HardhatEthersSigner;
  readonly trent: HardhatEthersSigner;
  readonly weth: MockToken;
}

/** Alice is long 10 ETH against bob with 4,000 dollars; everybody else is rich. WETH is collateral, debts are capped. */
async function fixture(): Promise<Scene> {
  const system = await deployAuctions(connection);
  const [erin, frank, mallory, trent] = system.users.slice(4) as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  for (const user of [erin, frank, mallory, trent]) await depositUsd(system, user, 100_000n * DOLLAR);
  const weth = await system.ethers.deployContract("MockToken", ["Wrapped Ether", "WETH", 18]);
  await listCollateral(system, weth);
  await system.instruments.setDebtCaps(10_000n * UNIT, 20_000n * UNIT);
  return { ...system, erin, frank, mallory, trent, weth };
}

/**
 * Attacks on the clearing, each by somebody who plays several roles at once. A test passes when the attack fails, or takes
 * no more than the bound in its name, which is among the known gaps in docs/threat-model.md; what it asserts is what the
 * honest side may rely on.
 */
describe("attacks on the clearing", () => {
  let system: Scene;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  const valuation = async (user: HardhatEthersSigner) => await system.ledger.valuationOf(accountOf(user));
  const equityOf = async (user: HardhatEthersSigner) => (await valuation(user)).equity;
  const quoteOf = async (user: HardhatEthersSigner) => await system.ledger.quoteOf(accountOf(user));
  const sizeOf = async (user: HardhatEthersSigner, instrument = 1) =>
    await system.ledger.sizeOf(accountOf(user), instrument);

  /** A checkpoint now, so that no grade but the normal one holds. */
  const renew = async () => {
    const guard = await impersonate(system, system.guard.target as string);
    await system.ledger.connect(guard).push(0, await now(system), 0);
  };

  const give = async (token: MockToken, payer: HardhatEthersSigner, to: HardhatEthersSigner, amount: bigint) => {
    await token.mint(payer.address, amount);
    await token.connect(payer).approve(system.vault.target, amount);
    await system.vault.connect(payer).deposit(accountOf(to), token.target, amount);
  };

  /** Lists a call on ETH with the terms of the perpetual; returns its expiry. */
  const listCall = async (instrument: number, strike: bigint, seconds: number) => {
    const expiry = (await now(system)) + seconds;
    const terms = { ...(await readTerms(system, 1)), kind: CALL_KIND, maxFundingPpm: 0 };
    await system.instruments.listOption(instrument, terms, strike, expiry, 500_000, 200_000);
    return expiry;
  };

  /** Withdraws all that the margin check lets out, up to a dollar. */
  const strip = async (user: HardhatEthersSigner) => {
    await renew();
    const { equity, initial, lagPremium } = await valuation(user);
    const free = (equity - initial - (lagPremium * 11n) / 10n) / 10n ** 12n - DOLLAR;
    await system.vault.connect(user).withdraw(accountOf(user), system.usd.target, free, user.address);
  };

  describe("on those who pay a loss", () => {
    it("a winner who takes the loser over himself leaves the loss to a bystander with dust", async () => {
      // Erin is short a hundredth of an ETH: 30 dollars of notional, in an account of 100,000.
      await system.orders.trade(system.frank, system.erin, { size: UNIT / 100n });
      await setEthPrice(system, 2_400);
      const before = await equityOf(system.erin);
      await startAuction(system, system.alice);
      // Bob is short what alice is long: his bid closes him, and then only erin is short.
      await placeBid(system, system.alice, system.bob, 10n * UNIT);
      expect(await quoteOf(system.alice)).to.equal(0);
      const lost = before - (await equityOf(system.erin));
      expect(lost).to.be.lessThanOrEqual(24n * UNIT);
    });

    it("the longs of an option that are settled first leave a short's shortfall to the last, beyond its payoff", async () => {
      const strike = 3_000n * UNIT;
      const expiry = await listCall(3, strike, 900);
      const mark = await system.margin.markOf(3);
      await system.orders.trade(system.erin, system.dave, { size: UNIT / 100n, price: mark, instrument: 3 });
      await system.orders.trade(system.mallory, system.frank, { size: 100n * UNIT, price: mark, instrument: 3 });
      await strip(system.frank);
      await setEthPrice(system, 3_600);
      const round = await system.ethFeed.latestRound();
      await setNextTime(system, expiry + 1);
      await setEthPrice(system, 3_600);
      await system.instruments.settle(3, round);
      const before = await equityOf(system.erin);
      await system.ledger.settleExpiry(accountOf(system.mallory), 3);
      await system.ledger.settleExpiry(accountOf(system.frank), 3);
      expect(await quoteOf(system.frank)).to.be.lessThan(0);
      await system.ledger.coverShortfall(accountOf(system.frank));
      await system.ledger.settleExpiry(accountOf(system.erin), 3);
      const lost = before - (await equityOf(system.erin));
      // A hundredth of a call that pays 600: she cannot lose more than what it pays.
      expect(lost).to.be.lessThanOrEqual(6n * UNIT);
    });

    it("a bidder chooses the market that pays by his order, and takes of a payer no more than his maintenance share", async () => {
      await renew();
      // Erin is the only one who is short in BTC: 60 dollars of notional. She has nothing to do with ETH.
      await system.orders.trade(system.alice, system.erin, {
        size: UNIT / 1_000n,
        price: 60_000n * UNIT,
        instrument: 2,
      });
      await setEthPrice(system, 2_400);
      await system.btcFeed.update(60_000n * 10n ** 8n);
      const before = await equityOf(system.erin);
      const bob = await equityOf(system.bob);
      await startAuction(system, system.alice, 1);
      await startAuction(system, system.alice, 2);
      await placeBid(system, system.alice, system.carol, 10n * UNIT);
      await placeBid(system, system.alice, system.carol, UNIT / 1_000n, { instrument: 2 });
      expect(await quoteOf(system.alice)).to.equal(0);
      // 5 % of 60: what she must have anyway. The rest of the 2,000 waits for the fund, and bob pays nothing.
      expect(before - (await equityOf(system.erin))).to.be.within(1n, 3n * UNIT);
      expect(await equityOf(system.bob)).to.equal(bob);
      expect(await system.ledger.uncoveredOf(2)).to.be.greaterThan(1_990n * UNIT);
    });

    it("a loss on dust of open interest drives an index to where funding and losses are never charged again", async () => {
      // The crash of ETH again, with a short of 5.2e-8 BTC as the last position.
      const dust = 52_000_000_000n;
      await system.orders.trade(system.mallory, system.alice, { size: dust, price: 60_000n * UNIT, instrument: 2 });
      await setEthPrice(system, 2_400);
      await system.btcFeed.update(60_000n * 10n ** 8n);
      await startAuction(system, system.alice, 1);
      await startAuction(system, system.alice, 2);
      await placeBid(system, system.alice, system.carol, 10n * UNIT);
      await placeBid(system, system.alice, system.carol, dust, { instrument: 2 });
      const { longIndex } = await system.ledger.marketOf(2);
      expect(longIndex).to.be.lessThan(INDEX_LIMIT / 10n);
    });

    it("a stranger's dust of collateral keeps a loss open until the winner has left", async () => {
      await setEthPrice(system, 2_400);
      await startAuction(system, system.alice);
      await expect(give(system.weth, system.mallory, system.alice, 1n)).to.be.revertedWithCustomError(
        system.vault,
        "VaultNotOwner",
      );
      await placeBid(system, system.alice, system.carol, 10n * UNIT);
      expect(await sizeOf(system.alice)).to.equal(0);
      // A unit of 1e-18 WETH is no reason to leave a loss of 2,000 to whoever is short later.
      if ((await quoteOf(system.alice)) < 0n) await system.ledger.coverShortfall(accountOf(system.alice));
      expect(await quoteOf(system.alice)).to.equal(0);
    });
  });

  describe("on being liquidated", () => {
    /** A collateral asset whose feed has died, as every feed does one day. */
    const listDead = async (): Promise<MockToken> => {
      const feed: MockAggregator = await system.ethers.deployContract("MockAggregator", [8, "DEAD / USD", 10n ** 8n]);
      await system.oracle.setFeed(7, feed.target, 3_600, UNIT / 100n, 100n * UNIT);
      const token = await system.ethers.deployContract("MockToken", ["Dead", "DEAD", 18]);
      await system.vault.listAsset(token.target, WIDE);
      await system.instruments.setCollateral(token.target, 7, 100_000);
      await networkHelpers.time.increase(3_700);
      await renew();
      return token;
    };

    it("one unit of a collateral with a dead feed, from whomever, makes an account immune", async () => {
      const token = await listDead();
      await expect(give(token, system.mallory, system.alice, 1n)).to.be.revertedWithCustomError(
        system.vault,
        "VaultNotOwner",
      );
      await give(token, system.alice, system.alice, 1n);
      await setEthPrice(system, 2_600);
      const { equity, maintenance } = await valuation(system.alice);
      expect(equity).to.be.lessThan(maintenance);
      await system.auction.start(accountOf(system.alice), 1);
    });

    it("an increase by dust in the second of the fall makes an account immune until the next answer, and no longer", async () => {
      await renew();
      const match = await system.orders.tradeMatch(system.alice, system.bob, { size: 1n });
      await system.ethers.provider.send("evm_setAutomine", [false]);
      await system.settlement.settle(match, { gasLimit: 2_000_000 });
      await system.ethFeed.update(2_500n * 10n ** 8n, { gasLimit: 200_000 });
      await networkHelpers.mine();
      await system.ethers.provider.send("evm_setAutomine", [true]);
      expect(await sizeOf(system.alice)).to.equal(10n * UNIT + 1n);
      expect(await equityOf(system.alice)).to.be.lessThan(0);
      const start = () => system.auction.start(accountOf(system.alice), 1);
      await expect(start()).to.be.revertedWithCustomError(system.auction, "AuctionPriceNotNewer");
      // No second increase: she is below her initial requirement now.
      await renew();
      await expect(
        system.orders.trade(system.alice, system.bob, { size: 1n, price: 2_500n * UNIT }),
      ).to.be.revertedWithCustomError(system.ledger, "LedgerBelowInitialMargin");
      await setEthPrice(system, 2_500);
      await start();
    });

    it("whoever fills the deposit cap keeps others from adding margin in that asset, and from nothing else", async () => {
      const { vault, usd } = system;
      const { cap } = await vault.limitsOf(usd.target);
      const { held } = await vault.assetOf(usd.target);
      await depositUsd(system, system.mallory, cap - held);
      await setEthPrice(system, 2_700);
      const amount = 1_000n * DOLLAR;
      await expect(depositUsd(system, system.alice, amount))
        .to.be.revertedWithCustomError(vault, "VaultAboveCap")
        .withArgs(usd.target, cap + amount, cap);
      // Another asset has a cap of its own, and a position can shrink.
      await give(system.weth, system.alice, system.alice, UNIT);
      await renew();
      await system.orders.trade(system.bob, system.alice, { size: 5n * UNIT, price: 2_700n * UNIT });
      expect(await sizeOf(system.alice)).to.equal(5n * UNIT);
    });
  });

  describe("as a bidder", () => {
    it("selling the hedge first raises what is missing, and takes a solvent account apart", async () => {
      // Trent is long 10 ETH and short 9 deep calls: net long 1.
      await listCall(3, 1_500n * UNIT, 86_400);
      const mark = await system.margin.markOf(3);
      await system.orders.trade(system.trent, system.bob, { size: 10n * UNIT });
      await system.orders.trade(system.dave, system.trent, { size: 9n * UNIT, price: mark, instrument: 3 });
      await strip(system.trent);
      await setEthPrice(system, 2_550);
      const { equity, maintenance } = await valuation(system.trent);
      expect(equity).to.be.within(1n, maintenance - 1n);
      // The calls hedge his ETH. Five such bids sell all of both: carol gains 881, of which trent can pay 118.
      const startedAt = await startAuction(system, system.trent, 3);
      await networkHelpers.time.increaseTo(startedAt + 300);
      const available = await system.auction.liquidatableOf(accountOf(system.trent), 3);
      try {
        await placeBid(system, system.trent, system.carol, (available * 999n) / 1_000n, { instrument: 3 });
      } catch {
        return;
      }
      // What an owner who reduces must keep to, a bid must, too.
      const left = await valuation(system.trent);
      expect(left.equity - left.maintenance).to.be.greaterThanOrEqual(equity - maintenance);
    });
  });

  describe("on the margin requirement", () => {
    it("two instruments of one feed with different shares net a position that is not hedged", async () => {
      const half = { ...(await readTerms(system, 1)), initialPpm: 50_000, maintenancePpm: 25_000 };
      try {
        await system.instruments.setInstrument(3, half);
      } catch {
        // A registry that refuses it is an answer, too.
        return;
      }
      await system.orders.trade(system.trent, system.bob, { size: 10n * UNIT });
      await system.orders.trade(system.bob, system.trent, { size: 20n * UNIT, instrument: 3 });
      // Net short 10 ETH: 30,000 dollars of notional.
      expect((await valuation(system.trent)).initial).to.be.greaterThanOrEqual(1_500n * UNIT);
    });

    it("a perfect hedge keeps something: whoever must keep nothing is sold only when he is insolvent", async () => {
      await listCall(3, 1_500n * UNIT, 86_400);
      const mark = await system.margin.markOf(3);
      await system.orders.trade(system.trent, system.dave, { size: 10n * UNIT, price: mark, instrument: 3 });
      await system.orders.trade(system.bob, system.trent, { size: 10n * UNIT });
      // 30,000 on each leg; funding, discount and expiry are on one of them only.
      expect((await valuation(system.trent)).maintenance).to.be.greaterThan(30n * UNIT);
    });

    it("a hedge that expires leaves nobody with a naked position and nothing to secure it", async () => {
      const expiry = await listCall(3, 1_500n * UNIT, 1_000);
      const mark = await system.margin.markOf(3);
      const round = await system.ethFeed.latestRound();
      await system.orders.trade(system.trent, system.dave, { size: 40n * UNIT, price: mark, instrument: 3 });
      await system.orders.trade(system.dave, system.trent, { size: 40n * UNIT });
      await setNextTime(system, expiry - 60);
      await strip(system.trent);
      // The first answer after the expiry is 3 % higher; a naked short must keep 5 %.
      await setNextTime(system, expiry + 30);
      await setEthPrice(system, 3_090);
      await expect(system.auction.start(accountOf(system.trent), 1)).to.be.revertedWithCustomError(
        system.auction,
        "AuctionHealthy",
      );
      await system.instruments.settle(3, round);
      await system.ledger.settleExpiry(accountOf(system.trent), 3);
      expect(await equityOf(system.trent)).to.be.greaterThanOrEqual(0);
    });

    it("a dead feed lets an accomplice carry away the margin of a living position", async () => {
      await renew();
      await system.orders.trade(system.mallory, system.bob, { size: 10n * UNIT, price: 60_000n * UNIT, instrument: 2 });
      await system.orders.trade(system.trent, system.mallory);
      await system.ethFeed.update(1n);
      try {
        // Mallory buys her one ETH back from her accomplice, at what the band is when there is no price.
        await system.orders.trade(system.mallory, system.trent, { price: 100_000n * UNIT });
      } catch {
        return;
      }
      // Who is flat needs no price: trent leaves with 97,000 of it.
      const { equity, maintenance } = await valuation(system.mallory);
      expect(equity).to.be.greaterThanOrEqual(maintenance);
    });

    it("debts that nobody has, recorded while a feed is old, sell the collateral of the healthy", async () => {
      // Erin owes 5,000 against 27,000 of WETH: below every cap.
      await give(system.weth, system.erin, system.erin, 10n * UNIT);
      await system.vault
        .connect(system.erin)
        .withdraw(accountOf(system.erin), system.usd.target, 100_000n * DOLLAR, system.erin.address);
      await system.orders.trade(system.erin, system.bob, { size: 10n * UNIT });
      await setEthPrice(system, 2_500);
      const start = () => system.auction.startCollateral(accountOf(system.erin), system.weth.target);
      await expect(start()).to.be.revertedWithCustomError(system.auction, "AuctionHealthy");
      // Mallory is long a BTC and solvent; she has a unit of WETH, and the answer of BTC grows old.
      await system.orders.trade(system.mallory, system.bob, { size: UNIT, price: 60_000n * UNIT, instrument: 2 });
      await strip(system.mallory);
      await give(system.weth, system.mallory, system.mallory, 1n);
      const feed = system.btcFeed.target;
      await system.oracle.setFeed(2, feed, 600, 1_000n * UNIT, 2_000_000n * UNIT);
      await networkHelpers.time.increase(700);
      await system.ledger.recordDebt(accountOf(system.mallory));
      await expect(start()).to.be.revertedWithCustomError(system.auction, "AuctionHealthy");
    });
  });

  describe("on the insurance fund", () => {
    it("a loss is charged to the winners although fees that would pay it lie unswept", async () => {
      await changeTerms(system, 1, { makerFeePpm: 10_000, takerFeePpm: 10_000 });
      await system.orders.trade(system.carol, system.dave, { size: 10n * UNIT });
      const { fees } = await system.ledger.hotWord();
      expect(fees).to.equal(600n * UNIT);
      await setEthPrice(system, 2_595);
      await startAuction(system, system.alice);
      const before = await equityOf(system.mallory);
      await setEthPrice(system, 2_590);
      await placeBid(system, system.alice, system.mallory, 10n * UNIT);
      expect(before).to.be.greaterThan(0);
      expect(await quoteOf(system.alice)).to.equal(0);
      expect((await system.ledger.marketOf(1)).shortIndex).to.equal((await system.ledger.marketOf(1)).longIndex);
    });
  });

  describe("on funding", () => {
    it("the first trade of a block takes the weight from twenty times its size, bounded by the time that has passed", async () => {
      await changeTerms(system, 1, { maxOpenInterest: 1_000_000_000n });
      const { observedAt } = await system.ledger.marketOf(1);
      const push = await system.orders.tradeMatch(system.mallory, system.trent, { price: 3_060n * UNIT });
      const honest = await system.orders.tradeMatch(system.carol, system.dave, { size: 20n * UNIT });
      await renew();
      const credit = 600;
      await setNextTime(system, Number(observedAt) + credit);
      await system.settlement.settleBatch([push, honest]);
      const { premiumPpb } = await system.ledger.marketOf(1);
      // The edge of the band, 2 %, for 600 of 3,600 seconds, whatever the size; the honest trade has no time left.
      expect(premiumPpb).to.be.within(1n, (20_000_000n * BigInt(credit)) / 3_600n);
      // More trades in the same time move it no further: the next one has the weight of its own seconds.
      const again = await system.orders.tradeMatch(system.mallory, system.trent, { price: 3_060n * UNIT });
      await setNextTime(system, Number(observedAt) + credit + 6);
      await system.settlement.settle(again);
      const after = (await system.ledger.marketOf(1)).premiumPpb;
      expect(after).to.be.within(premiumPpb, (20_000_000n * BigInt(credit + 6)) / 3_600n);
    });
  });
});

/** Attacks that fail, and why. */
describe("attacks on the clearing that fail", () => {
  let system: Scene;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  const quoteOf = async (user: HardhatEthersSigner) => await system.ledger.quoteOf(accountOf(user));
  const renew = async () => {
    const guard = await impersonate(system, system.guard.target as string);
    await system.ledger.connect(guard).push(0, await now(system), 0);
  };
  /** What all accounts, clearing accounts and fees hold together, 1e-18 quote. */
  const pooled = async () => {
    let sum = (await system.ledger.hotWord()).fees + (await system.ledger.quoteOf(await system.ledger.fundAccount()));
    for (const instrument of [0, 1, 2, 3]) sum += (await system.ledger.marketOf(instrument)).clearing;
    for (const user of system.users.slice(0, 8)) sum += await quoteOf(user);
    return sum;
  };
  const held = async () => (await system.vault.assetOf(system.usd.target)).held * 10n ** 12n;

  // Each side rounds against itself and the clearing account keeps the rest: crumbs of funding cannot be mined.
  it("two hundred crumbs of a trade under funding take nothing out of the pool", async () => {
    await changeTerms(system, 1, { maxOpenInterest: 1_000_000_000n });
    await networkHelpers.time.increase(600);
    await renew();
    await system.orders.trade(system.carol, system.dave, { price: 3_060n * UNIT - 1n });
    const { longIndex } = await system.ledger.marketOf(1);
    for (let round = 0; round < 5; round += 1) {
      await networkHelpers.time.increase(100);
      await renew();
      const matches = [];
      for (let crumb = 0; crumb < 20; crumb += 1) {
        const pair = crumb % 2 ? ([system.erin, system.frank] as const) : ([system.frank, system.erin] as const);
        const size = BigInt(1 + ((crumb * 7 + round) % 13));
        matches.push(await system.orders.tradeMatch(pair[0], pair[1], { size, price: 3_059_999_999_999_999_999_999n }));
      }
      for (let start = 0; start < matches.length; start += 10) {
        await system.settlement.settleBatch(matches.slice(start, start + 10));
      }
    }
    expect((await system.ledger.marketOf(1)).longIndex).to.be.greaterThan(longIndex);
    expect(await pooled()).to.equal(await held());
    expect((await system.ledger.marketOf(1)).clearing).to.be.greaterThanOrEqual(0);
  });

  // The snapshot of a flip is taken from the index of the new side, the charge from that of the old one.
  it("a flip after the charge pays it first, and nobody pays for a past that was not his", async () => {
    await system.orders.trade(system.frank, system.erin, { size: 10n * UNIT });
    await setEthPrice(system, 2_400);
    const { auction } = system;
    await auction.start(accountOf(system.alice), 1);
    await placeBid(system, system.alice, system.carol, 10n * UNIT);
    const due = (await system.ledger.portfolioOf(accountOf(system.erin))).quote - (await quoteOf(system.erin));
    expect(due).to.be.lessThan(0);
    const before = await quoteOf(system.erin);
    await system.orders.trade(system.erin, system.dave, { size: 15n * UNIT, price: 2_400n * UNIT });
    expect(await quoteOf(system.erin)).to.equal(before - 15n * 2_400n * UNIT + due);
    for (const user of [system.erin, system.dave]) {
      const { quote } = await system.ledger.portfolioOf(accountOf(user));
      expect(quote).to.equal(await quoteOf(user));
    }
    expect(await pooled()).to.equal(await held());
  });

  // A side that reduces must stay solvent or at or above its initial requirement, also at the worst prices of a dead feed.
  it("two accomplices cannot make a bad debt at the wide band of a dead feed", async () => {
    await system.orders.trade(system.frank, system.erin, { size: 10n * UNIT });
    await system.ethFeed.update(1n);
    // Erin has 130,000 and would owe 200,000.
    await expect(
      system.orders.trade(system.erin, system.frank, { size: 10n * UNIT, price: 20_000n * UNIT }),
    ).to.be.revertedWithCustomError(system.ledger, "LedgerReductionWorsensHealth");
    await system.orders.trade(system.erin, system.frank, { size: 10n * UNIT, price: 3_000n * UNIT });
  });

  // A winner's call that is not settled yet counts at intrinsic, and its whole fall of 10 % is required.
  it("a call that expired worthless and looks good at the next answer cannot be cashed", async () => {
    const expiry = (await now(system)) + 900;
    const terms = { ...(await readTerms(system, 1)), kind: CALL_KIND, maxFundingPpm: 0 };
    await system.instruments.listOption(3, terms, 3_000n * UNIT, expiry, 500_000, 200_000);
    const mark = await system.margin.markOf(3);
    await system.orders.trade(system.erin, system.frank, { size: 10n * UNIT, price: mark, instrument: 3 });
    await setNextTime(system, expiry + 1);
    await setEthPrice(system, 3_200);
    await renew();
    const quote = await quoteOf(system.erin);
    const { equity, initial } = await system.ledger.valuationOf(accountOf(system.erin));
    expect(equity - initial).to.be.lessThanOrEqual(quote);
    await expect(
      system.vault
        .connect(system.erin)
        .withdraw(accountOf(system.erin), system.usd.target, quote / 10n ** 12n, system.erin.address),
    ).to.be.revertedWithCustomError(system.ledger, "LedgerBelowInitialMargin");
  });

  // The account is flat and clean after its cover; a second one finds nothing.
  it("a shortfall is paid once, and never of an account that has something left", async () => {
    await setEthPrice(system, 2_400);
    await expect(system.ledger.coverShortfall(accountOf(system.alice))).to.be.revertedWithCustomError(
      system.ledger,
      "LedgerNoShortfall",
    );
    await startAuction(system, system.alice);
    await placeBid(system, system.alice, system.carol, 10n * UNIT);
    await expect(system.ledger.coverShortfall(accountOf(system.alice))).to.be.revertedWithCustomError(
      system.ledger,
      "LedgerNoShortfall",
    );
    await expect(system.ledger.coverShortfall(accountOf(system.bob))).to.be.revertedWithCustomError(
      system.ledger,
      "LedgerNoShortfall",
    );
  });

  // The auction needs somebody below maintenance at valid prices; the bidder meets his own requirement.
  it("a pause is no chance for bidders: nobody healthy is sold, and nobody buys more than he secures", async () => {
    await pushHot(system, { flags: FLAGS.increaseRisk | FLAGS.withdraw });
    await expect(system.auction.start(accountOf(system.alice), 1)).to.be.revertedWithCustomError(
      system.auction,
      "AuctionHealthy",
    );
    await setEthPrice(system, 2_700);
    await startAuction(system, system.alice);
    const poor = system.users[9]!;
    await depositUsd(system, poor, 260n * DOLLAR);
    await expect(placeBid(system, system.alice, poor, UNIT)).to.be.revertedWithCustomError(
      system.ledger,
      "LedgerBelowInitialMargin",
    );
    // Nor does a second account of the same owner.
    const second = accountOf(system.alice, 1);
    await expect(
      system.auction.connect(system.alice).bid(accountOf(system.alice), 1, second, UNIT, HUGE),
    ).to.be.revertedWithCustomError(system.ledger, "LedgerSameOwner");
  });

  // What a deposit adds to the level its withdrawal takes: capital alone uses nothing up.
  it("G20: a whale that goes in and out ten times leaves the shared limit as it was", async () => {
    const { vault, usd, mallory } = system;
    const { cap, outflowPpm } = await vault.limitsOf(usd.target);
    const limit = (cap * outflowPpm) / 1_000_000n;
    // Where only what leaves is counted, nothing is left for anybody after these rounds.
    let gross = limit;
    for (let round = 0; round < 10; round += 1) {
      gross -= WHALE;
      await depositUsd(system, mallory, WHALE);
      await vault.connect(mallory).withdraw(accountOf(mallory), usd.target, WHALE, mallory.address);
    }
    const [level] = await vault.availableOf(accountOf(system.bob), usd.target);
    expect(level).to.be.greaterThanOrEqual(limit);
    expect(gross).to.be.lessThan(0n);
    await vault
      .connect(system.dave)
      .withdraw(accountOf(system.dave), usd.target, 100_000n * DOLLAR, system.dave.address);
  });

  // The highest sequence closes its own lane; an epoch and the other lanes stay open.
  it("the highest sequence bricks one lane of one account and nothing else", async () => {
    const last = 2n ** 64n - 1n;
    await system.orders.trade(system.carol, system.dave, { buy: { lane: 5n, sequence: last } });
    await expect(
      system.orders.trade(system.carol, system.dave, { buy: { lane: 5n, sequence: last } }),
    ).to.be.revertedWithCustomError(system.settlement, "SettlementOverfill");
    await expect(
      system.orders.trade(system.carol, system.dave, { buy: { lane: 5n, sequence: last - 1n } }),
    ).to.be.revertedWithCustomError(system.settlement, "SettlementDeadSequence");
    await system.orders.trade(system.carol, system.dave, { buy: { lane: 6n, sequence: 1n } });
  });

  // Nothing accrues while increasing risk is restricted, nor in a grace, and the past is not paid afterwards.
  it("a pause with a pushed premium costs nobody funding, neither during it nor after it", async () => {
    await changeTerms(system, 1, { maxOpenInterest: 1_000_000_000n });
    await networkHelpers.time.increase(600);
    await renew();
    await system.orders.trade(system.mallory, system.trent, { price: 3_060n * UNIT });
    await pushHot(system, { flags: FLAGS.increaseRisk | FLAGS.withdraw });
    await system.ledger.accrueFunding(1);
    const { longIndex } = await system.ledger.marketOf(1);
    await networkHelpers.time.increase(500);
    await system.ledger.accrueFunding(1);
    const graceUntil = (await now(system)) + 300;
    await pushHot(system, { graceUntil });
    await setNextTime(system, graceUntil);
    await system.ledger.accrueFunding(1);
    expect((await system.ledger.marketOf(1)).longIndex).to.equal(longIndex);
  });

  // The fund's account has no owner that could sign or withdraw, and governance cannot go below the target.
  it("what the fund holds leaves for nobody: no withdrawal, no order, no release below the target", async () => {
    const fundAccount = await system.ledger.fundAccount();
    await system.usd.mint(system.carol.address, 1_000n * DOLLAR);
    await system.usd.connect(system.carol).approve(system.vault.target, 1_000n * DOLLAR);
    await system.vault.connect(system.carol).deposit(fundAccount, system.usd.target, 1_000n * DOLLAR);
    await expect(
      system.vault.connect(system.carol).withdraw(fundAccount, system.usd.target, DOLLAR, system.carol.address),
    ).to.be.revertedWithCustomError(system.vault, "VaultNotOwner");
    await expect(
      system.orders.trade(system.carol, system.dave, { buy: { account: fundAccount } }),
    ).to.be.revertedWithCustomError(system.settlement, "SettlementBadSignature");
    await system.fund.setTarget(1_000n * UNIT);
    await expect(system.fund.release(accountOf(system.carol), 1n)).to.be.revertedWithCustomError(
      system.fund,
      "FundBelowTarget",
    );
    await expect(
      system.ledger.connect(system.carol).release(accountOf(system.carol), 1n),
    ).to.be.revertedWithCustomError(system.ledger, "LedgerNotModule");
  });
});
