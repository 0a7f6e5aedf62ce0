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
    it(`charges the ${wasLong ? "shorts" : "longs"} what the fund lacks, rounded up, and marks the fund short`, async () => {
      const { ledger } = bare;
      await credit(fund, 40n);
      await fail(wasLong);
      const rest = MISSING - 40n * ONE;
      const perUnit = (rest + 2n) / 3n;
      const index = wasLong ? -perUnit : perUnit;
      const covering = ledger.coverShortfall(loser);
      await expect(covering).to.emit(ledger, "EntryPosted").withArgs(8, loser, 7, 1, 0, rest, 0, 0, 0, 0);
      await expect(covering).to.emit(ledger, "LossSocialised").withArgs(1, loser, !wasLong, rest, index);
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
    await expect(ledger.coverShortfall(loser)).to.emit(ledger, "LossSocialised").withArgs(1, loser, false, MISSING, 0);
    await expect(asFund.levelClearing(1))
      .to.be.revertedWithCustomError(ledger, "LedgerInsufficientQuote")
      .withArgs(fund, 0, MISSING);
    await credit(fund, 60n);
    expect(await asFund.levelClearing.staticCall(1)).to.equal(60n * ONE);
    await asFund.levelClearing(1);
    expect((await ledger.marketOf(1)).clearing).to.equal(60n * ONE - MISSING);
    await credit(fund, 60n);
    await asFund.levelClearing(1);
    expect((await ledger.marketOf(1)).clearing).to.equal(0);
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
    const { ledger, harness, settlement } = bare;
    const input = tradeInput({ buyer: loser, seller: winner, instrument: CALL, size: 2n * ONE, quote: 10n * SCALE });
    await ledger.connect(settlement).trade(input);
    await harness.settle(CALL, STRIKE);
    await ledger.settleExpiry(loser, CALL);
    await expect(ledger.coverShortfall(loser))
      .to.emit(ledger, "LossSocialised")
      .withArgs(CALL, loser, false, 10n * SCALE, -5n * SCALE);
    await ledger.settleExpiry(winner, CALL);
    expect(await ledger.quoteOf(winner)).to.equal(0);
    expect((await ledger.marketOf(CALL)).clearing).to.equal(0);
  });

  it("leaves an index that would not fit, so that dust cannot keep a loss from being closed", async () => {
    const { ledger } = bare;
    await trade(loser, winner, 1n);
    await trade(loser, winner);
    await liquidate(loser, 3n * ONE + 1n, -(10n ** 30n));
    await trade(winner, bidder);
    expect((await ledger.marketOf(1)).openInterest).to.equal(1);
    await expect(ledger.coverShortfall(loser))
      .to.emit(ledger, "LossSocialised")
      .withArgs(1, loser, false, 10n ** 30n, 0);
    expect(await ledger.quoteOf(loser)).to.equal(0);
  });

  it("gives a loss that belongs to no instrument to instrument zero", async () => {
    const { ledger, auction, vault, other } = bare;
    await credit(bidder, 1n);
    await trade(loser, winner);
    await ledger.connect(vault).credit(loser, other, 5);
    await bare.ledger
      .connect(bare.settlement)
      .trade(tradeInput({ buyer: winner, seller: loser, size: 3n * ONE, quote: 0n, sellerFee: 8n }));
    await ledger.connect(auction).sellCollateral(loser, bidder, other, 5, 3);
    await expect(ledger.coverShortfall(loser)).to.emit(ledger, "LossSocialised").withArgs(0, loser, true, 5, 0);
    const { clearing, isUsed } = await ledger.marketOf(0);
    expect([clearing, isUsed]).to.deep.equal([-5n, true]);
  });
});
