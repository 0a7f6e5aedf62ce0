import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { changeTerms, ETH_PRICE, OrderBook, UNIT, type TradeOptions } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const DEPOSIT = 100_000n * UNIT;
const UINT128_MAX = 2n ** 128n - 1n;
const MILLION = 1_000_000n;
/** The band of both perpetuals is 2 % of the mark. */
const BAND = ETH_PRICE / 50n;

async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection);
  for (const user of system.users.slice(0, 3)) await depositUsd(system, user, DEPOSIT / 10n ** 12n);
  return system;
}

describe("OrderSettlement", () => {
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

  describe("setup", () => {
    it("refuses zero modules", async () => {
      const { ledger, instruments, oracle, settlement } = system;
      const factory = await system.ethers.getContractFactory("OrderSettlement");
      const modules = [ledger.target, instruments.target, oracle.target];
      for (const index of modules.keys()) {
        const [a, b, c] = modules.with(index, ZeroAddress);
        await expect(factory.deploy(a!, b!, c!)).to.be.revertedWithCustomError(settlement, "SettlementZeroAddress");
      }
    });

    it("names its modules", async () => {
      const { ledger, instruments, oracle, settlement } = system;
      expect(await settlement.LEDGER()).to.equal(ledger.target);
      expect(await settlement.INSTRUMENTS()).to.equal(instruments.target);
      expect(await settlement.ORACLE()).to.equal(oracle.target);
    });
  });

  describe("settle > what a match is", () => {
    it("refuses a zero size", async () => {
      await expect(trade({ size: 0n })).to.be.revertedWithCustomError(system.settlement, "SettlementZeroSize");
    });

    it("refuses an instrument that is not listed", async () => {
      await expect(trade({ instrument: 9 }))
        .to.be.revertedWithCustomError(system.settlement, "SettlementUnknownInstrument")
        .withArgs(9);
    });

    it("refuses two instruments", async () => {
      await expect(trade({ sell: { instrument: 2 } }))
        .to.be.revertedWithCustomError(system.settlement, "SettlementInstrumentMismatch")
        .withArgs(1, 2);
    });

    it("refuses two accounts of one owner", async () => {
      await expect(orders.trade(user(0), user(0), { sell: { account: accountOf(user(0), 7) } }))
        .to.be.revertedWithCustomError(system.settlement, "SettlementSameOwner")
        .withArgs(user(0).address);
    });

    it("refuses an order on the other side, either way", async () => {
      for (const [changes, wrong] of [
        [{ buy: { isBuy: false } }, "buy"],
        [{ sell: { isBuy: true } }, "sell"],
      ] as const) {
        const match = await orders.tradeMatch(user(0), user(1), changes);
        await expect(system.settlement.settle(match))
          .to.be.revertedWithCustomError(system.settlement, "SettlementWrongSide")
          .withArgs(await system.settlement.hashOrder(match[wrong]));
      }
    });

    it("tells the ledger the whole trade once", async () => {
      const match = await orders.tradeMatch(user(0), user(1));
      const { lane, sequence } = match.buy;
      const settled = await system.settlement.settle(match);
      for (const order of [match.buy, match.sell]) {
        const hash = await system.settlement.hashOrder(order);
        await expect(settled)
          .to.emit(system.settlement, "OrderFilled")
          .withArgs(hash, order.account, lane, sequence, UNIT, ETH_PRICE, UNIT);
      }
      const receipt = (await settled.wait())!;
      const names = receipt.logs.map(
        (log) => (system.settlement.interface.parseLog(log) ?? system.ledger.interface.parseLog(log))?.name,
      );
      expect(names).to.deep.equal(["OrderFilled", "OrderFilled", "FundingUpdated", "EntryPosted", "EntryPosted"]);
    });
  });

  describe("settle > price", () => {
    it("refuses limits that do not cross", async () => {
      await expect(trade({ buy: { limitPrice: ETH_PRICE - 1n } }))
        .to.be.revertedWithCustomError(system.settlement, "SettlementNotCrossing")
        .withArgs(ETH_PRICE - 1n, ETH_PRICE);
    });

    it("refuses two post-only orders", async () => {
      await expect(trade({ buy: { isPostOnly: true }, sell: { isPostOnly: true } })).to.be.revertedWithCustomError(
        system.settlement,
        "SettlementBothPostOnly",
      );
    });

    const [low, high] = [ETH_PRICE - 10n * UNIT, ETH_PRICE + 20n * UNIT + 1n];
    for (const [name, buy, sell, price] of [
      ["the buyer's limit when its order is post-only", { isPostOnly: true }, {}, high],
      ["the seller's limit when its order is post-only", {}, { isPostOnly: true }, low],
      ["the midpoint otherwise, rounded down", {}, {}, ETH_PRICE + 5n * UNIT],
    ] as const) {
      it(`is ${name}`, async () => {
        await trade({ buy: { ...buy, limitPrice: high }, sell: { ...sell, limitPrice: low } });
        expect(await quoteOf(0)).to.equal(DEPOSIT - price);
        expect(await quoteOf(1)).to.equal(DEPOSIT + price);
      });
    }

    it("has no midpoint of the highest limits that overflows", async () => {
      await expect(trade({ price: UINT128_MAX }))
        .to.be.revertedWithCustomError(system.settlement, "SettlementOutsideBand")
        .withArgs(UINT128_MAX, ETH_PRICE - BAND, ETH_PRICE + BAND);
    });
  });

  describe("settle > fees", () => {
    beforeEach(async () => {
      await changeTerms(system, 1, { makerFeePpm: 100, takerFeePpm: 333 });
    });

    it("takes the maker's fee of a post-only order and the taker's of any other", async () => {
      await trade({ buy: { isPostOnly: true } });
      expect(await quoteOf(0)).to.equal(DEPOSIT - ETH_PRICE - (ETH_PRICE * 100n) / MILLION);
      expect(await quoteOf(1)).to.equal(DEPOSIT + ETH_PRICE - (ETH_PRICE * 333n) / MILLION);
      expect((await system.ledger.hotWord()).fees).to.equal((ETH_PRICE * 433n) / MILLION);
    });

    it("takes the taker's fee of both when neither order is post-only", async () => {
      await trade();
      expect((await system.ledger.hotWord()).fees).to.equal((ETH_PRICE * 666n) / MILLION);
    });

    it("rounds fees up: of the smallest trade too", async () => {
      await trade({ size: 1n });
      // 3,000 of 1e-18 quote change hands; a third of a thousandth of that is 0.999.
      expect(await quoteOf(0)).to.equal(DEPOSIT - 3_000n - 1n);
      expect(await quoteOf(1)).to.equal(DEPOSIT + 3_000n - 1n);
      await trade({ size: 2n });
      expect((await system.ledger.hotWord()).fees).to.equal(2n + 4n);
    });

    it("refuses a fee above what either order allows, and takes one that it just allows", async () => {
      for (const [changes, payer, feePpm] of [
        [{ buy: { maxFeePpm: 332 } }, "buy", 333],
        [{ sell: { maxFeePpm: 332 } }, "sell", 333],
        [{ sell: { maxFeePpm: 99, isPostOnly: true } }, "sell", 100],
      ] as const) {
        const match = await orders.tradeMatch(user(0), user(1), changes);
        await expect(system.settlement.settle(match))
          .to.be.revertedWithCustomError(system.settlement, "SettlementFeeAboveCap")
          .withArgs(await system.settlement.hashOrder(match[payer]), feePpm, match[payer].maxFeePpm);
      }
      await trade({ buy: { maxFeePpm: 333 }, sell: { maxFeePpm: 100, isPostOnly: true } });
    });
  });

  describe("settle > amounts", () => {
    it("rounds the fraction of quote down, for the buyer", async () => {
      const price = ETH_PRICE + 1n;
      await trade({ price, size: UNIT - 1n });
      // The exact amount ends in a fraction: (3,000 + 1e-18) * (1 - 1e-18).
      const exact = price * (UNIT - 1n);
      expect(exact % UNIT).not.to.equal(0n);
      expect(await quoteOf(1)).to.equal(DEPOSIT + exact / UNIT);
      expect(await quoteOf(0)).to.equal(DEPOSIT - exact / UNIT);
    });

    it("refuses amounts that no word holds", async () => {
      await expect(trade({ size: UINT128_MAX })).to.be.revertedWithCustomError(
        system.settlement,
        "SafeCastOverflowedUintDowncast",
      );
      const widest = 2n ** 95n;
      await expect(trade({ size: widest })).to.be.revertedWithCustomError(
        system.ledger,
        "SafeCastOverflowedIntDowncast",
      );
      expect(await quoteOf(0)).to.equal(DEPOSIT);
    });
  });

  describe("settle > reduce-only", () => {
    beforeEach(async () => {
      await trade({ size: 2n * UNIT });
    });

    it("refuses to open, to grow and to flip, on either side", async () => {
      const only = { isReduceOnly: true };
      for (const [buyer, seller, options, refused] of [
        [2, 0, { buy: only, size: UNIT }, 2],
        [0, 2, { buy: only, size: UNIT }, 0],
        [2, 1, { sell: only, size: UNIT }, 1],
        [2, 0, { sell: only, size: 3n * UNIT }, 0],
        [1, 2, { buy: only, size: 2n * UNIT + 1n }, 1],
      ] as const) {
        await expect(orders.trade(user(buyer), user(seller), options))
          .to.be.revertedWithCustomError(system.ledger, "LedgerNotReducing")
          .withArgs(account(refused), 1);
      }
    });

    it("shrinks and closes", async () => {
      const only = { isReduceOnly: true };
      await orders.trade(user(2), user(0), { sell: only, size: UNIT });
      await orders.trade(user(1), user(0), { buy: only, sell: only, size: UNIT });
      await orders.trade(user(1), user(2), { buy: only, sell: only, size: UNIT });
      for (const index of [0, 1, 2]) expect(await system.ledger.openCountOf(account(index))).to.equal(0);
    });
  });
});
