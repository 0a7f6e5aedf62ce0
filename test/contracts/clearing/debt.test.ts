import { expect } from "chai";
import { network } from "hardhat";

import { deployBareLedger, OTHER_PRICE, SCALE, tradeInput, type BareLedger } from "../../fixtures/deployBareLedger.ts";
import { accountOf } from "../../helpers/accounts.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const ONE = 10n ** 18n;
/** Asset units that are worth 1,000 quote. */
const THOUSAND = (1_000n * ONE) / OTHER_PRICE;

async function fixture(): Promise<BareLedger> {
  const bare = await deployBareLedger(connection);
  await bare.harness.setPrice(1, ONE, false);
  await bare.harness.setStrict();
  return bare;
}

describe("PositionLedger > debt", () => {
  let bare: BareLedger;
  let backed: string;
  let rich: string;

  beforeEach(async () => {
    bare = await networkHelpers.loadFixture(fixture);
    [backed, rich] = [accountOf(bare.users[0]!), accountOf(bare.users[1]!)];
    await credit(backed, bare.other, THOUSAND);
    await credit(rich, bare.usd, 10n ** 12n);
  });

  const credit = async (account: string, asset: string, units: bigint) =>
    await bare.ledger.connect(bare.vault).credit(account, asset, units);
  const debit = async (account: string, asset: string, units: bigint) =>
    await bare.ledger.connect(bare.vault).debit(account, asset, units);
  /** `backed` buys ten at `cost` each, which are worth one each. */
  const lose = async (cost: bigint) =>
    await bare.ledger
      .connect(bare.settlement)
      .trade(tradeInput({ buyer: backed, seller: rich, size: 10n * ONE, quote: 10n * cost * ONE }));

  it("records what positions do not cover of a negative quote, and the sum", async () => {
    const { ledger } = bare;
    await expect(lose(11n))
      .to.emit(ledger, "DebtRecorded")
      .withArgs(backed, 100n * ONE, 100n * ONE);
    expect(await ledger.debtOf(backed)).to.equal(100n * ONE);
    expect(await ledger.totalDebt()).to.equal(100n * ONE);
    await expect(lose(1n)).not.to.emit(ledger, "DebtRecorded");
    const other = accountOf(bare.users[2]!);
    await credit(other, bare.third, THOUSAND);
    const input = tradeInput({ buyer: other, seller: rich, size: ONE, quote: 6n * ONE });
    await expect(bare.ledger.connect(bare.settlement).trade(input))
      .to.emit(ledger, "DebtRecorded")
      .withArgs(other, 5n * ONE, 105n * ONE);
  });

  it("caps the debt of one account, and of all", async () => {
    const { ledger, harness } = bare;
    await harness.setDebtCaps(100n * ONE - 1n, 1_000n * ONE);
    await expect(lose(11n))
      .to.be.revertedWithCustomError(ledger, "LedgerDebtCap")
      .withArgs(backed, 100n * ONE, 100n * ONE - 1n);
    await harness.setDebtCaps(1_000n * ONE, 100n * ONE - 1n);
    await expect(lose(11n))
      .to.be.revertedWithCustomError(ledger, "LedgerTotalDebtCap")
      .withArgs(100n * ONE, 100n * ONE - 1n);
    await harness.setDebtCaps(100n * ONE, 100n * ONE);
    await lose(11n);
    await harness.setDebtCaps(100n * ONE, 0);
    await lose(1n);
  });

  it("leaves a side that reduces outside the caps", async () => {
    const { ledger, harness } = bare;
    await lose(11n);
    await harness.setDebtCaps(0, 0);
    const input = tradeInput({ buyer: rich, seller: backed, size: 10n * ONE, quote: 9n * ONE });
    await expect(bare.ledger.connect(bare.settlement).trade(input))
      .to.emit(ledger, "DebtRecorded")
      .withArgs(backed, 101n * ONE, 101n * ONE);
  });

  it("lets collateral leave that is not needed, and the settlement asset only without debt", async () => {
    const { ledger, usd, other, harness } = bare;
    await expect(debit(backed, usd, 1n))
      .to.be.revertedWithCustomError(ledger, "LedgerDebtCap")
      .withArgs(backed, SCALE, 0);
    await lose(11n);
    await expect(debit(backed, other, THOUSAND))
      .to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin")
      .withArgs(backed, -100n * ONE, ONE);
    // 100 of debt and 1 of requirement stay covered.
    await debit(backed, other, (THOUSAND * 899n) / 1_000n);
    await expect(debit(backed, other, 1n)).to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin");
    await harness.setDebtCaps(99n * ONE, 1_000n * ONE);
    await credit(backed, other, THOUSAND);
    await expect(debit(backed, other, 1n)).to.be.revertedWithCustomError(ledger, "LedgerDebtCap");
    await credit(backed, usd, 101n * 10n ** 6n);
    await expect(debit(backed, usd, 10n ** 6n))
      .to.emit(ledger, "DebtRecorded")
      .withArgs(backed, 0, 0);
    expect((await ledger.portfolioOf(backed)).collateral).to.have.length(1);
  });

  it("is brought up to date by anyone, for an account that can have any", async () => {
    const { ledger, harness } = bare;
    await lose(11n);
    await harness.setPrice(1, 2n * ONE, false);
    await expect(ledger.recordDebt(backed))
      .to.emit(ledger, "DebtRecorded")
      .withArgs(backed, 90n * ONE, 90n * ONE);
    await expect(ledger.recordDebt(backed)).not.to.emit(ledger, "DebtRecorded");
    await expect(ledger.recordDebt(rich)).to.be.revertedWithCustomError(ledger, "LedgerNoShortfall");
  });

  it("sells collateral for quote, one owner and nothing refused, and records both debts", async () => {
    const { ledger, auction, other, users } = bare;
    const asAuction = ledger.connect(auction);
    await lose(11n);
    await expect(asAuction.sellCollateral(backed, rich, other, 0, 1)).to.be.revertedWithCustomError(
      ledger,
      "LedgerZeroAmount",
    );
    await expect(asAuction.sellCollateral(backed, accountOf(users[0]!, 5), other, 1, 1))
      .to.be.revertedWithCustomError(ledger, "LedgerSameOwner")
      .withArgs(users[0]!.address);
    await expect(asAuction.sellCollateral(backed, rich, other, THOUSAND + 1n, 1))
      .to.be.revertedWithCustomError(ledger, "LedgerInsufficientCollateral")
      .withArgs(backed, other, THOUSAND, THOUSAND + 1n);
    const poor = accountOf(users[2]!);
    await expect(asAuction.sellCollateral(backed, poor, other, 1, SCALE + 1n))
      .to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin")
      .withArgs(poor, -1, 0);
    const selling = asAuction.sellCollateral(backed, rich, other, THOUSAND, 60n * ONE);
    await expect(selling)
      .to.emit(ledger, "DebtRecorded")
      .withArgs(backed, 40n * ONE, 40n * ONE);
    const quote = await ledger.quoteOf(backed);
    await expect(selling)
      .to.emit(ledger, "EntryPosted")
      .withArgs(5, backed, 5, BigInt(other), -THOUSAND, 60n * ONE, 0, 0, 0, quote);
    expect(await ledger.collateralOf(rich, other)).to.equal(THOUSAND);
    expect((await ledger.portfolioOf(backed)).collateral).to.have.length(0);
  });

  it("caps the debt of a bidder too", async () => {
    const { ledger, auction, other, harness, users } = bare;
    const bidder = accountOf(users[2]!);
    await credit(bidder, other, THOUSAND);
    await harness.setDebtCaps(10n * ONE, 1_000n * ONE);
    await expect(ledger.connect(auction).sellCollateral(backed, bidder, other, THOUSAND, 11n * ONE))
      .to.be.revertedWithCustomError(ledger, "LedgerDebtCap")
      .withArgs(bidder, 11n * ONE, 10n * ONE);
  });

  it("is gone when the shortfall has been paid", async () => {
    const { ledger, auction, other, settlement } = bare;
    await lose(11n);
    await ledger
      .connect(settlement)
      .trade(tradeInput({ buyer: rich, seller: backed, size: 10n * ONE, quote: 10n * ONE }));
    await ledger.connect(auction).sellCollateral(backed, rich, other, THOUSAND, ONE);
    expect(await ledger.debtOf(backed)).to.equal(99n * ONE);
    await expect(ledger.coverShortfall(backed)).to.emit(ledger, "DebtRecorded").withArgs(backed, 0, 0);
    expect(await ledger.totalDebt()).to.equal(0);
  });

  it("keeps what is recorded while a price breaks a rule, and records anew when it keeps all of them again", async () => {
    const { ledger, harness } = bare;
    await lose(11n);
    await harness.setPrice(1, 2n * ONE, true);
    await expect(ledger.recordDebt(backed)).not.to.emit(ledger, "DebtRecorded");
    expect([await ledger.debtOf(backed), await ledger.totalDebt()]).to.deep.equal([100n * ONE, 100n * ONE]);
    await harness.setPrice(1, 2n * ONE, false);
    await expect(ledger.recordDebt(backed))
      .to.emit(ledger, "DebtRecorded")
      .withArgs(backed, 90n * ONE, 90n * ONE);
  });

  it("is capped while a price breaks a rule, recorded or not", async () => {
    const { ledger, harness } = bare;
    await harness.setPrice(1, ONE, true);
    await harness.setDebtCaps(100n * ONE - 1n, 1_000n * ONE);
    await expect(lose(11n))
      .to.be.revertedWithCustomError(ledger, "LedgerDebtCap")
      .withArgs(backed, 100n * ONE, 100n * ONE - 1n);
    await harness.setDebtCaps(1_000n * ONE, 100n * ONE - 1n);
    await expect(lose(11n))
      .to.be.revertedWithCustomError(ledger, "LedgerTotalDebtCap")
      .withArgs(100n * ONE, 100n * ONE - 1n);
    await harness.setDebtCaps(100n * ONE, 100n * ONE);
    await lose(11n);
    expect([await ledger.debtOf(backed), await ledger.totalDebt()]).to.deep.equal([0n, 0n]);
  });
});
