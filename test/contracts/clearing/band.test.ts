import { expect } from "chai";
import { network } from "hardhat";

import { optionPrice } from "../../../keeper/books/model/optionPricing.ts";
import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { ETH_PRICE, OrderBook, readTerms, UNIT, type TradeOptions } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const DEPOSIT = 100_000n * UNIT;
/** The band of both perpetuals is 2 % of the mark. */
const BAND = ETH_PRICE / 50n;
const CALL = 10;
const PUT = 11;
const MONTH = 30 * 86_400;
const STRIKE = 3_200n * UNIT;
const VOLATILITY_PPM = 700_000;

async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection);
  for (const user of system.users.slice(0, 3)) await depositUsd(system, user, DEPOSIT / 10n ** 12n);
  return system;
}

/** And a call and a put on ETH, struck at 3,200, which expire in a month. */
async function optionFixture(): Promise<Lockstep & { readonly expiry: number }> {
  const system = await fixture();
  const expiry = (await networkHelpers.time.latest()) + MONTH;
  const terms = { ...(await readTerms(system, 1)), maxFundingPpm: 0 };
  for (const [instrument, kind] of [
    [CALL, 2],
    [PUT, 3],
  ] as const) {
    await system.instruments.listOption(instrument, { ...terms, kind }, STRIKE, expiry, VOLATILITY_PPM, 300_000);
  }
  return { ...system, expiry };
}

