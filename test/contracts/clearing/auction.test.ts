import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import {
  auctionPrice,
  collateralQuote,
  discountPpm,
  liquidatableSize,
  positionQuote,
  soldNotional,
} from "../../../keeper/books/model/liquidation.ts";
import { deployLockstep, depositUsd } from "../../fixtures/deployLockstep.ts";
import { samples } from "../../helpers/samples.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import {
  deployAuctions,
  DOLLAR,
  eventsOf,
  expectBid,
  FLAGS,
  judge,
  now,
  placeBid,
  pushHot,
  setEthPrice,
  setNextTime,
  startAuction,
  TERMS,
  type AuctionSystem,
} from "../../helpers/liquidate.ts";
import { OrderBook, readTerms, UNIT } from "../../helpers/orders.ts";
import { callRows, firstDifference } from "../../helpers/reference/callRows.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const ANY_PRICE = 2n ** 128n - 1n;

async function fixture(): Promise<AuctionSystem> {
  return await deployAuctions(connection);
}

describe("LiquidationAuction", () => {
  let system: AuctionSystem;
  let account: string;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    account = accountOf(system.alice);
  });

  const refusal = (sent: Promise<unknown>, name: string) =>
    expect(sent).to.be.revertedWithCustomError(system.auction, name);

  /** At 2,700 alice has an equity of 1,000; she must keep 1,350, and needs 2,700 to be left alone. */
  const fall = async (dollars = 2_700) => await setEthPrice(system, dollars);

  /** Makes alice long a thousandth of a bitcoin, too. */
  const addBitcoin = async () => {
    const options = { instrument: 2, size: UNIT / 1_000n, price: 60_000n * UNIT };
    await system.orders.trade(system.alice, system.bob, options);
  };

  describe("terms", () => {
    it("refuses zero modules", async () => {
      const { authority, ledger, margin, instruments, oracle, vault, auction } = system;
      const modules = [ledger, margin, instruments, oracle, vault].map(({ target }) => target as string);
      const factory = await system.ethers.getContractFactory("LiquidationAuction");
      for (const index of modules.keys()) {
        const [a, b, c, d, e] = modules.with(index, ZeroAddress);
        const deployed = factory.deploy(authority.target, a!, b!, c!, d!, e!, TERMS);
        await expect(deployed).to.be.revertedWithCustomError(auction, "AuctionZeroAddress");
      }
    });

    it("are governance's", async () => {
      await refusal(system.auction.connect(system.alice).setTerms(TERMS), "AccessManagedUnauthorized").withArgs(
        system.alice.address,
      );
    });

    it("refuses what is out of bounds, and takes the bounds", async () => {
      const bad = [
        { duration: 59 },
        { duration: 86_401 },
        { maxDiscountPpm: 200_001n },
        { window: 59 },
        { window: 604_801 },
        { capacity: 0n },
      ];
      for (const change of bad) {
        const terms = { ...TERMS, ...change };
        const { duration, maxDiscountPpm, window, capacity } = terms;
        await refusal(system.auction.setTerms(terms), "AuctionBadTerms").withArgs(
          duration,
          maxDiscountPpm,
          window,
          capacity,
        );
      }
      for (const terms of [
        { duration: 60, maxDiscountPpm: 0n, window: 60, capacity: 1n },
        { duration: 86_400, maxDiscountPpm: 200_000n, window: 604_800, capacity: ANY_PRICE },
      ]) {
        const { duration, maxDiscountPpm, window, capacity } = terms;
        await expect(system.auction.setTerms(terms))
          .to.emit(system.auction, "AuctionTermsSet")
          .withArgs(duration, maxDiscountPpm, window, capacity);
        expect(await system.auction.terms()).to.deep.equal([duration, maxDiscountPpm, window, capacity]);
      }
    });
  });

  describe("start", () => {
    it("refuses while liquidations are restricted", async () => {
      await fall();
      await pushHot(system, { flags: FLAGS.increaseRisk | FLAGS.withdraw | FLAGS.liquidate | FLAGS.halt });
      await refusal(system.auction.start(account, 1), "AuctionRestricted");
      await pushHot(system, { flags: FLAGS.increaseRisk | FLAGS.withdraw });
      await system.auction.start(account, 1);
    });

    it("refuses in a grace, to its last second", async () => {
      await fall();
      const graceUntil = (await now(system)) + 100;
      await pushHot(system, { graceUntil });
      await setNextTime(system, graceUntil - 1);
      await refusal(system.auction.start(account, 1), "AuctionInGrace").withArgs(graceUntil);
      await setNextTime(system, graceUntil);
      await system.auction.start(account, 1);
    });

    it("refuses one that runs, until it is over", async () => {
      await fall();
      const startedAt = await startAuction(system, system.alice);
      await setNextTime(system, startedAt + TERMS.duration);
      await refusal(system.auction.start(account, 1), "AuctionRunning").withArgs(account, startedAt);
      await setNextTime(system, startedAt + TERMS.duration + 1);
      await system.auction.start(account, 1);
      expect(await system.auction.startedAtOf(account, 1)).to.equal(startedAt + TERMS.duration + 1);
    });

    it("starts one anew that was started before a grace ended", async () => {
      await fall();
      await startAuction(system, system.alice);
      const graceUntil = (await now(system)) + 10;
      await pushHot(system, { graceUntil });
      await setNextTime(system, graceUntil);
      await refusal(placeBid(system, system.alice, system.carol, UNIT), "AuctionNotRunning").withArgs(account);
      await setNextTime(system, graceUntil + 1);
      await system.auction.start(account, 1);
      await placeBid(system, system.alice, system.carol, UNIT);
    });

    it("refuses without a position", async () => {
      await refusal(system.auction.start(account, 2), "AuctionNoPosition").withArgs(account, 2);
      await refusal(system.auction.start(ZeroHash, 1), "AuctionNoPosition").withArgs(ZeroHash, 1);
    });

    it("refuses while the instrument's price breaks a rule", async () => {
      await system.ethFeed.update(1n);
      await refusal(system.auction.start(account, 1), "AuctionPriceNotValid").withArgs(account);
      await fall();
      await system.auction.start(account, 1);
    });

    it("takes the best of every other price that breaks a rule", async () => {
      await addBitcoin();
      await fall(2_600);
      const snapshot = await networkHelpers.takeSnapshot();
      await system.auction.start(account, 1);
      await snapshot.restore();
      await system.btcFeed.update(1n);
      // At two million her bitcoin has gained 1,940. Of the ETH she must keep 1,300, of the bitcoin 100.
      await refusal(system.auction.start(account, 1), "AuctionHealthy").withArgs(account, 1_940n * UNIT, 1_400n * UNIT);
      await fall(2_540);
      await system.auction.start(account, 1);
      await placeBid(system, system.alice, system.carol, UNIT);
    });

    it("refuses an account at its maintenance requirement", async () => {
      // 4,000 + 10 (p - 3,000) = p / 2 at p = 26,000 / 9.5.
      await setEthPrice(system, 2_736.85);
      const { equity, maintenance } = await system.ledger.valuationOf(account);
      expect(equity).to.be.greaterThanOrEqual(maintenance);
      await refusal(system.auction.start(account, 1), "AuctionHealthy").withArgs(account, equity, maintenance);
      await setEthPrice(system, 2_736.84);
      await system.auction.start(account, 1);
    });

    it("refuses at a price that is not newer than the last increase", async () => {
      const increasedAt = await system.ledger.increasedAtOf(account, 1);
      const { updatedAt } = await system.oracle.read(1);
      const terms = await readTerms(system, 1);
      await system.instruments.setInstrument(1, { ...terms, initialPpm: 300_000, maintenancePpm: 200_000 });
      await refusal(system.auction.start(account, 1), "AuctionPriceNotNewer").withArgs(1, updatedAt, increasedAt);
      await system.ethFeed.updateAt(3_000n * 10n ** 8n, increasedAt);
      await refusal(system.auction.start(account, 1), "AuctionPriceNotNewer").withArgs(1, increasedAt, increasedAt);
      await system.ethFeed.updateAt(3_000n * 10n ** 8n, increasedAt + 1n);
      await system.auction.start(account, 1);
    });

    it("notes when, for anyone", async () => {
      await fall();
      const sent = system.auction.connect(system.dave).start(account, 1);
      await expect(sent)
        .to.emit(system.auction, "AuctionStarted")
        .withArgs(account, 1, (await now(system)) + 1);
      expect(await system.auction.startedAtOf(account, 1)).to.equal(await now(system));
    });
  });

  describe("stop", () => {
    it("refuses what never ran or was stopped", async () => {
      await refusal(system.auction.stop(account, 1), "AuctionNotRunning").withArgs(account);
    });

    it("refuses below the initial requirement, and stops at it", async () => {
      await fall();
      await startAuction(system, system.alice);
      // 4,000 + 10 (p - 3,000) = p at p = 26,000 / 9.
      await setEthPrice(system, 2_888.88);
      const { equity, initial } = await system.ledger.valuationOf(account);
      await refusal(system.auction.stop(account, 1), "AuctionStillUnhealthy").withArgs(account, equity, initial);
      await setEthPrice(system, 2_888.89);
      await expect(system.auction.connect(system.dave).stop(account, 1))
        .to.emit(system.auction, "AuctionStopped")
        .withArgs(account, 1);
      expect(await system.auction.startedAtOf(account, 1)).to.equal(0);
      await refusal(system.auction.stop(account, 1), "AuctionNotRunning").withArgs(account);
    });

    it("refuses on a price that breaks a rule", async () => {
      await fall();
      await startAuction(system, system.alice);
      await system.ethFeed.update(10n ** 18n);
      await refusal(system.auction.stop(account, 1), "AuctionPriceNotValid").withArgs(account);
    });

    it("takes the best of every other price that breaks a rule", async () => {
      await addBitcoin();
      await fall(2_600);
      await startAuction(system, system.alice);
      await fall(2_740);
      await refusal(system.auction.stop(account, 1), "AuctionStillUnhealthy");
      await system.btcFeed.update(1n);
      // 1,400 and 1,940 against 2,740 and 200.
      await system.auction.stop(account, 1);
    });

    it("stops one whose position is gone, in every grade", async () => {
      await fall(2_730);
      await startAuction(system, system.alice);
      await system.orders.trade(system.bob, system.alice, { size: 10n * UNIT, price: 2_730n * UNIT });
      await pushHot(system, { flags: FLAGS.increaseRisk | FLAGS.withdraw | FLAGS.liquidate | FLAGS.halt });
      await expect(system.auction.stop(account, 1)).to.emit(system.auction, "AuctionStopped").withArgs(account, 1);
    });
  });

  describe("bid", () => {
    it("refuses a zero size", async () => {
      await refusal(placeBid(system, system.alice, system.carol, 0n), "AuctionZeroAmount");
    });

    it("is for the owner of the bidding account", async () => {
      const bidder = accountOf(system.carol);
      await refusal(
        system.auction.connect(system.dave).bid(account, 1, bidder, UNIT, ANY_PRICE),
        "AuctionNotOwner",
      ).withArgs(bidder, system.dave.address);
    });

    it("refuses while liquidations are restricted, and in a grace", async () => {
      await fall();
      await startAuction(system, system.alice);
      await pushHot(system, { flags: FLAGS.increaseRisk | FLAGS.withdraw | FLAGS.liquidate | FLAGS.halt });
      await refusal(placeBid(system, system.alice, system.carol, UNIT), "AuctionRestricted");
      const graceUntil = (await now(system)) + 1_000;
      await pushHot(system, { graceUntil });
      await refusal(placeBid(system, system.alice, system.carol, UNIT), "AuctionInGrace").withArgs(graceUntil);
    });

    it("refuses what does not run, or is over", async () => {
      await fall();
      await refusal(placeBid(system, system.alice, system.carol, UNIT), "AuctionNotRunning").withArgs(account);
      const startedAt = await startAuction(system, system.alice);
      await setNextTime(system, startedAt + TERMS.duration + 1);
      await refusal(placeBid(system, system.alice, system.carol, UNIT), "AuctionNotRunning").withArgs(account);
    });

    it("refuses an account that has recovered to its maintenance requirement", async () => {
      await fall();
      await startAuction(system, system.alice);
      await fall(2_740);
      const { equity, maintenance } = await system.ledger.valuationOf(account);
      await refusal(placeBid(system, system.alice, system.carol, UNIT), "AuctionHealthy").withArgs(
        account,
        equity,
        maintenance,
      );
    });

    it("refuses while a price breaks a rule", async () => {
      await fall();
      await startAuction(system, system.alice);
      await system.ethFeed.update(10n ** 18n);
      await refusal(placeBid(system, system.alice, system.carol, UNIT), "AuctionPriceNotValid").withArgs(account);
    });

    it("refuses more than restores the account", async () => {
      await fall();
      const startedAt = await startAuction(system, system.alice);
      const time = startedAt + 450;
      const { available } = await expectBid(system, system.alice, time);
      // Lacks 1,700; each ETH takes 10 % of 2,700 off the requirement and costs 2.5 %.
      expect(available).to.equal((1_700n * UNIT * 40n + 3n * 2_700n - 1n) / (3n * 2_700n));
      await setNextTime(system, time);
      await refusal(placeBid(system, system.alice, system.carol, available + 1n), "AuctionAmountTooLarge").withArgs(
        available + 1n,
        available,
      );
    });

    it("refuses a price beyond the bidder's limit", async () => {
      await fall();
      const startedAt = await startAuction(system, system.alice);
      const time = startedAt + 900;
      const { price } = await expectBid(system, system.alice, time);
      expect(price).to.equal(2_565n * UNIT);
      await setNextTime(system, time);
      const limitPrice = price - 1n;
      await refusal(placeBid(system, system.alice, system.carol, UNIT, { limitPrice }), "AuctionBeyondLimit").withArgs(
        price,
        limitPrice,
      );
    });

    it("refuses what the window has no room for, until it is over", async () => {
      await fall(2_500);
      await system.auction.setTerms({ ...TERMS, capacity: 5_000n * UNIT });
      await startAuction(system, system.alice);
      await placeBid(system, system.alice, system.carol, UNIT);
      const windowStart = await now(system);
      await refusal(placeBid(system, system.alice, system.carol, UNIT + 1n), "AuctionCapacityUsed").withArgs(
        1,
        2_500n * UNIT + 2_500n,
        2_500n * UNIT,
      );
      await placeBid(system, system.alice, system.carol, UNIT);
      await system.auction.setTerms({ ...TERMS, capacity: 4_000n * UNIT });
      await refusal(placeBid(system, system.alice, system.carol, 1n), "AuctionCapacityUsed").withArgs(1, 2_500n, 0n);
      await setNextTime(system, windowStart + TERMS.window);
      await startAuction(system, system.alice);
      await placeBid(system, system.alice, system.carol, UNIT);
      expect(await system.auction.windowOf(1)).to.deep.equal([await now(system), 2_500n * UNIT]);
    });

    it("sells at the price of the second, and says so", async () => {
      await fall();
      const startedAt = await startAuction(system, system.alice);
      const time = startedAt + 777;
      const expected = await expectBid(system, system.alice, time);
      const size = 3n * UNIT + 1n;
      const quotes = [await system.ledger.quoteOf(account), await system.ledger.quoteOf(accountOf(system.carol))];
      await setNextTime(system, time);
      const sent = await placeBid(system, system.alice, system.carol, size, { limitPrice: expected.price });
      const window = expected.windowOf(size);
      await expect(sent)
        .to.emit(system.auction, "PositionSold")
        .withArgs(account, accountOf(system.carol), 1, size, expected.price, window.start, window.used);
      const paid = expected.quoteOf(size);
      expect(await system.ledger.quoteOf(account)).to.equal(quotes[0]! + paid);
      expect(await system.ledger.quoteOf(accountOf(system.carol))).to.equal(quotes[1]! - paid);
      expect(await system.ledger.sizeOf(account, 1)).to.equal(10n * UNIT - size);
      expect(await system.ledger.sizeOf(accountOf(system.carol), 1)).to.equal(size);
      expect(await system.auction.startedAtOf(account, 1)).to.equal(startedAt);
      const names = (await eventsOf(system, sent)).map(({ name }) => name);
      expect(names).to.deep.equal(["FundingUpdated", "EntryPosted", "EntryPosted", "PositionSold"]);
    });

    it("INV-24: restores to the initial requirement within what one unit is worth, and takes no more", async () => {
      await fall();
      const startedAt = await startAuction(system, system.alice);
      for (const elapsed of [1, 300, 600]) {
        const snapshot = await networkHelpers.takeSnapshot();
        const time = startedAt + elapsed;
        const { available } = await expectBid(system, system.alice, time);
        expect(available, "sold in part").to.be.lessThan(10n * UNIT);
        await setNextTime(system, time);
        await placeBid(system, system.alice, system.carol, available);
        const { equity, initial } = await system.ledger.valuationOf(account);
        const difference = equity - initial;
        expect(difference < 0n ? -difference : difference, `after ${elapsed}`).to.be.lessThanOrEqual(2_700n);
        await refusal(placeBid(system, system.alice, system.carol, 1n), "AuctionHealthy");
        await snapshot.restore();
      }
    });

    it("sells all when no part would restore, and is over then", async () => {
      await fall();
      const startedAt = await startAuction(system, system.alice);
      await setNextTime(system, startedAt + TERMS.duration);
      const sent = await placeBid(system, system.alice, system.carol, 10n * UNIT);
      await expect(sent).to.emit(system.auction, "AuctionStopped").withArgs(account, 1);
      expect(await system.auction.startedAtOf(account, 1)).to.equal(0);
      expect(await system.ledger.openCountOf(account)).to.equal(0);
    });

    it("takes over a short position for at least the limit", async () => {
      await depositUsd(system, system.dave, DOLLAR);
      const [erin] = system.users.slice(4) as [(typeof system.users)[0]];
      await depositUsd(system, erin, 4_000n * DOLLAR);
      await system.orders.trade(system.dave, erin, { size: 10n * UNIT });
      await fall(3_300);
      const startedAt = await startAuction(system, erin);
      const time = startedAt + 300;
      const expected = await expectBid(system, erin, time);
      expect(expected.price).to.be.greaterThan(3_300n * UNIT);
      const limitPrice = expected.price + 1n;
      await setNextTime(system, time);
      await refusal(placeBid(system, erin, system.carol, UNIT, { limitPrice }), "AuctionBeyondLimit").withArgs(
        expected.price,
        limitPrice,
      );
      await setNextTime(system, time + 1);
      const later = await expectBid(system, erin, time + 1);
      const quote = await system.ledger.quoteOf(accountOf(erin));
      await placeBid(system, erin, system.carol, later.available, { limitPrice: later.price });
      expect(await system.ledger.quoteOf(accountOf(erin))).to.equal(quote + later.quoteOf(later.available));
      expect(await system.ledger.sizeOf(accountOf(system.carol), 1)).to.equal(-later.available);
    });

    it("runs in the stale grade while the price is fresh", async () => {
      await networkHelpers.time.increase(1_300);
      expect(await system.ledger.isStale()).to.equal(true);
      await fall();
      await startAuction(system, system.alice);
      await placeBid(system, system.alice, system.carol, UNIT);
    });

    it("counts a second auction from its own start", async () => {
      await fall();
      let startedAt = await startAuction(system, system.alice);
      await setNextTime(system, startedAt + 300);
      const { available } = await expectBid(system, system.alice, startedAt + 300);
      await placeBid(system, system.alice, system.carol, available);
      await fall(2_500);
      await setNextTime(system, startedAt + TERMS.duration + 5);
      startedAt = await startAuction(system, system.alice);
      const next = await expectBid(system, system.alice, startedAt + 3);
      expect(next.price).to.be.greaterThan(2_499n * UNIT);
      await setNextTime(system, startedAt + 3);
      await placeBid(system, system.alice, system.dave, next.available, { limitPrice: next.price });
      const { equity, initial } = await system.ledger.valuationOf(account);
      expect(equity).to.be.greaterThanOrEqual(initial - 2_500n);
    });
  });

  describe("a bid for a hedge", () => {
    let hedger: AuctionSystem["alice"];

    /**
     * Long 10 ETH in one perpetual and short 9 in another one, with 1,000 dollars. What must be kept becomes a fifth: of
     * the tenth of both, 1,140, while it is more than of the difference.
     */
    beforeEach(async () => {
      hedger = system.users[4]!;
      await depositUsd(system, hedger, 1_000n * DOLLAR);
      const terms = await readTerms(system, 1);
      await system.instruments.setInstrument(3, terms);
      await system.orders.trade(hedger, system.bob, { size: UNIT });
      for (let count = 0; count < 9; count += 1) {
        await system.orders.trade(hedger, system.bob, { size: UNIT });
        await system.orders.trade(system.bob, hedger, { size: UNIT, instrument: 3 });
      }
      await system.instruments.setInstrument(1, { ...terms, initialPpm: 300_000, maintenancePpm: 200_000 });
      await fall(3_000);
    });

    it("is refused when it leaves a solvent account further from its maintenance requirement", async () => {
      const startedAt = await startAuction(system, hedger, 3);
      // A tenth of a percent of 3,000 for each.
      await setNextTime(system, startedAt + 18);
      await refusal(
        placeBid(system, hedger, system.carol, 2n * UNIT, { instrument: 3 }),
        "AuctionWorsensHealth",
      ).withArgs(accountOf(hedger), -140n * UNIT, (994n - 1_800n) * UNIT);
    });

    it("is taken when it leaves the account nearer to it", async () => {
      const startedAt = await startAuction(system, hedger, 3);
      await setNextTime(system, startedAt + 18);
      await placeBid(system, hedger, system.carol, UNIT / 10n, { instrument: 3 });
      const { equity, maintenance } = await judge(system, accountOf(hedger));
      expect(equity - maintenance).to.equal((9_997n * UNIT) / 10n - 1_134n * UNIT);
    });

    it("is taken for what it hedges, which relieves the account", async () => {
      await startAuction(system, hedger);
      await placeBid(system, hedger, system.carol, UNIT / 2n);
    });

    it("is taken of an account that is insolvent", async () => {
      // One ETH more long than short: 100 are missing.
      await fall(1_900);
      await startAuction(system, hedger, 3);
      await placeBid(system, hedger, system.carol, 2n * UNIT, { instrument: 3 });
      const { equity } = await judge(system, accountOf(hedger));
      expect(equity).to.be.lessThan(0);
    });
  });

  describe("views", () => {
    it("tell price and size of a running auction, within the window", async () => {
      await fall();
      await refusal(system.auction.priceOf(account, 1), "AuctionNotRunning").withArgs(account);
      await refusal(system.auction.liquidatableOf(account, 1), "AuctionNotRunning").withArgs(account);
      const startedAt = await startAuction(system, system.alice);
      await networkHelpers.time.increaseTo(startedAt + 500);
      const expected = await expectBid(system, system.alice, startedAt + 500);
      expect(await system.auction.priceOf(account, 1)).to.equal(expected.price);
      expect(await system.auction.liquidatableOf(account, 1)).to.equal(expected.available);
      await system.auction.setTerms({ ...TERMS, capacity: 1_000n * UNIT });
      expect(await system.auction.liquidatableOf(account, 1)).to.equal((1_000n * UNIT) / 2_700n);
    });
  });

  describe("options", () => {
    /** Alice has written ten calls with strike 3,000 and a day to go, to bob, and they have become worth about 4,000. */
    async function write() {
      const clean = await deployLockstep(connection);
      const [alice, bob, carol] = clean.users as [typeof system.alice, typeof system.bob, typeof system.carol];
      await clean.auction.setTerms(TERMS);
      const terms = await readTerms(clean, 1);
      const expiry = (await now(clean)) + 86_400;
      const call = { ...terms, kind: 2, maxFundingPpm: 0 };
      await clean.instruments.listOption(3, call, 3_000n * UNIT, expiry, 500_000, 200_000);
      await depositUsd(clean, alice, 5_000n * DOLLAR);
      for (const user of [bob, carol]) await depositUsd(clean, user, 1_000_000n * DOLLAR);
      const orders = new OrderBook(clean);
      const mark = await clean.margin.markOf(3);
      await orders.trade(bob, alice, { size: 10n * UNIT, price: mark, instrument: 3 });
      await setEthPrice(clean, 3_400);
      return { ...system, ...clean, alice, bob, carol, orders, expiry };
    }

    it("are sold at their mark and a part of the underlying's price", async () => {
      const { expiry, ...written } = await write();
      system = written;
      const writer = accountOf(system.alice);
      const startedAt = await startAuction(system, system.alice, 3);
      // A discount of 2 %.
      const time = startedAt + 360;
      await networkHelpers.time.increaseTo(time);
      const available = await system.auction.liquidatableOf(writer, 3);
      const { equity, initial } = await system.ledger.valuationOf(writer);
      const relief = 3_400n * (100_000n - 20_000n);
      const restoring = ((initial - equity) * 10n ** 6n + relief - 1n) / relief;
      expect(available).to.equal(restoring < 10n * UNIT ? restoring : 10n * UNIT);
      const price = (await system.margin.markOf(3)) + 68n * UNIT;
      expect(await system.auction.priceOf(writer, 3)).to.equal(price);
      const size = available / 2n;
      const sent = await placeBid(system, system.alice, system.carol, size, { instrument: 3 });
      const events = await eventsOf(system, sent);
      expect(events.map(({ name }) => name)).to.deep.equal(["EntryPosted", "EntryPosted", "PositionSold"]);
      const sold = events[2]!.args["price"] as bigint;
      expect(events[0]!.args["quoteDelta"]).to.equal(-((size * sold) / UNIT));
      await networkHelpers.time.increaseTo(expiry);
      await refusal(system.auction.start(writer, 3), "AuctionExpired").withArgs(3, expiry);
    });

    it("are not sold for a discount above what a solvent account must keep for them", async () => {
      system = await write();
      const startedAt = await startAuction(system, system.alice, 3);
      const { equity } = await judge(system, accountOf(system.alice));
      expect(equity).to.be.greaterThan(0);
      await setNextTime(system, startedAt + 1_080);
      await refusal(placeBid(system, system.alice, system.carol, UNIT, { instrument: 3 }), "AuctionWorsensHealth");
    });
  });

  describe("sequence", () => {
    it("falls, sells, recovers, falls again: each amount is the model's", async () => {
      const prices = [2_720, 2_700, 2_540, 2_600, 2_390, 2_250];
      let bids = 0;
      for (const [round, dollars] of prices.entries()) {
        await fall(dollars);
        const { equity, maintenance } = await system.ledger.valuationOf(account);
        if (equity >= maintenance) continue;
        const running = Number(await system.auction.startedAtOf(account, 1));
        const isOver = (await now(system)) >= running + TERMS.duration;
        const startedAt = isOver ? await startAuction(system, system.alice) : running;
        const time = Math.max(startedAt + 61 * (round + 1), (await now(system)) + 1);
        const expected = await expectBid(system, system.alice, time);
        const quote = await system.ledger.quoteOf(account);
        await setNextTime(system, time);
        await placeBid(system, system.alice, system.carol, expected.available, { limitPrice: expected.price });
        expect(await system.ledger.quoteOf(account)).to.equal(quote + expected.quoteOf(expected.available));
        const { start, used } = expected.windowOf(expected.available);
        expect(await system.auction.windowOf(1)).to.deep.equal([start, used]);
        bids += 1;
      }
      expect(bids).to.be.greaterThan(2);
    });
  });

  describe("amounts", () => {
    const BATCH = 1_000;

    /** Log-uniform: as many small numbers as large ones. */
    const draw = (random: SeededRandom, bits: number) => 1n + random.uint(1 + random.below(bits));

    /** A row of `AuctionHarness.positions`, and what the model says to it. */
    function drawPosition(random: SeededRandom): { row: bigint[]; expected: bigint[] } {
      const magnitude = draw(random, 94);
      const isLong = random.bool();
      const size = isLong ? magnitude : -magnitude;
      const spot = draw(random, 90);
      const mark = random.below(4) === 0 ? draw(random, 90) : spot;
      const need = random.below(16) === 0 ? 0n : draw(random, 120);
      const initialPpm = 1n + BigInt(random.below(500_000));
      const terms = {
        ...TERMS,
        maxDiscountPpm: BigInt(random.below(200_001)),
        duration: 60 + random.below(86_341),
      };
      const elapsed = random.below(terms.duration + 1);
      const discount = discountPpm(terms, elapsed);
      const price = auctionPrice(isLong, mark, spot, discount);
      const available = liquidatableSize({ size, spot, need, initialPpm }, discount);
      const bid = random.bool() ? available : 1n + (random.uint(96) % magnitude);
      const timing = [terms.maxDiscountPpm, BigInt(elapsed), BigInt(terms.duration)];
      return {
        row: [size, mark, spot, need, initialPpm, ...timing, bid],
        expected: [discount, price, available, positionQuote(bid, price, isLong), soldNotional(bid, spot)],
      };
    }

    function drawCollateral(random: SeededRandom): { row: bigint[]; expected: bigint[] } {
      const [amount, price] = [draw(random, 127), draw(random, 127)];
      const [decimals, discount] = [random.below(19), BigInt(random.below(200_001))];
      const row = [amount, price, BigInt(decimals), discount];
      return { row, expected: [collateralQuote(amount, price, decimals, discount)] };
    }

    for (const [name, drawRow, count] of [
      ["positions", drawPosition, samples(75_000, BATCH)],
      ["collaterals", drawCollateral, samples(25_000, BATCH)],
    ] as const) {
      it(`of ${name} are the model's, bit for bit, in ${count.toLocaleString("en")} random cases`, async () => {
        const random = new SeededRandom(chooseSeed(20_260_418));
        const harness = await system.ethers.deployContract("AuctionHarness", [system.ledger.target]);
        for (let done = 0; done < count; done += BATCH) {
          const cases = Array.from({ length: BATCH }, () => drawRow(random));
          const rows = cases.flatMap(({ row }) => row);
          const expected = cases.flatMap((one) => one.expected);
          const actual = await callRows(harness, name, rows);
          const index = firstDifference(actual, expected);
          if (index >= 0) {
            const width = expected.length / BATCH;
            const { row } = cases[Math.floor(index / width)]!;
            expect.fail(`${row.join(" ")}: word ${index % width} is ${actual[index]}, not ${expected[index]}`);
          }
        }
      });
    }
  });
});
