import { expect } from "chai";
import { network } from "hardhat";

import {
  deployBareLedger,
  SCALE,
  tradeInput,
  type BareLedger,
  type BareTrade,
} from "../../fixtures/deployBareLedger.ts";
import { accountOf } from "../../helpers/accounts.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const ONE = 10n ** 18n;
const PRICE = 3_000n * ONE;
const INCREASE_RISK = 1;

/** Long 2 against short 2 at the mark of 3,000; 1,000 dollars each, where 600 are required. */
async function fixture(): Promise<BareLedger> {
  const bare = await deployBareLedger(connection);
  const { ledger, harness, users, vault, settlement, usd } = bare;
  await harness.setPrice(1, PRICE, false);
  await harness.setStrict();
  for (const [index, dollars] of [1_000n, 1_000n, 100_000n].entries()) {
    await ledger.connect(vault).credit(accountOf(users[index]!), usd, dollars * 10n ** 6n);
  }
  const [buyer, seller] = [accountOf(users[0]!), accountOf(users[1]!)];
  const input = tradeInput({ buyer, seller, size: 2n * ONE, quote: 2n * PRICE, mark: PRICE, price: PRICE });
  await ledger.connect(settlement).trade(input);
  return bare;
}

describe("PositionLedger > margin", () => {
  let bare: BareLedger;

  beforeEach(async () => {
    bare = await networkHelpers.loadFixture(fixture);
  });

  const account = (index: number) => accountOf(bare.users[index]!);
  /** `buyer` takes `size` from `seller` at the mark, or at `price`. */
  const trade = async (buyer: number, seller: number, size = ONE, price = PRICE, more: Partial<BareTrade> = {}) =>
    await bare.ledger.connect(bare.settlement).trade(
      tradeInput({
        ...{ buyer: account(buyer), seller: account(seller), size, price, mark: PRICE },
        quote: (size * price) / ONE,
        ...more,
      }),
    );
  const withdraw = async (index: number, dollars: bigint) =>
    await bare.ledger.connect(bare.vault).debit(account(index), bare.usd, dollars * 10n ** 6n);

  it("INV-14: new risk and withdrawals need the initial margin, to the last unit", async () => {
    const { ledger } = bare;
    await expect(trade(0, 2, 2n * ONE))
      .to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin")
      .withArgs(account(0), 1_000n * ONE, 1_200n * ONE);
    await expect(withdraw(0, 401n))
      .to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin")
      .withArgs(account(0), 599n * ONE, 600n * ONE);
    await withdraw(0, 400n);
    await expect(trade(0, 2, 1n))
      .to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin")
      .withArgs(account(0), 600n * ONE, 600n * ONE + 300n);
  });

  it("adds the lag premium to new risk and withdrawals, and not to a bidder's requirement", async () => {
    const { ledger, harness, auction } = bare;
    await harness.setLagPpm(50_000);
    await expect(withdraw(0, 101n))
      .to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin")
      .withArgs(account(0), 899n * ONE, 900n * ONE);
    await withdraw(0, 100n);
    await expect(trade(0, 2, 1n)).to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin");
    // A bidder with 600 takes two from the short account, where 900 are required of who trades.
    const bidder = account(3);
    await ledger.connect(bare.vault).credit(bidder, bare.usd, 600n * 10n ** 6n);
    await ledger.connect(auction).liquidate(account(1), bidder, 1, -2n * ONE, -2n * PRICE, PRICE);
    expect(await ledger.sizeOf(bidder, 1)).to.equal(-2n * ONE);
  });

  it("asks a bidder for its initial requirement, to the last unit", async () => {
    const { ledger, auction, vault, usd } = bare;
    const bidder = account(3);
    await ledger.connect(vault).credit(bidder, usd, 300n * 10n ** 6n);
    const bid = async (quote: bigint) =>
      await ledger.connect(auction).liquidate(account(0), bidder, 1, ONE, quote, PRICE);
    await expect(bid(PRICE + 1n))
      .to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin")
      .withArgs(bidder, 300n * ONE - 1n, 300n * ONE);
    await bid(PRICE);
  });

  it("lets an account below its initial margin reduce at a loss that is less than the maintenance it frees", async () => {
    const { ledger, harness } = bare;
    await harness.setPrice(1, 2_700n * ONE, false);
    // Equity 400 where 540 are required; selling one at 1 % below the mark costs 27 and frees 135 of maintenance.
    await expect(trade(0, 2, 1n, 2_700n * ONE)).to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin");
    await trade(2, 0, ONE, 2_673n * ONE);
    expect(await ledger.quoteOf(account(0))).to.equal((1_000n - 6_000n + 2_673n) * ONE);
  });

  it("refuses a reduction that costs more than the maintenance it frees, by one unit, its fee included", async () => {
    const { ledger, harness } = bare;
    await harness.setPrice(1, 2_700n * ONE, false);
    const sell = async (cost: bigint, sellerFee: bigint) =>
      await trade(2, 0, ONE, PRICE, { quote: 2_700n * ONE - cost, sellerFee });
    const excess = 400n * ONE - 270n * ONE;
    await expect(sell(135n * ONE, 1n))
      .to.be.revertedWithCustomError(ledger, "LedgerReductionWorsensHealth")
      .withArgs(account(0), excess, excess - 1n);
    await sell(135n * ONE - 1n, 1n);
  });

  it("refuses to let an insolvent account trade itself flat into debt", async () => {
    const { ledger, harness } = bare;
    await harness.setPrice(1, 2_400n * ONE, false);
    await expect(trade(2, 0, 2n * ONE, 2_400n * ONE))
      .to.be.revertedWithCustomError(ledger, "LedgerReductionWorsensHealth")
      .withArgs(account(0), -200n * ONE - 240n * ONE, -200n * ONE);
  });

  it("lets a side reduce without a usable price only to its initial margin, or flat and solvent", async () => {
    const { ledger, harness } = bare;
    const price = 2_600n * ONE;
    await harness.setPrice(1, price, false);
    const sell = async (size: bigint, isPriceUsable: boolean) =>
      await trade(1, 0, size, price, { isPriceUsable, mark: 0n });
    const before = await networkHelpers.takeSnapshot();
    // Equity 200, of which two need 260 as maintenance; one and a half need 390 as initial margin, 195 as maintenance.
    await expect(sell(ONE / 2n, false))
      .to.be.revertedWithCustomError(ledger, "LedgerReductionWorsensHealth")
      .withArgs(account(0), -60n * ONE, 5n * ONE);
    await sell(ONE / 2n, true);
    await before.restore();
    // What is left needs 182.
    await sell((ONE * 13n) / 10n, false);
    await before.restore();
    await sell(2n * ONE, false);
    expect(await ledger.quoteOf(account(0))).to.equal(200n * ONE);
  });

  it("asks the engine nothing about an account without positions and collateral", async () => {
    const { ledger } = bare;
    await withdraw(2, 100_000n);
    await expect(withdraw(2, 1n))
      .to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin")
      .withArgs(account(2), -(10n ** 6n) * SCALE, 0);
    const { equity, initial, isValid } = await ledger.valuationOf(account(2));
    expect([equity, initial, isValid]).to.deep.equal([0n, 0n, true]);
  });

  it("INV-7: under a restriction passes exactly the trades in which both sides shrink without a flip", async () => {
    const { ledger, guard, vault, usd } = bare;
    await ledger.connect(guard).push(INCREASE_RISK, await networkHelpers.time.latest(), 0);
    const refusal = async (buyer: number, seller: number, who: number, size = ONE) =>
      await expect(trade(buyer, seller, size))
        .to.be.revertedWithCustomError(ledger, "LedgerIncreaseRestricted")
        .withArgs(account(who), 1);
    await refusal(0, 1, 0);
    await refusal(0, 2, 0);
    await refusal(2, 0, 2);
    await refusal(1, 2, 2);
    await refusal(1, 0, 1, 2n * ONE + 1n);
    await trade(1, 0);
    await trade(1, 0);
    expect(await ledger.openCountOf(account(0))).to.equal(0);
    await refusal(1, 0, 1);
    await ledger.connect(vault).credit(account(3), usd, 1);
  });
});
