import { expect } from "chai";
import { network } from "hardhat";

import { CALL, deployBareLedger, PUT, STRIKE, tradeInput, type BareLedger } from "../../fixtures/deployBareLedger.ts";
import { accountOf } from "../../helpers/accounts.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const ONE = 10n ** 18n;
const HALT = 8;
/** An odd size, so that payoffs do not come out even. */
const SIZE = 3n * ONE + 1n;

async function fixture(): Promise<BareLedger> {
  return await deployBareLedger(connection);
}

describe("PositionLedger > expiry", () => {
  let bare: BareLedger;
  let long: string;
  let short: string;

  beforeEach(async () => {
    bare = await networkHelpers.loadFixture(fixture);
    [long, short] = [accountOf(bare.users[0]!), accountOf(bare.users[1]!)];
    for (const instrument of [CALL, PUT]) {
      const input = tradeInput({ buyer: long, seller: short, instrument, size: SIZE, quote: 0n });
      await bare.ledger.connect(bare.settlement).trade(input);
    }
  });

  it("waits for the final price, for the halt to end, and needs a position", async () => {
    const { ledger, harness, guard } = bare;
    const stranger = accountOf(bare.users[2]!);
    await expect(ledger.settleExpiry(long, CALL))
      .to.be.revertedWithCustomError(ledger, "LedgerNotSettled")
      .withArgs(CALL);
    await harness.settle(CALL, STRIKE + 1n);
    await expect(ledger.settleExpiry(stranger, CALL))
      .to.be.revertedWithCustomError(ledger, "LedgerNoPosition")
      .withArgs(stranger, CALL);
    await ledger.connect(guard).push(HALT, await networkHelpers.time.latest(), 0);
    await expect(ledger.settleExpiry(long, CALL)).to.be.revertedWithCustomError(ledger, "LedgerHalted");
  });

  for (const { name, instrument, price } of [
    { name: "call", instrument: CALL, price: STRIKE + 7n },
    { name: "put", instrument: PUT, price: STRIKE - 7n },
  ]) {
    it(`pays a ${name} in the money, longs rounded down and shorts rounded up, the clearing account in between`, async () => {
      const { ledger, harness } = bare;
      await harness.settle(instrument, price);
      // 7e-18 a unit on 3 and a bit: 21 and a fraction.
      await expect(ledger.settleExpiry(long, instrument))
        .to.emit(ledger, "EntryPosted")
        .withArgs(5, long, 4, instrument, -SIZE, 21, 0, 0, 0, 21);
      expect(await ledger.clearingSizeOf(instrument)).to.equal(SIZE);
      expect((await ledger.marketOf(instrument)).openInterest).to.equal(0);
      await expect(ledger.settleExpiry(short, instrument))
        .to.emit(ledger, "EntryPosted")
        .withArgs(6, short, 4, instrument, SIZE, -22, 0, 0, 0, -22);
      const { clearing, openInterest } = await ledger.marketOf(instrument);
      expect([clearing, openInterest, await ledger.clearingSizeOf(instrument)]).to.deep.equal([1n, 0n, 0n]);
      expect(await ledger.openCountOf(long)).to.equal(1);
    });

    it(`pays nothing for a ${name} out of the money`, async () => {
      const { ledger, harness } = bare;
      await harness.settle(instrument, 2n * STRIKE - price);
      for (const account of [short, long]) {
        await ledger.settleExpiry(account, instrument);
        expect(await ledger.quoteOf(account)).to.equal(0);
        await expect(ledger.settleExpiry(account, instrument)).to.be.revertedWithCustomError(
          ledger,
          "LedgerNoPosition",
        );
      }
    });
  }

  it("asks for no margin: a position that lost all is closed all the same", async () => {
    const { ledger, harness } = bare;
    await harness.setStrict();
    await harness.settle(CALL, 10n * STRIKE);
    await ledger.settleExpiry(short, CALL);
    expect(await ledger.quoteOf(short)).to.be.lessThan(0n);
  });
});
