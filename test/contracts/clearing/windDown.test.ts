import { expect } from "chai";
import { network } from "hardhat";

import { storage } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Hex } from "../../../keeper/lib/hex.ts";
import {
  CALL,
  deployBareLedger,
  PERPETUALS,
  PUT,
  SCALE,
  STRIKE,
  tradeInput,
  type BareLedger,
} from "../../fixtures/deployBareLedger.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const SEED = chooseSeed(20_261_216);
const BOOKS = Number(process.env["LOCKSTEP_BOOKS"] ?? 4);
const ONE = 10n ** 18n;
/** The halt and the wind-down. */
const WINDING_DOWN = 15 | 32;
const SIZE = 3n * ONE + 1n;
const EXPIRY_ENTRY = 4;

async function fixture(): Promise<BareLedger> {
  return await deployBareLedger(connection);
}

/** Rounds toward minus infinity. */
function floor(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

describe("PositionLedger > wind-down", () => {
  let bare: BareLedger;
  let long: string;
  let short: string;

  beforeEach(async () => {
    bare = await networkHelpers.loadFixture(fixture);
    [long, short] = [accountOf(bare.users[0]!), accountOf(bare.users[1]!)];
  });

  const trade = async (buyer: string, seller: string, instrument: number, size: bigint, price = ONE) =>
    await bare.ledger
      .connect(bare.settlement)
      .trade(tradeInput({ buyer, seller, instrument, size, price, quote: floor(size * price, ONE) }));
  const windDown = async () => await bare.ledger.connect(bare.guard).restrict(WINDING_DOWN);
  const quotesOf = async (...accounts: string[]) =>
    await Promise.all(accounts.map(async (account) => await bare.ledger.quoteOf(account)));
  const positionOf = async (account: string, instrument: number) => {
    const slot = storage.positions.slot(account as Hex, BigInt(instrument));
    return storage.positions.decode(BigInt(await bare.ethers.provider.getStorage(bare.ledger.target, slot)));
  };

  describe("fixed prices", () => {
    it("closes no perpetual before it has one", async () => {
      const { ledger, harness } = bare;
      await trade(long, short, 1, SIZE);
      await windDown();
      await expect(ledger.settleExpiry(long, 1)).to.be.revertedWithCustomError(ledger, "LedgerNotSettled").withArgs(1);
      await harness.settleWindDown(1, ONE);
      await ledger.settleExpiry(long, 1);
      await expect(ledger.settleExpiry(long, 1))
        .to.be.revertedWithCustomError(ledger, "LedgerNoPosition")
        .withArgs(long, 1);
    });

    it("pays the price for each unit of a perpetual, longs rounded down and shorts rounded up", async () => {
      const { ledger, harness } = bare;
      await trade(long, short, 1, SIZE, 0n);
      await windDown();
      // 7e-18 a unit on 3 and a bit: 21 and a fraction.
      await harness.settleWindDown(1, 7);
      await expect(ledger.settleExpiry(short, 1))
        .to.emit(ledger, "EntryPosted")
        .withArgs(3, short, EXPIRY_ENTRY, 1, SIZE, -22, 0, 0, 0, -22);
      expect(await ledger.clearingSizeOf(1)).to.equal(-SIZE);
      await expect(ledger.settleExpiry(long, 1))
        .to.emit(ledger, "EntryPosted")
        .withArgs(4, long, EXPIRY_ENTRY, 1, -SIZE, 21, 0, 0, 0, 21);
      const { clearing, openInterest } = await ledger.marketOf(1);
      expect([clearing, openInterest, await ledger.clearingSizeOf(1)]).to.deep.equal([1n, 0n, 0n]);
      expect(await ledger.openCountOf(long)).to.equal(0);
    });

    it("closes a perpetual at zero, which costs nobody more than it has paid", async () => {
      const { ledger, harness } = bare;
      await trade(long, short, 1, SIZE);
      await windDown();
      await harness.settleWindDown(1, 0);
      for (const account of [long, short]) await ledger.settleExpiry(account, 1);
      const paid = floor(SIZE * ONE, ONE);
      expect(await quotesOf(long, short)).to.deep.equal([-paid, paid]);
    });

    it("pays what an option is worth, not what it would pay at that price", async () => {
      const { ledger, harness } = bare;
      for (const instrument of [CALL, PUT]) await trade(long, short, instrument, 2n * ONE, 0n);
      await windDown();
      await harness.settleWindDown(CALL, 5n * ONE);
      await harness.settleWindDown(PUT, 11n * ONE);
      for (const instrument of [CALL, PUT]) {
        for (const account of [long, short]) await ledger.settleExpiry(account, instrument);
      }
      expect(await quotesOf(long, short)).to.deep.equal([32n * ONE, -32n * ONE]);
    });

    it("pays an option that expired before as ever", async () => {
      const { ledger, harness } = bare;
      for (const instrument of [CALL, PUT]) await trade(long, short, instrument, 2n * ONE, 0n);
      await harness.settle(CALL, STRIKE + 5n * ONE);
      await harness.settle(PUT, STRIKE + 5n * ONE);
      await windDown();
      for (const instrument of [CALL, PUT]) await ledger.settleExpiry(long, instrument);
      expect(await quotesOf(long)).to.deep.equal([10n * ONE]);
    });

    it("charges a position with the funding that was accrued before, and nothing accrues any more", async () => {
      const { ledger, harness } = bare;
      await harness.setPrice(1, 3_000n * ONE, false);
      const input = tradeInput({ buyer: long, seller: short, size: SIZE, price: 3_300n * ONE, mark: 3_000n * ONE });
      // Enough of the open interest cap, for long enough, to move the premium.
      await ledger.connect(bare.settlement).trade({ ...input, size: 100n * ONE, quote: 0n });
      await networkHelpers.time.increase(1_800);
      await ledger.connect(bare.settlement).trade({ ...input, size: 100n * ONE, quote: 0n });
      await networkHelpers.time.increase(1_800);
      await ledger.accrueFunding(1);
      const { longIndex } = await ledger.marketOf(1);
      expect(longIndex).to.be.greaterThan(0n);
      const { size, index } = await positionOf(long, 1);

      await windDown();
      await networkHelpers.time.increase(1_800);
      await ledger.accrueFunding(1);
      expect((await ledger.marketOf(1)).longIndex).to.equal(longIndex);
      await harness.settleWindDown(1, 2_000n * ONE);
      const funding = floor(size * (index - longIndex), ONE);
      expect(funding).to.be.lessThan(0n);
      const quoteAfter = (await ledger.quoteOf(long)) + 2_000n * size + funding;
      await expect(ledger.settleExpiry(long, 1))
        .to.emit(ledger, "EntryPosted")
        .withArgs(5, long, EXPIRY_ENTRY, 1, -size, 2_000n * size, 0, funding, 0, quoteAfter);
    });
  });

  describe("accounts", () => {
    it("leave once they are flat, and not before", async () => {
      const { ledger, harness, vault, usd } = bare;
      await ledger.connect(vault).credit(long, usd, 10n ** 9n);
      await trade(long, short, 1, ONE);
      await windDown();
      const asVault = ledger.connect(vault);
      await expect(asVault.debitWitnessed(long, usd, 1))
        .to.be.revertedWithCustomError(ledger, "LedgerNotFlat")
        .withArgs(long, 1);
      await harness.settleWindDown(1, ONE);
      await ledger.settleExpiry(long, 1);
      await asVault.debitWitnessed(long, usd, 1);
      await expect(asVault.debit(long, usd, 1)).to.be.revertedWithCustomError(ledger, "LedgerWithdrawalRestricted");
      expect(await ledger.quoteOf(long)).to.equal((10n ** 9n - 1n) * SCALE);
    });

    it("may still close against each other before the price is fixed, and open nothing", async () => {
      const { ledger } = bare;
      await trade(long, short, 1, ONE);
      await windDown();
      await expect(trade(long, short, 1, ONE))
        .to.be.revertedWithCustomError(ledger, "LedgerIncreaseRestricted")
        .withArgs(long, 1);
      await trade(short, long, 1, ONE);
      expect(await ledger.openCountOf(long)).to.equal(0);
    });

    it("that owe keep owing: nobody is charged with it, and custody is shared instead", async () => {
      const { ledger, harness, auction } = bare;
      await trade(long, short, 1, ONE, 10n * ONE);
      await windDown();
      await harness.settleWindDown(1, 4n * ONE);
      for (const account of [short, long]) await ledger.settleExpiry(account, 1);
      expect(await quotesOf(long, short)).to.deep.equal([-6n * ONE, 6n * ONE]);
      await expect(ledger.coverShortfall(long)).to.be.revertedWithCustomError(ledger, "LedgerHalted");
      await expect(ledger.connect(auction).liquidate(short, long, 1, 1, 0, 1)).to.be.revertedWithCustomError(
        ledger,
        "LedgerLiquidationRestricted",
      );
    });
  });

  describe("the clearing account", () => {
    it("gives the fund what rounding left, once everybody is closed", async () => {
      const { ledger, harness, fund } = bare;
      await trade(long, short, 1, SIZE, 0n);
      await windDown();
      await harness.settleWindDown(1, 7);
      await ledger.settleExpiry(long, 1);
      // The long is closed, and the short has not paid yet: nothing may be taken from anybody for it.
      await expect(ledger.connect(fund).levelClearing(1)).to.be.revertedWithCustomError(ledger, "LedgerNothingToLevel");
      await ledger.settleExpiry(short, 1);
      await ledger.connect(fund).levelClearing(1);
      expect(await quotesOf(accountOf(fund))).to.deep.equal([1n]);
      expect((await ledger.marketOf(1)).clearing).to.equal(0);
    });
  });

  describe("random books", () => {
    const instruments = [1, 2, PERPETUALS, CALL, PUT];

    /** Trades at random prices around a mark of 3,000, with time between them, so that perpetuals accrue funding. */
    async function openBooks(random: SeededRandom, accounts: readonly string[]): Promise<void> {
      const { ledger, harness, settlement } = bare;
      const mark = 3_000n * ONE + BigInt(random.below(1_000));
      for (const instrument of instruments) await harness.setPrice(instrument, mark, false);
      for (let i = 0; i < 24; i += 1) {
        const [buyer, seller] = [random.below(accounts.length), random.below(accounts.length)];
        if (buyer === seller) continue;
        const size = BigInt(1 + random.below(40)) * ONE + BigInt(random.below(1_000_000));
        const price = (mark * BigInt(900 + random.below(201))) / 1_000n + BigInt(random.below(1_000));
        const input = { buyer: accounts[buyer]!, seller: accounts[seller]!, size, price, mark };
        const instrument = instruments[random.below(instruments.length)]!;
        const quote = (size * price) / ONE;
        await networkHelpers.time.increase(1 + random.below(2_000));
        await ledger.connect(settlement).trade(tradeInput({ ...input, instrument, quote }));
      }
      await networkHelpers.time.increase(1_000);
      for (const instrument of [1, 2, PERPETUALS]) {
        if ((await ledger.marketOf(instrument)).openInterest !== 0n) await ledger.accrueFunding(instrument);
      }
    }

    for (let book = 0; book < BOOKS; book += 1) {
      it(`pays everybody to the last digit, and the clearing account keeps the fractions (book ${book})`, async () => {
        const { ledger, harness, users, stranger } = bare;
        const random = new SeededRandom(SEED + book);
        const accounts = users.slice(0, 6).map((user) => accountOf(user));
        await openBooks(random, accounts);
        const before = new Map(
          await Promise.all(instruments.map(async (id) => [id, await ledger.marketOf(id)] as const)),
        );
        await windDown();
        const prices = new Map<number, bigint>();
        for (const instrument of instruments) {
          const price = (BigInt(random.below(6_000)) * ONE) / 1_000n + BigInt(random.below(1_000_000_007));
          prices.set(instrument, price);
          await harness.settleWindDown(instrument, price);
        }

        const open: (readonly [string, number])[] = [];
        for (const account of accounts) {
          for (const { instrument } of await ledger.positionsOf(account)) open.push([account, Number(instrument)]);
        }
        expect(open.length).to.be.greaterThan(8);
        const paid = new Map(instruments.map((id) => [id, 0n]));
        let hasFunding = false;
        while (open.length > 0) {
          const [account, instrument] = open.splice(random.below(open.length), 1)[0]!;
          const { size, index } = await positionOf(account, instrument);
          const { longIndex, shortIndex } = before.get(instrument)!;
          const funding = floor(size * (index - (size < 0n ? shortIndex : longIndex)), ONE);
          const worth = floor(size * prices.get(instrument)!, ONE);
          const quote = await ledger.quoteOf(account);
          await ledger.connect(stranger).settleExpiry(account, instrument);
          expect(await ledger.quoteOf(account), `${account} in ${instrument}`).to.equal(quote + worth + funding);
          paid.set(instrument, paid.get(instrument)! + worth + funding);
          hasFunding ||= funding !== 0n;
        }
        expect(hasFunding).to.equal(true);

        let fractions = 0n;
        for (const instrument of instruments) {
          const { clearing, openInterest } = await ledger.marketOf(instrument);
          expect([openInterest, await ledger.clearingSizeOf(instrument)]).to.deep.equal([0n, 0n]);
          expect(clearing).to.equal(before.get(instrument)!.clearing - paid.get(instrument)!);
          // Each entry leaves less than one unit of a price and one of funding; trades before had funding as well.
          expect(clearing >= 0n && clearing < 100n, `clearing of ${instrument} is ${clearing}`).to.equal(true);
          fractions += clearing;
        }
        const quotes = await quotesOf(...accounts);
        expect(fractions + quotes.reduce((sum, quote) => sum + quote, 0n)).to.equal(0n);
        for (const account of accounts) expect(await ledger.openCountOf(account)).to.equal(0);
      });
    }
  });
});
