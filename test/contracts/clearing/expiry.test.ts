import { expect } from "chai";
import { network } from "hardhat";

import { storage } from "../../../keeper/books/generated/PositionLedger.ts";
import { CALL, deployBareLedger, PUT, STRIKE, tradeInput, type BareLedger } from "../../fixtures/deployBareLedger.ts";
import { accountOf } from "../../helpers/accounts.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const ONE = 10n ** 18n;
/** Every grade's restrictions at once: the halt. */
const HALTED = 15;
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

  /** What the account of a shortfall would be charged for: the instrument and the side of its last loss. */
  const lastLossOf = async (account: string) => {
    const slot = storage.accounts.slot(account as `0x${string}`);
    const word = BigInt(await bare.ethers.provider.getStorage(bare.ledger.target, slot));
    const { lastInstrument, lastWasLong } = storage.accounts.decode(word);
    return [lastInstrument, lastWasLong];
  };

  it("waits for the final price, and needs a position", async () => {
    const { ledger, harness } = bare;
    const stranger = accountOf(bare.users[2]!);
    await expect(ledger.settleExpiry(long, CALL))
      .to.be.revertedWithCustomError(ledger, "LedgerNotSettled")
      .withArgs(CALL);
    await harness.settle(CALL, STRIKE + 1n);
    await expect(ledger.settleExpiry(stranger, CALL))
      .to.be.revertedWithCustomError(ledger, "LedgerNoPosition")
      .withArgs(stranger, CALL);
  });

  it("pays in every grade, also while halted", async () => {
    const { ledger, harness, guard } = bare;
    await harness.settle(CALL, STRIKE + ONE);
    await ledger.connect(guard).push(HALTED, await networkHelpers.time.latest(), 0);
    await ledger.settleExpiry(long, CALL);
    await ledger.settleExpiry(short, CALL);
    expect([await ledger.quoteOf(long), await ledger.quoteOf(short)]).to.deep.equal([SIZE, -SIZE]);
  });

  for (const { name, instrument, price } of [
    { name: "call", instrument: CALL, price: STRIKE + 7n },
    { name: "put", instrument: PUT, price: STRIKE - 7n },
  ]) {
    it(`INV-21: pays a ${name} in the money, longs rounded down and shorts rounded up, the clearing account in between`, async () => {
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

  it("remembers who lost, and not who won or got nothing: no winner chooses who pays for an old loss", async () => {
    const { ledger, harness, auction } = bare;
    const bidder = accountOf(bare.users[2]!);
    for (const account of [long, short]) expect(await lastLossOf(account)).to.deep.equal([0n, false]);
    await harness.settle(CALL, STRIKE + ONE);
    await ledger.settleExpiry(long, CALL);
    expect(await lastLossOf(long)).to.deep.equal([0n, false]);
    await ledger.settleExpiry(short, CALL);
    expect(await lastLossOf(short)).to.deep.equal([BigInt(CALL), false]);
    // Worthless: neither the long, who has lost elsewhere, nor the short.
    await ledger
      .connect(bare.settlement)
      .trade(tradeInput({ buyer: long, seller: short, instrument: 1, size: ONE, quote: 0n }));
    await ledger.connect(auction).liquidate(long, bidder, 1, ONE, 0n, ONE);
    await harness.settle(PUT, STRIKE);
    for (const account of [long, short]) await ledger.settleExpiry(account, PUT);
    expect(await lastLossOf(long)).to.deep.equal([1n, true]);
    expect(await lastLossOf(short)).to.deep.equal([BigInt(CALL), false]);
  });
});
