import { expect } from "chai";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { changeTerms, ETH_PRICE, OrderBook, UNIT } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const DOLLAR = 10n ** 6n;
const DEPOSIT = 100_000n;
/** The band of the perpetual is 2 % of the mark: parts per billion, and in quote. */
const BAND_PPB = 20_000_000n;
const BAND = ETH_PRICE / 50n;
/** 1,000 ETH: a trade of a thousandth of it, one ETH, spends all of the premium's time credit. */
const MAX_OPEN_INTEREST = 1_000_000_000n;
const TAU = 3_600n;

async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection);
  for (const user of system.users.slice(0, 4)) await depositUsd(system, user, DEPOSIT * DOLLAR);
  await changeTerms(system, 1, { maxOpenInterest: MAX_OPEN_INTEREST });
  return system;
}

/** What somebody gains who signs, matches or sends orders in bad faith; each bound is stated in the name. */
describe("OrderSettlement > manipulation", () => {
  let system: Lockstep;
  let orders: OrderBook;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    orders = new OrderBook(system);
  });

  const user = (index: number) => system.users[index]!;
  const account = (index: number) => accountOf(user(index));

  describe("a matcher that trades against the orders it is given", () => {
    const limit = ETH_PRICE + 5n * UNIT;
    const victim = { limitPrice: limit, size: UNIT };

    it("gets the limit of the order at best", async () => {
      const matcher = { limitPrice: limit, isPostOnly: true };
      await orders.trade(user(0), user(1), { buy: victim, sell: matcher, executor: user(1) });
      expect(await system.ledger.quoteOf(account(0))).to.equal(DEPOSIT * UNIT - limit);
      await expect(
        orders.trade(user(0), user(1), { buy: victim, sell: { limitPrice: limit + 1n, isPostOnly: true } }),
      ).to.be.revertedWithCustomError(system.settlement, "SettlementNotCrossing");
    });

    it("gets the edge of the band at best from an order without a limit", async () => {
      const limitless = { limitPrice: 2n ** 128n - 1n };
      const edge = ETH_PRICE + BAND;
      await expect(
        orders.trade(user(0), user(1), { buy: limitless, sell: { limitPrice: edge + 1n, isPostOnly: true } }),
      ).to.be.revertedWithCustomError(system.settlement, "SettlementOutsideBand");
      await orders.trade(user(0), user(1), { buy: limitless, sell: { limitPrice: edge, isPostOnly: true } });
      expect(await system.ledger.quoteOf(account(0))).to.equal(DEPOSIT * UNIT - edge);
    });

    it("gets nothing of an order that names another executor, and no more than its size in a thousand cuts", async () => {
      const named = { ...victim, executor: user(6).address };
      await expect(orders.trade(user(0), user(1), { buy: named, executor: user(1) })).to.be.revertedWithCustomError(
        system.settlement,
        "SettlementNotExecutor",
      );
      const buy = orders.order(user(0), true, victim);
      const part = async (size: bigint) =>
        await orders.match(user(0), buy, user(1), orders.order(user(1), false, { size, limitPrice: limit }), size);
      const matches = [];
      for (let count = 0; count < 10; count += 1) matches.push(await part(UNIT / 10n));
      await system.settlement.settleBatch(matches);
      await expect(system.settlement.settle(await part(1n))).to.be.revertedWithCustomError(
        system.settlement,
        "SettlementOverfill",
      );
    });

    it("cannot make it pay more by settling it in crumbs: each rounds in the buyer's favour, at the seller's cost", async () => {
      const buy = orders.order(user(0), true, { size: 30n, limitPrice: ETH_PRICE + 1n });
      for (const size of [7n, 11n, 12n]) {
        const sell = orders.order(user(1), false, { size, limitPrice: ETH_PRICE + 1n });
        await system.settlement.settle(await orders.match(user(0), buy, user(1), sell, size));
      }
      expect(await system.ledger.quoteOf(account(0))).to.equal(DEPOSIT * UNIT - 30n * 3_000n);
    });
  });

  it("one owner cannot trade with himself, whatever the accounts", async () => {
    for (const sell of [{ account: account(0) }, { account: accountOf(user(0), 1) }]) {
      await expect(orders.trade(user(0), user(0), { sell }))
        .to.be.revertedWithCustomError(system.settlement, "SettlementSameOwner")
        .withArgs(user(0).address);
    }
  });

  describe("two owners who push the funding premium", () => {
    const premium = async () => (await system.ledger.marketOf(1)).premiumPpb;
    /** Both trade at the edge of the band, `count` times `size` in one transaction, `seconds` after the last one. */
    const push = async (seconds: number, size: bigint, count = 1) => {
      const price = ETH_PRICE + BAND;
      const matches = [];
      for (let index = 0; index < count; index += 1) {
        const [buyer, seller] = index % 2 === 0 ? [0, 1] : [1, 0];
        matches.push(await orders.tradeMatch(user(buyer), user(seller), { size, price }));
      }
      await networkHelpers.time.setNextBlockTimestamp((await networkHelpers.time.latest()) + seconds);
      await system.settlement.settleBatch(matches);
    };

    beforeEach(async () => {
      await orders.trade(user(2), user(3));
    });

    it("move it by the band times the share of an hour since the last observation, with the largest trade", async () => {
      await push(36, 20n * UNIT);
      expect(await premium()).to.equal((BAND_PPB * 36n) / TAU);
    });

    it("move it no further by many trades at once, or by splitting one", async () => {
      const fork = await networkHelpers.takeSnapshot();
      await push(36, UNIT, 6);
      expect(await premium()).to.equal((BAND_PPB * 36n) / TAU);
      await fork.restore();
      await push(36, UNIT / 10n, 10);
      expect(await premium()).to.be.lessThanOrEqual((BAND_PPB * 36n) / TAU);
    });

    it("neither move it nor use up anybody's time with dust", async () => {
      const { observedAt } = await system.ledger.marketOf(1);
      await push(36, 1n, 4);
      expect(await premium()).to.equal(0);
      expect((await system.ledger.marketOf(1)).observedAt).to.equal(observedAt);
    });

    it("never get beyond the band times the time that they were alone, and an honest trade takes it back", async () => {
      let alone = 0n;
      for (const seconds of [1, 5, 30, 60, 300, 400]) {
        await push(seconds, 2n * UNIT, 2);
        alone += BigInt(seconds);
        expect(await premium()).to.be.lessThanOrEqual((BAND_PPB * alone) / TAU);
      }
      const pushed = await premium();
      await networkHelpers.time.increase(100);
      await orders.trade(user(2), user(3));
      expect(await premium()).to.be.lessThan((pushed * 98n) / 100n);
    });

    it("earn at most the clamp of the instrument for each time of funding", async () => {
      await changeTerms(system, 1, { maxFundingPpm: 1_000 });
      await push(600, 2n * UNIT);
      expect(await premium()).to.be.greaterThan(1_000_000n);
      const { longIndex } = await system.ledger.marketOf(1);
      await push(300, 2n * UNIT);
      const paid = (await system.ledger.marketOf(1)).longIndex - longIndex;
      // A tenth of a percent of the mark in eight hours.
      expect(paid).to.equal((ETH_PRICE * 300n) / 1_000n / 28_800n);
    });
  });

  describe("an owner who grows by dust so that no price is newer than his position", () => {
    /** User 0 is long with eleven per cent of its notional; then the price falls by eight. */
    const sink = async () => {
      await orders.trade(user(0), user(1), { size: 300n * UNIT });
      await system.ethFeed.update(2_760_00000000n);
    };

    it("cannot once he has fallen below his initial requirement", async () => {
      await sink();
      const before = await system.ledger.increasedAtOf(account(0), 1);
      const { maintenance, equity } = await system.ledger.valuationOf(account(0));
      expect(equity).to.be.lessThan(maintenance);
      await expect(orders.trade(user(0), user(2), { size: 1n, price: 2_760n * UNIT })).to.be.revertedWithCustomError(
        system.ledger,
        "LedgerBelowInitialMargin",
      );
      expect(await system.ledger.increasedAtOf(account(0), 1)).to.equal(before);
      const [, , , updatedAt] = await system.ethFeed.latestRoundData();
      expect(updatedAt).to.be.greaterThan(before);
      await system.auction.start(account(0), 1);
    });

    it("cannot by closing a part first, nor by a flip", async () => {
      await sink();
      const price = 2_760n * UNIT;
      const before = await system.ledger.increasedAtOf(account(0), 1);
      await orders.trade(user(2), user(0), { size: UNIT, price });
      expect(await system.ledger.increasedAtOf(account(0), 1)).to.equal(before);
      await expect(orders.trade(user(0), user(2), { size: 1n, price })).to.be.revertedWithCustomError(
        system.ledger,
        "LedgerBelowInitialMargin",
      );
      await system.auction.start(account(0), 1);
    });
  });
});
