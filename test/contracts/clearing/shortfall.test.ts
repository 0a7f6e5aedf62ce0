import { expect } from "chai";
import { network } from "hardhat";

import { CALL, deployBareLedger, SCALE, STRIKE, tradeInput, type BareLedger } from "../../fixtures/deployBareLedger.ts";
import { accountOf } from "../../helpers/accounts.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const ONE = 10n ** 18n;
const HALT = 8;
const LIQUIDATE = 4;
const FUND_SHORT = 16;
/** What the short account lacks in the end, 1e-18 quote. */
const MISSING = 100n * ONE + 1n;
/** Of the perpetual; 5 % of it, 150, is the most that a unit pays. */
const PRICE = 3_000n * ONE;
/** So high that only the bits of an index are in the way. */
const HUGE_PRICE = 2n ** 127n;

async function fixture(): Promise<BareLedger> {
  return await deployBareLedger(connection);
}

describe("PositionLedger > shortfall", () => {
  let bare: BareLedger;
  let loser: string;
  let winner: string;
  let bidder: string;
  let fund: string;

  beforeEach(async () => {
    bare = await networkHelpers.loadFixture(fixture);
    [loser, winner, bidder] = [0, 1, 2].map((index) => accountOf(bare.users[index]!)) as [string, string, string];
    fund = accountOf(bare.fund);
    await bare.harness.setPrice(1, PRICE, false);
  });

  const credit = async (account: string, dollars: bigint) =>
    await bare.ledger.connect(bare.vault).credit(account, bare.usd, dollars * 10n ** 6n);
  const trade = async (buyer: string, seller: string, size = 3n * ONE) =>
    await bare.ledger.connect(bare.settlement).trade(tradeInput({ buyer, seller, size, quote: 0n }));
  const liquidate = async (account: string, size: bigint, quote: bigint) =>
    await bare.ledger.connect(bare.auction).liquidate(account, bidder, 1, size, quote, ONE);
  /** The loser's position goes to the bidder, who takes 100 for it. */
  const fail = async (wasLong: boolean) => {
    if (wasLong) await trade(loser, winner);
    else await trade(winner, loser);
    await liquidate(loser, wasLong ? 3n * ONE : -3n * ONE, -MISSING);
  };

  describe("liquidation", () => {
    it("refuses nothing, one owner, no position, the wrong side, more than there is, and while it is restricted", async () => {
      const { ledger, users, guard } = bare;
      await trade(loser, winner);
      await expect(liquidate(loser, 0n, 0n)).to.be.revertedWithCustomError(ledger, "LedgerZeroAmount");
      await expect(liquidate(accountOf(users[2]!, 9), ONE, 0n))
        .to.be.revertedWithCustomError(ledger, "LedgerSameOwner")
        .withArgs(users[2]!.address);
      const stranger = accountOf(users[3]!);
      await expect(liquidate(stranger, ONE, 0n))
        .to.be.revertedWithCustomError(ledger, "LedgerNoPosition")
        .withArgs(stranger, 1);
      for (const size of [-ONE, 3n * ONE + 1n]) {
        await expect(liquidate(loser, size, 0n))
          .to.be.revertedWithCustomError(ledger, "LedgerNotReducing")
          .withArgs(loser, 1);
      }
      await ledger.connect(guard).push(LIQUIDATE, await networkHelpers.time.latest(), 0);
      await expect(liquidate(loser, ONE, 0n))
        .to.be.revertedWithCustomError(ledger, "LedgerLiquidationRestricted")
        .withArgs(loser);
    });

    it("moves the position and its price, and accrues first", async () => {
      const { ledger } = bare;
      await trade(loser, winner);
      const sold = liquidate(loser, ONE, 40n);
      await expect(sold).to.emit(ledger, "FundingUpdated").withArgs(1, ONE, 0, 0, 0, 0, 0);
      await expect(sold)
        .to.emit(ledger, "EntryPosted")
        .withArgs(3, loser, 3, 1, -ONE, 40, 0, 0, 2n * ONE, 40);
      await expect(sold).to.emit(ledger, "EntryPosted").withArgs(4, bidder, 3, 1, ONE, -40, 0, 0, ONE, -40);
      expect((await ledger.marketOf(1)).openInterest).to.equal(3n * ONE);
    });
  });

  it("covers nothing while halted, nor an account that is not short, not flat, or has collateral", async () => {
    const { ledger, guard, vault, other } = bare;
    const refuse = async (account: string, quote: bigint) =>
      await expect(ledger.coverShortfall(account))
        .to.be.revertedWithCustomError(ledger, "LedgerNoShortfall")
        .withArgs(account, quote);
    await refuse(loser, 0n);
    await credit(loser, 1n);
    await refuse(loser, ONE);
    await trade(loser, winner);
    await liquidate(loser, ONE, -2n * ONE);
    await refuse(loser, -ONE);
    await liquidate(loser, 2n * ONE, 0n);
    await ledger.connect(vault).credit(loser, other, 1);
    await refuse(loser, -ONE);
    await ledger.connect(guard).push(HALT, await networkHelpers.time.latest(), 0);
    await expect(ledger.coverShortfall(loser)).to.be.revertedWithCustomError(ledger, "LedgerHalted");
  });

  it("lets the fund pay all, and socialises nothing", async () => {
    const { ledger } = bare;
    await credit(fund, 101n);
    await fail(true);
    const covering = ledger.coverShortfall(loser);
    await expect(covering).to.emit(ledger, "EntryPosted").withArgs(6, loser, 6, 0, 0, MISSING, 0, 0, 0, 0);
    await expect(covering)
      .to.emit(ledger, "EntryPosted")
      .withArgs(7, fund, 6, 0, 0, -MISSING, 0, 0, 0, ONE - 1n);
    await expect(covering).not.to.emit(ledger, "LossSocialised");
    expect((await ledger.hotWord()).flags).to.equal(0);
  });

  for (const wasLong of [true, false]) {
    it(`INV-23: charges the ${wasLong ? "shorts" : "longs"} what the fund lacks, rounded up, and marks the fund short`, async () => {
      const { ledger } = bare;
      await credit(fund, 40n);
      await fail(wasLong);
      const rest = MISSING - 40n * ONE;
      const perUnit = (rest + 2n) / 3n;
      const index = wasLong ? -perUnit : perUnit;
      const covering = ledger.coverShortfall(loser);
      await expect(covering).to.emit(ledger, "EntryPosted").withArgs(8, loser, 7, 1, 0, rest, 0, 0, 0, 0);
      await expect(covering).to.emit(ledger, "LossSocialised").withArgs(1, loser, !wasLong, rest, perUnit, index);
      const { checkpointTime } = await ledger.hotWord();
      await expect(covering).to.emit(ledger, "HotWordPushed").withArgs(FUND_SHORT, checkpointTime, 0);
      const { longIndex, shortIndex, clearing } = await ledger.marketOf(1);
      expect([longIndex, shortIndex, clearing]).to.deep.equal([wasLong ? 0n : index, wasLong ? index : 0n, -rest]);
      expect((await ledger.portfolioOf(winner)).quote).to.equal(-3n * perUnit);
      expect((await ledger.portfolioOf(bidder)).quote).to.equal(await ledger.quoteOf(bidder));
      await credit(winner, 1_000n);
      await bare.ledger.connect(bare.settlement).trade(
        tradeInput({
          buyer: wasLong ? winner : bidder,
          seller: wasLong ? bidder : winner,
          size: 3n * ONE,
          quote: 0n,
        }),
      );
      expect((await ledger.marketOf(1)).clearing).to.equal(3n * perUnit - rest);
    });
  }

  it("takes the fees first, and then only what the fund lacks", async () => {
    const { ledger, settlement } = bare;
    await credit(fund, 40n);
    await fail(true);
    const paying = tradeInput({ buyer: winner, seller: bidder, instrument: 2, quote: 0n, buyerFee: 50n * ONE });
    await ledger.connect(settlement).trade(paying);
    const covering = ledger.coverShortfall(loser);
    await expect(covering)
      .to.emit(ledger, "EntryPosted")
      .withArgs(8, fund, 8, 0, 0, 50n * ONE, 0, 0, 0, 90n * ONE);
    const rest = MISSING - 90n * ONE;
    await expect(covering)
      .to.emit(ledger, "EntryPosted")
      .withArgs(9, loser, 6, 0, 0, 90n * ONE, 0, 0, 0, -rest);
    await expect(covering)
      .to.emit(ledger, "EntryPosted")
      .withArgs(10, fund, 6, 0, 0, -90n * ONE, 0, 0, 0, 0);
    await expect(covering).to.emit(ledger, "EntryPosted").withArgs(11, loser, 7, 1, 0, rest, 0, 0, 0, 0);
    expect((await ledger.hotWord()).fees).to.equal(0);
  });

  it("charges nobody when the fees are enough, and leaves the rest of them to the fund", async () => {
    const { ledger, settlement } = bare;
    await fail(true);
    const paying = tradeInput({ buyer: winner, seller: bidder, instrument: 2, quote: 0n, buyerFee: 101n * ONE });
    await ledger.connect(settlement).trade(paying);
    await expect(ledger.coverShortfall(loser)).not.to.emit(ledger, "LossSocialised");
    const { fees, flags } = await ledger.hotWord();
    expect([await ledger.quoteOf(fund), fees, flags]).to.deep.equal([ONE - 1n, 0n, 0n]);
  });

  it("marks the fund short once", async () => {
    const { ledger } = bare;
    await fail(true);
    await ledger.coverShortfall(loser);
    await fail(true);
    const again = ledger.coverShortfall(loser);
    await expect(again).to.emit(ledger, "LossSocialised");
    await expect(again).not.to.emit(ledger, "HotWordPushed");
  });

  it("keeps a loss in the clearing account while nothing is open, until the fund levels it", async () => {
    const { ledger } = bare;
    const asFund = ledger.connect(bare.fund);
    await fail(true);
    await trade(winner, bidder);
    await expect(ledger.coverShortfall(loser))
      .to.emit(ledger, "LossSocialised")
      .withArgs(1, loser, false, MISSING, 0, 0);
    expect(await ledger.uncoveredOf(1)).to.equal(MISSING);
    await expect(asFund.levelClearing(1))
      .to.be.revertedWithCustomError(ledger, "LedgerInsufficientQuote")
      .withArgs(fund, 0, MISSING);
    await credit(fund, 60n);
    expect(await asFund.levelClearing.staticCall(1)).to.equal(60n * ONE);
    await asFund.levelClearing(1);
    expect((await ledger.marketOf(1)).clearing).to.equal(60n * ONE - MISSING);
    expect(await ledger.uncoveredOf(1)).to.equal(MISSING - 60n * ONE);
    await credit(fund, 60n);
    await asFund.levelClearing(1);
    expect([(await ledger.marketOf(1)).clearing, await ledger.uncoveredOf(1)]).to.deep.equal([0n, 0n]);
    await expect(asFund.levelClearing(1))
      .to.be.revertedWithCustomError(ledger, "LedgerNothingToLevel")
      .withArgs(1, 0, 0);
  });

  it("pays a surplus of the clearing account to the fund, and nothing while a position is open", async () => {
    const { ledger, harness, settlement } = bare;
    const asFund = ledger.connect(bare.fund);
    const input = tradeInput({ buyer: winner, seller: loser, instrument: CALL, size: ONE + 1n, quote: 0n });
    await ledger.connect(settlement).trade(input);
    await harness.settle(CALL, STRIKE + 10n);
    await ledger.settleExpiry(winner, CALL);
    // The longs are gone, the shorts have yet to pay what the clearing account has advanced.
    await credit(fund, 60n);
    await expect(asFund.levelClearing(CALL))
      .to.be.revertedWithCustomError(ledger, "LedgerNothingToLevel")
      .withArgs(CALL, -10, ONE + 1n);
    await ledger.settleExpiry(loser, CALL);
    await expect(asFund.levelClearing(CALL))
      .to.emit(ledger, "EntryPosted")
      .withArgs(6, fund, 10, CALL, 0, 1, 0, 0, 0, 60n * ONE + 1n);
  });

  it("charges shorts that outlive the longs of a settled option by their own number", async () => {
    const { ledger, harness, settlement, auction } = bare;
    const input = tradeInput({ buyer: loser, seller: winner, instrument: CALL, size: 2n * ONE, quote: 10n * SCALE });
    await ledger.connect(settlement).trade(input);
    await ledger.connect(auction).liquidate(loser, bidder, CALL, 2n * ONE, 0, ONE);
    await harness.settle(CALL, STRIKE);
    await harness.setPrice(CALL, ONE, false);
    await ledger.settleExpiry(bidder, CALL);
    await expect(ledger.coverShortfall(loser))
      .to.emit(ledger, "LossSocialised")
      .withArgs(CALL, loser, false, 10n * SCALE, 5n * SCALE, -5n * SCALE);
    await ledger.settleExpiry(winner, CALL);
    expect(await ledger.quoteOf(winner)).to.equal(0);
    expect((await ledger.marketOf(CALL)).clearing).to.equal(0);
  });

  it("leaves an index that would not fit, so that dust cannot keep a loss from being closed", async () => {
    const { ledger, harness } = bare;
    await harness.setPrice(1, HUGE_PRICE, false);
    await trade(loser, winner, 1n);
    await trade(loser, winner);
    await liquidate(loser, 3n * ONE + 1n, -(10n ** 30n));
    await trade(winner, bidder);
    expect((await ledger.marketOf(1)).openInterest).to.equal(1);
    await expect(ledger.coverShortfall(loser))
      .to.emit(ledger, "LossSocialised")
      .withArgs(1, loser, false, 10n ** 30n, 0, 0);
    expect(await ledger.quoteOf(loser)).to.equal(0);
    expect(await ledger.uncoveredOf(1)).to.equal(10n ** 30n);
  });

  it("gives a loss that belongs to no instrument to instrument zero", async () => {
    const { ledger, auction, settlement, vault, other } = bare;
    await credit(bidder, 1n);
    await ledger.connect(vault).credit(loser, other, 5);
    const bought = tradeInput({ buyer: loser, seller: winner, size: 3n * ONE, quote: 8n });
    await ledger.connect(settlement).trade(bought);
    await trade(winner, loser);
    await ledger.connect(auction).sellCollateral(loser, bidder, other, 5, 3);
    await expect(ledger.coverShortfall(loser)).to.emit(ledger, "LossSocialised").withArgs(0, loser, true, 5, 0, 0);
    const { clearing, isUsed } = await ledger.marketOf(0);
    expect([clearing, isUsed, await ledger.uncoveredOf(0)]).to.deep.equal([-5n, true, 5n]);
  });

  describe("beyond what positions pay", () => {
    /** 5 % of 100. */
    const MOST = 5n * ONE;
    const UNCOVERED = MISSING - 3n * MOST;

    for (const wasLong of [true, false]) {
      it(`charges a unit of the ${wasLong ? "shorts" : "longs"} its maintenance share, and leaves the rest uncovered`, async () => {
        const { ledger, harness } = bare;
        await harness.setPrice(1, 100n * ONE, false);
        await fail(wasLong);
        await expect(ledger.coverShortfall(loser))
          .to.emit(ledger, "LossSocialised")
          .withArgs(1, loser, !wasLong, MISSING, MOST, wasLong ? -MOST : MOST);
        expect(await ledger.uncoveredOf(1)).to.equal(UNCOVERED);
        expect((await ledger.marketOf(1)).clearing).to.equal(-MISSING);
        expect((await ledger.portfolioOf(winner)).quote).to.equal(-3n * MOST);
      });
    }

    it("charges all of it at a price at which the share is just enough, and not a unit below", async () => {
      const { ledger, harness } = bare;
      const perUnit = (MISSING + 2n) / 3n;
      await fail(true);
      const before = await networkHelpers.takeSnapshot();
      await harness.setPrice(1, perUnit * 20n, false);
      await ledger.coverShortfall(loser);
      expect([(await ledger.marketOf(1)).shortIndex, await ledger.uncoveredOf(1)]).to.deep.equal([-perUnit, 0n]);
      await before.restore();
      // A share is rounded down: 20 units of the price are one of it.
      await harness.setPrice(1, perUnit * 20n - 1n, false);
      await ledger.coverShortfall(loser);
      expect((await ledger.marketOf(1)).shortIndex).to.equal(1n - perUnit);
      expect(await ledger.uncoveredOf(1)).to.equal(MISSING - 3n * (perUnit - 1n));
    });

    it("charges nobody while there is no valid price", async () => {
      const { ledger, harness } = bare;
      await harness.setPrice(1, PRICE, true);
      await fail(true);
      await expect(ledger.coverShortfall(loser))
        .to.emit(ledger, "LossSocialised")
        .withArgs(1, loser, false, MISSING, 0, 0);
      expect(await ledger.uncoveredOf(1)).to.equal(MISSING);
      expect((await ledger.portfolioOf(winner)).quote).to.equal(await ledger.quoteOf(winner));
    });

    it("adds up over losses", async () => {
      const { ledger, harness } = bare;
      await harness.setPrice(1, 100n * ONE, false);
      await fail(true);
      await ledger.coverShortfall(loser);
      await fail(true);
      await ledger.coverShortfall(loser);
      // Then six units were short.
      expect(await ledger.uncoveredOf(1)).to.equal(UNCOVERED + MISSING - 6n * MOST);
    });

    it("is the fund's to pay while positions are open, as far as it goes, and no more than that", async () => {
      const { ledger, harness } = bare;
      const asFund = ledger.connect(bare.fund);
      await harness.setPrice(1, 100n * ONE, false);
      await fail(true);
      await ledger.coverShortfall(loser);
      await expect(asFund.levelClearing(1))
        .to.be.revertedWithCustomError(ledger, "LedgerInsufficientQuote")
        .withArgs(fund, 0, UNCOVERED);
      await credit(fund, 60n);
      expect(await asFund.levelClearing.staticCall(1)).to.equal(60n * ONE);
      await expect(asFund.levelClearing(1))
        .to.emit(ledger, "EntryPosted")
        .withArgs(7, fund, 10, 1, 0, -60n * ONE, 0, 0, 0, 0);
      expect(await ledger.uncoveredOf(1)).to.equal(UNCOVERED - 60n * ONE);
      await credit(fund, 60n);
      expect(await asFund.levelClearing.staticCall(1)).to.equal(UNCOVERED - 60n * ONE);
      await asFund.levelClearing(1);
      // The positions owe the rest: the fund advances nothing of it.
      expect([(await ledger.marketOf(1)).clearing, await ledger.uncoveredOf(1)]).to.deep.equal([-3n * MOST, 0n]);
      await expect(asFund.levelClearing(1))
        .to.be.revertedWithCustomError(ledger, "LedgerNothingToLevel")
        .withArgs(1, -3n * MOST, 3n * ONE);
      await credit(winner, 15n);
      await trade(winner, bidder);
      expect((await ledger.marketOf(1)).clearing).to.equal(0);
    });

    it("is no more than what is missing when nothing is open any more", async () => {
      const { ledger, harness, settlement } = bare;
      const asFund = ledger.connect(bare.fund);
      const input = tradeInput({ buyer: winner, seller: loser, instrument: CALL, size: ONE + 1n, quote: 0n });
      await ledger.connect(settlement).trade(input);
      await harness.settle(CALL, STRIKE + 10n);
      // No price of the option: the loss of 11 stays uncovered, and the long is paid 10.
      await ledger.settleExpiry(loser, CALL);
      await ledger.coverShortfall(loser);
      await ledger.settleExpiry(winner, CALL);
      expect([(await ledger.marketOf(CALL)).clearing, await ledger.uncoveredOf(CALL)]).to.deep.equal([-10n, 11n]);
      await ledger
        .connect(settlement)
        .trade(tradeInput({ buyer: bidder, seller: winner, instrument: 2, quote: 0n, buyerFee: 4n }));
      await asFund.sweepFees();
      expect(await asFund.levelClearing.staticCall(CALL)).to.equal(4n);
      await asFund.levelClearing(CALL);
      expect([(await ledger.marketOf(CALL)).clearing, await ledger.uncoveredOf(CALL)]).to.deep.equal([-6n, 6n]);
    });
  });
});