describe("OrderSettlement > band", () => {
  let system: Lockstep;
  let orders: OrderBook;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    orders = new OrderBook(system);
  });

  const user = (index: number) => system.users[index]!;
  const account = (index: number) => accountOf(user(index));
  const trade = async (options: TradeOptions = {}) => await orders.trade(user(0), user(1), options);
  const quoteOf = async (index: number) => await system.ledger.quoteOf(account(index));

  describe("of a perpetual", () => {
    const refusal = async (price: bigint, lowest: bigint, highest: bigint) =>
      await expect(trade({ price }))
        .to.be.revertedWithCustomError(system.settlement, "SettlementOutsideBand")
        .withArgs(price, lowest, highest);

    it("lies around the mark and includes its edges", async () => {
      for (const price of [ETH_PRICE + BAND + 1n, ETH_PRICE - BAND - 1n, 0n]) {
        await refusal(price, ETH_PRICE - BAND, ETH_PRICE + BAND);
      }
      await trade({ price: ETH_PRICE + BAND });
      await trade({ price: ETH_PRICE - BAND });
    });

    it("lies around the last price while that breaks a rule, and only reductions pass", async () => {
      await trade();
      const now = await networkHelpers.time.latest();
      await system.oracle.setFeed(1, system.ethFeed.target, 1, UNIT, 10n ** 24n);
      await system.ethFeed.updateAt(2_900_00000000n, now - 100);
      await refusal(ETH_PRICE, 2_842n * UNIT, 2_958n * UNIT);
      const stale = { price: 2_900n * UNIT };
      await expect(trade(stale)).to.be.revertedWithCustomError(system.oracle, "OracleStalePrice");
      await orders.trade(user(1), user(0), { ...stale, size: UNIT / 2n });
      expect(await system.ledger.sizeOf(account(0), 1)).to.equal(UNIT / 2n);
    });

    it("is all that the price can be while there is none, and only reductions pass", async () => {
      await trade();
      await system.oracle.setFeed(1, system.ethFeed.target, 1_000_000, 1_000n * UNIT, 5_000n * UNIT);
      await system.ethFeed.update(6_000_00000000n);
      await refusal(980n * UNIT - 1n, 980n * UNIT, 5_100n * UNIT);
      await refusal(5_100n * UNIT + 1n, 980n * UNIT, 5_100n * UNIT);
      await expect(trade()).to.be.revertedWithCustomError(system.oracle, "OracleOutOfBounds");
      await orders.trade(user(1), user(0));
      expect(await system.ledger.sizeOf(account(0), 1)).to.equal(0);
    });
  });

  describe("of an option", () => {
    let expiry: number;

    beforeEach(async () => {
      const staged = await networkHelpers.loadFixture(optionFixture);
      ({ expiry } = staged);
      system = staged;
      orders = new OrderBook(system);
    });

    const fairAt = (isCall: boolean, now: number) =>
      optionPrice({
        isCall,
        spot: ETH_PRICE,
        strike: STRIKE,
        secondsToExpiry: BigInt(expiry - now),
        volatilityPpm: BigInt(VOLATILITY_PPM),
      });

    for (const [name, instrument, isCall] of [
      ["call", CALL, true],
      ["put", PUT, false],
    ] as const) {
      it(`puts the band of a ${name} around its Black-Scholes price, as wide as the spot's`, async () => {
        const now = (await networkHelpers.time.latest()) + 60;
        const fair = fairAt(isCall, now);
        const [lowest, highest] = [fair - BAND, fair + BAND];
        for (const price of [lowest - 1n, highest + 1n]) {
          await networkHelpers.time.setNextBlockTimestamp(now);
          await expect(trade({ instrument, price }))
            .to.be.revertedWithCustomError(system.settlement, "SettlementOutsideBand")
            .withArgs(price, lowest, highest);
        }
      });
    }

    it("takes both edges of the band, and does not fund options", async () => {
      const now = (await networkHelpers.time.latest()) + 60;
      const match = [
        await orders.tradeMatch(user(0), user(1), { instrument: CALL, price: fairAt(true, now) + BAND }),
        await orders.tradeMatch(user(0), user(1), { instrument: CALL, price: fairAt(true, now) - BAND }),
      ];
      await networkHelpers.time.setNextBlockTimestamp(now);
      await expect(system.settlement.settleBatch(match)).not.to.emit(system.ledger, "FundingUpdated");
      expect(await system.ledger.sizeOf(account(0), CALL)).to.equal(2n * UNIT);
      expect(await quoteOf(1)).to.equal(DEPOSIT + 2n * fairAt(true, now));
    });

    it("lets a worthless option change hands for nothing", async () => {
      await system.ethFeed.update(101_00000000n);
      await trade({ instrument: CALL, price: 0n });
      expect(await system.ledger.sizeOf(account(1), CALL)).to.equal(-UNIT);
      expect(await quoteOf(1)).to.equal(DEPOSIT);
    });

    it("takes any price up to the highest possible spot while there is none, for reductions", async () => {
      await trade({ instrument: PUT, price: 350n * UNIT });
      await system.oracle.setFeed(1, system.ethFeed.target, 1_000_000, 1_000n * UNIT, 5_000n * UNIT);
      await system.ethFeed.update(6_000_00000000n);
      await expect(trade({ instrument: PUT, price: 5_000n * UNIT + 1n }))
        .to.be.revertedWithCustomError(system.settlement, "SettlementOutsideBand")
        .withArgs(5_000n * UNIT + 1n, 0, 5_000n * UNIT);
      await expect(trade({ instrument: PUT, price: 0n })).to.be.revertedWithCustomError(
        system.oracle,
        "OracleOutOfBounds",
      );
      await orders.trade(user(1), user(0), { instrument: PUT, price: 350n * UNIT });
      expect(await system.ledger.sizeOf(account(1), PUT)).to.equal(0);
    });

    it("refuses an option from the second of its expiry on", async () => {
      const soon = (await networkHelpers.time.latest()) + 600;
      const terms = { ...(await readTerms(system, 1)), kind: 2, maxFundingPpm: 0 };
      await system.instruments.listOption(12, terms, ETH_PRICE, soon, VOLATILITY_PPM, 300_000);
      await networkHelpers.time.setNextBlockTimestamp(soon - 1);
      await trade({ instrument: 12, price: UNIT });
      await networkHelpers.time.setNextBlockTimestamp(soon);
      await expect(trade({ instrument: 12, price: UNIT }))
        .to.be.revertedWithCustomError(system.settlement, "SettlementInstrumentExpired")
        .withArgs(12, soon);
    });
  });
});
