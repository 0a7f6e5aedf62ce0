import { expect } from "chai";
import { network } from "hardhat";

import { discountPpm } from "../../../keeper/books/model/liquidation.ts";
import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { WIDE } from "../../helpers/assets.ts";
import {
  deployAuctions,
  DOLLAR,
  eventsOf,
  expectBid,
  FLAGS,
  now,
  placeBid,
  pushHot,
  setEthPrice,
  setNextTime,
  startAuction,
  TERMS,
  type AuctionSystem,
} from "../../helpers/liquidate.ts";
import { readTerms, UNIT } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const ANY_PRICE = 2n ** 128n - 1n;

async function fixture(): Promise<AuctionSystem> {
  return await deployAuctions(connection);
}

describe("attacks on liquidations", () => {
  let system: AuctionSystem;
  let account: string;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    account = accountOf(system.alice);
  });

  const refusal = (sent: Promise<unknown>, name: string) =>
    expect(sent).to.be.revertedWithCustomError(system.auction, name);
  const ledgerRefusal = (sent: Promise<unknown>, name: string) =>
    expect(sent).to.be.revertedWithCustomError(system.ledger, name);
  const equityOf = async (user: AuctionSystem["alice"]) => (await system.ledger.valuationOf(accountOf(user))).equity;

  describe("on the clock", () => {
    it("gains nothing by starting early: the first price is the mark", async () => {
      await setEthPrice(system, 2_700);
      const startedAt = await startAuction(system, system.alice);
      const equity = await equityOf(system.carol);
      await setNextTime(system, startedAt + 1);
      await placeBid(system, system.alice, system.carol, UNIT);
      const gain = (await equityOf(system.carol)) - equity;
      expect(gain).to.equal((2_700n * UNIT * discountPpm(TERMS, 1)) / 1_000_000n);
      expect(gain).to.be.lessThan(UNIT);
    });

    it("gains no more than the largest discount by waiting to the end", async () => {
      await setEthPrice(system, 2_700);
      const startedAt = await startAuction(system, system.alice);
      const equity = await equityOf(system.carol);
      await setNextTime(system, startedAt + TERMS.duration);
      await placeBid(system, system.alice, system.carol, 10n * UNIT);
      expect((await equityOf(system.carol)) - equity).to.equal(2_700n * UNIT);
      // Not a second longer.
      await refusal(placeBid(system, system.alice, system.dave, UNIT), "AuctionNotRunning");
    });

    it("finds no old clock after a restriction: what a grace interrupted starts anew", async () => {
      await setEthPrice(system, 2_700);
      const startedAt = await startAuction(system, system.alice);
      await pushHot(system, { flags: FLAGS.increaseRisk | FLAGS.withdraw | FLAGS.liquidate | FLAGS.halt });
      const graceUntil = startedAt + TERMS.duration - 10;
      await pushHot(system, { graceUntil });
      await setNextTime(system, graceUntil);
      await refusal(placeBid(system, system.alice, system.carol, UNIT), "AuctionNotRunning");
      await setNextTime(system, graceUntil + 1);
      const again = await startAuction(system, system.alice);
      const { price } = await expectBid(system, system.alice, again + 1);
      expect(price).to.be.greaterThan(2_699n * UNIT);
    });

    it("finds no old clock after a recovery that anyone has noted", async () => {
      await setEthPrice(system, 2_700);
      await startAuction(system, system.alice);
      await setEthPrice(system, 2_950);
      await system.auction.connect(system.alice).stop(account, 1);
      await networkHelpers.time.increase(1_700);
      await setEthPrice(system, 2_700);
      await refusal(placeBid(system, system.alice, system.carol, UNIT), "AuctionNotRunning");
      const startedAt = await startAuction(system, system.alice);
      expect((await expectBid(system, system.alice, startedAt)).price).to.equal(2_700n * UNIT);
    });

    it("sells nothing of an account that recovered, however long its auction was left open", async () => {
      await setEthPrice(system, 2_700);
      await startAuction(system, system.alice);
      await depositUsd(system, system.alice, 500n * DOLLAR);
      await refusal(placeBid(system, system.alice, system.carol, 1n), "AuctionHealthy");
    });

    it("does not stop an auction by a price that is no price", async () => {
      await setEthPrice(system, 2_700);
      await startAuction(system, system.alice);
      await system.ethFeed.update(0);
      await refusal(system.auction.connect(system.alice).stop(account, 1), "AuctionPriceNotValid");
    });
  });

  describe("by the owner", () => {
    it("cannot bid with another account of the same owner", async () => {
      await setEthPrice(system, 2_700);
      await startAuction(system, system.alice);
      await ledgerRefusal(
        system.auction.connect(system.alice).bid(account, 1, accountOf(system.alice, 1), UNIT, ANY_PRICE),
        "LedgerSameOwner",
      );
    });

    it("takes through a second owner at most the discount of that second", async () => {
      await setEthPrice(system, 2_700);
      const startedAt = await startAuction(system, system.alice);
      const both = (await equityOf(system.alice)) + (await equityOf(system.dave));
      const time = startedAt + 900;
      const { available } = await expectBid(system, system.alice, time);
      const dave = await equityOf(system.dave);
      await setNextTime(system, time);
      const sent = await placeBid(system, system.alice, system.dave, available);
      const gain = (await equityOf(system.dave)) - dave;
      expect(gain).to.be.lessThanOrEqual((available * 2_700n * 50_000n) / 1_000_000n);
      // What alice could not pay was socialised; it is no more than the discount.
      const loss = (await eventsOf(system, sent)).find(({ name }) => name === "LossSocialised");
      const socialised = (loss?.args["amount"] ?? 0n) as bigint;
      expect(socialised).to.be.lessThanOrEqual(gain);
      expect((await equityOf(system.alice)) + (await equityOf(system.dave))).to.be.lessThanOrEqual(both + socialised);
    });

    it("cannot hide behind small increases: below the initial requirement they are refused", async () => {
      await setEthPrice(system, 2_850);
      const { equity, initial, maintenance } = await system.ledger.valuationOf(account);
      expect(equity > maintenance && equity < initial).to.equal(true);
      const options = { size: 1n, price: 2_850n * UNIT };
      await ledgerRefusal(system.orders.trade(system.alice, system.bob, options), "LedgerBelowInitialMargin");
      await setEthPrice(system, 2_700);
      await startAuction(system, system.alice);
    });

    it("cannot hide behind a unit of a collateral whose feed has died", async () => {
      const { ethers, oracle, instruments, vault, alice } = system;
      const feed = await ethers.deployContract("MockAggregator", [8, "DEAD / USD", 10n ** 8n]);
      await oracle.setFeed(7, feed.target, 3_600, UNIT / 100n, 100n * UNIT);
      const token = await ethers.deployContract("MockToken", ["Dead", "DEAD", 18]);
      await vault.listAsset(token.target, WIDE);
      await instruments.setCollateral(token.target, 7, 100_000);
      await token.mint(alice.address, UNIT);
      await token.connect(alice).approve(vault.target, UNIT);
      await vault.connect(alice).deposit(account, token.target, UNIT);
      await networkHelpers.time.increase(3_700);
      // At most 100 dollars, of which 90 count; at 2,700 she lacks 350.
      await setEthPrice(system, 2_700);
      await startAuction(system, alice);
      await placeBid(system, alice, system.carol, UNIT);
    });

    it("gets a new price for an increase in the block of the last one", async () => {
      const match = await system.orders.tradeMatch(system.alice, system.bob, { size: 10n ** 12n });
      await system.ethers.provider.send("evm_setAutomine", [false]);
      await system.ethFeed.update(3_000n * 10n ** 8n);
      await system.settlement.connect(system.dave).settle(match, { gasLimit: 1_000_000 });
      await networkHelpers.mine();
      await system.ethers.provider.send("evm_setAutomine", [true]);
      const { updatedAt } = await system.oracle.read(1);
      expect(await system.ledger.increasedAtOf(account, 1)).to.equal(updatedAt);
      const terms = await readTerms(system, 1);
      await system.instruments.setInstrument(1, { ...terms, initialPpm: 300_000, maintenancePpm: 200_000 });
      await refusal(system.auction.start(account, 1), "AuctionPriceNotNewer").withArgs(1, updatedAt, updatedAt);
      await setEthPrice(system, 3_000);
      await system.auction.start(account, 1);
    });

    it("can be sold in the block of the price that broke it", async () => {
      await system.ethers.provider.send("evm_setAutomine", [false]);
      await system.ethFeed.update(2_700n * 10n ** 8n);
      await system.auction.start(account, 1, { gasLimit: 1_000_000 });
      const bidder = accountOf(system.carol);
      const options = { gasLimit: 1_000_000 };
      await system.auction.connect(system.carol).bid(account, 1, bidder, UNIT, 2_700n * UNIT, options);
      await networkHelpers.mine();
      await system.ethers.provider.send("evm_setAutomine", [true]);
      expect(await system.ledger.sizeOf(bidder, 1)).to.equal(UNIT);
    });

    it("has no code in the path: a contract that refuses everything is sold like any other", async () => {
      // The vault has code that knows no receiver hook and no signature check.
      const owner = system.vault.target as string;
      await networkHelpers.setCode(system.alice.address, await system.ethers.provider.getCode(owner));
      await setEthPrice(system, 2_700);
      await startAuction(system, system.alice);
      await placeBid(system, system.alice, system.carol, UNIT);
    });

    it("is not sold more of than the price of the bid asks for, whatever it was at the start", async () => {
      await setEthPrice(system, 2_700);
      const startedAt = await startAuction(system, system.alice);
      const first = await expectBid(system, system.alice, startedAt + 600);
      await setEthPrice(system, 2_736);
      const { available } = await expectBid(system, system.alice, startedAt + 600);
      expect(available).to.be.lessThan(first.available);
      await setNextTime(system, startedAt + 600);
      await refusal(placeBid(system, system.alice, system.carol, available + 1n), "AuctionAmountTooLarge");
    });
  });

  describe("by a bidder", () => {
    it("needs margin, and none that it does not have", async () => {
      await setEthPrice(system, 2_700);
      await startAuction(system, system.alice);
      const erin = system.users[4]!;
      await ledgerRefusal(placeBid(system, system.alice, erin, UNIT), "LedgerBelowInitialMargin");
      await depositUsd(system, erin, 269n * DOLLAR);
      await ledgerRefusal(placeBid(system, system.alice, erin, UNIT), "LedgerBelowInitialMargin");
      await depositUsd(system, erin, DOLLAR);
      await placeBid(system, system.alice, erin, UNIT);
    });

    it("may take risk while others may not", async () => {
      await pushHot(system, { flags: FLAGS.increaseRisk | FLAGS.withdraw });
      await setEthPrice(system, 2_700);
      await startAuction(system, system.alice);
      await placeBid(system, system.alice, system.carol, UNIT);
      expect(await system.ledger.sizeOf(accountOf(system.carol), 1)).to.equal(UNIT);
    });

    it("uses with a small bid no more of the window than it sells", async () => {
      await setEthPrice(system, 2_700);
      await startAuction(system, system.alice);
      for (let count = 0; count < 5; count += 1) await placeBid(system, system.alice, system.dave, 1n);
      const { used } = await system.auction.windowOf(1);
      expect(used).to.equal(5n * 2_700n);
      await placeBid(system, system.alice, system.carol, UNIT);
    });

    it("pays for the smallest unit, and is not paid for it", async () => {
      await setEthPrice(system, 2_700);
      const startedAt = await startAuction(system, system.alice);
      const quote = await system.ledger.quoteOf(account);
      await setNextTime(system, startedAt + 1);
      await placeBid(system, system.alice, system.carol, 1n);
      const paid = (await system.ledger.quoteOf(account)) - quote;
      expect(paid * UNIT).to.be.greaterThanOrEqual(2_700n * UNIT - (2_700n * UNIT * 55n) / 1_000_000n);
    });

    it("sells an insolvent account, and the loss is settled in the same transaction", async () => {
      await setEthPrice(system, 2_400);
      const startedAt = await startAuction(system, system.alice);
      expect(await equityOf(system.alice)).to.equal(-2_000n * UNIT);
      await setNextTime(system, startedAt + 900);
      const sent = await placeBid(system, system.alice, system.carol, 10n * UNIT);
      const loss = (await eventsOf(system, sent)).find(({ name }) => name === "LossSocialised")!;
      expect(loss.args["amount"]).to.equal(3_200n * UNIT);
      expect(await system.ledger.quoteOf(account)).to.equal(0);
    });

    it("cannot settle a loss while something is left to sell", async () => {
      await setEthPrice(system, 2_400);
      await startAuction(system, system.alice);
      await placeBid(system, system.alice, system.carol, 9n * UNIT);
      await ledgerRefusal(system.ledger.connect(system.carol).coverShortfall(account), "LedgerNoShortfall");
    });
  });

  describe("by governance's other keys", () => {
    it("a jump of the volatility moves an account by the step an hour, not more", async () => {
      const expiry = (await now(system)) + 30 * 86_400;
      const terms = await readTerms(system, 1);
      const call = { ...terms, kind: 2, maxFundingPpm: 0 };
      await system.instruments.listOption(3, call, 3_000n * UNIT, expiry, 500_000, 200_000);
      const erin = system.users[4]!;
      await depositUsd(system, erin, 6_000n * DOLLAR);
      const mark = await system.margin.markOf(3);
      await system.orders.trade(system.dave, erin, { size: 10n * UNIT, price: mark, instrument: 3 });
      await setEthPrice(system, 3_000);
      await expect(system.instruments.setVolatility(3, 2_000_000)).to.be.revertedWithCustomError(
        system.instruments,
        "InstrumentVolatilityStep",
      );
      await networkHelpers.time.increase(3_600);
      const before = await equityOf(erin);
      await system.instruments.setVolatility(3, 600_000);
      const moved = before - (await equityOf(erin));
      // Vega of ten calls: about 3.4 dollars a point each.
      expect(moved).to.be.within(300n * UNIT, 400n * UNIT);
      await refusal(system.auction.start(accountOf(erin), 3), "AuctionHealthy");
    });
  });
});
