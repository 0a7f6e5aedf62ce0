import { expect } from "chai";
import { network } from "hardhat";

import { accrue, observe, settled } from "../../../keeper/books/model/funding.ts";
import {
  CALL,
  deployBareLedger,
  MAX_OPEN_INTEREST,
  tradeInput,
  type BareLedger,
  type BareTrade,
} from "../../fixtures/deployBareLedger.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { callRows, firstDifference } from "../../helpers/reference/callRows.ts";
import { samples } from "../../helpers/samples.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const SEED = chooseSeed(20_261_123);
const BATCH = 500;
const INPUTS = samples(100_000, BATCH);
const ONE = 10n ** 18n;
const MARK = 3_000n * ONE;
const INCREASE_RISK = 1;
/** 0.1 % of the open interest cap: spends all time credit. */
const FULL_SIZE = MAX_OPEN_INTEREST * 10n ** 9n;

async function fixture(): Promise<BareLedger> {
  return await deployBareLedger(connection);
}

/** One row for the harness, times within its 32 bits and observation not in the future. */
function drawRow(random: SeededRandom): bigint[] {
  const now = 1_700_000_000n + BigInt(random.below(1_000_000));
  const past = () => now - BigInt(random.below(random.bool() ? 100 : 10_000));
  const mark = random.uint(random.bool() ? 128 : 80) || 1n;
  const price = random.bool() ? random.uint(128) : mark + random.int(40);
  return [
    random.int(96),
    random.int(random.bool() ? 96 : 60),
    past(),
    past(),
    random.bool() ? random.int(28) : random.int(32),
    mark,
    price < 0n ? 0n : BigInt.asUintN(128, price),
    random.uint(random.bool() ? 128 : 60),
    now,
    random.bool() ? 0n : past() + BigInt(random.below(100)),
    BigInt(random.below(4) === 0),
    BigInt(random.below(1 << 24)),
    random.uint(random.bool() ? 80 : 40),
  ];
}

function expectedRow(row: readonly bigint[]): bigint[] {
  const [longIndex, shortIndex, accruedAt, observedAt, premiumPpb, mark, price, size, now, graceUntil] = row as [
    ...(readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint]),
  ];
  const isRestricted = row[10] !== 0n;
  const market = { longIndex, shortIndex, accruedAt, observedAt, premiumPpb };
  const accrued = accrue(market, mark, now, graceUntil, isRestricted, row[11]!);
  const after = isRestricted ? accrued : observe(accrued, price, mark, size, now, row[12]!);
  return [after.longIndex, after.shortIndex, after.accruedAt, after.observedAt, after.premiumPpb];
}

describe("PositionLedger > funding", () => {
  let bare: BareLedger;
  let long: string;
  let short: string;

  beforeEach(async () => {
    bare = await networkHelpers.loadFixture(fixture);
    [long, short] = [accountOf(bare.users[0]!), accountOf(bare.users[1]!)];
    await bare.harness.setPrice(1, MARK, false);
  });

  const trade = async (input: Partial<BareTrade> = {}) =>
    await bare.ledger
      .connect(bare.settlement)
      .trade(tradeInput({ buyer: long, seller: short, mark: MARK, price: MARK, quote: MARK, ...input }));
  const push = async (flags: number, graceUntil = 0) =>
    await bare.ledger.connect(bare.guard).push(flags, await networkHelpers.time.latest(), graceUntil);
  /** A trade that shows a premium of `percent`, after an hour of credit. */
  const observePremium = async (percent: bigint) => {
    await networkHelpers.time.increase(3_600);
    await trade({ size: FULL_SIZE, price: (MARK * (100n + percent)) / 100n });
  };

  it(`computes in Solidity what the model does, on ${INPUTS} inputs (seed ${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    for (let done = 0; done < INPUTS; done += BATCH) {
      const rows = Array.from({ length: BATCH }, () => drawRow(random));
      const at = firstDifference(await callRows(bare.harness, "fund", rows.flat()), rows.flatMap(expectedRow));
      expect(at, `word ${at % 5} of ${rows[Math.floor(at / 5)]?.join()}`).to.equal(-1);
    }
  }).timeout(600_000);

  it(`settles a position as the model does (seed ${SEED})`, async () => {
    const random = new SeededRandom(SEED + 1);
    const rows = Array.from({ length: 2_000 }, () => [random.int(96), random.int(96), random.int(96)] as const);
    const answer = await callRows(bare.harness, "settled", rows.flat());
    expect(
      firstDifference(
        answer,
        rows.map(([size, index, snapshot]) => settled(size, index, snapshot)),
      ),
    ).to.equal(-1);
    expect([settled(1n, 1n, 0n), settled(-1n, 1n, 0n), settled(ONE, 5n, 0n)]).to.deep.equal([-1n, 0n, -5n]);
  });

  it("lets longs pay shorts the premium of eight hours in eight hours, and leaves the rounding to the clearing account", async () => {
    const { ledger } = bare;
    await trade();
    // 0.5 % of the mark, below the clamp of 1 %; the premium is renewed each hour, so that it never runs out.
    await observePremium(0n);
    const before = await ledger.marketOf(1);
    await trade({ size: FULL_SIZE, price: (MARK * 1_005n) / 1_000n });
    expect((await ledger.marketOf(1)).premiumPpb).to.be.lessThan(5_000_000n);
    await networkHelpers.time.increase(3_600);
    await trade({ size: FULL_SIZE, price: (MARK * 1_005n) / 1_000n });
    const start = await ledger.marketOf(1);
    expect(start.premiumPpb).to.equal(5_000_000n);
    await networkHelpers.time.setNextBlockTimestamp(start.accruedAt + 3_600n);
    await ledger.accrueFunding(1);
    const after = await ledger.marketOf(1);
    expect(after.longIndex - start.longIndex).to.equal((MARK * 5n) / 1_000n / 8n);
    expect(after.shortIndex - after.longIndex).to.equal(before.shortIndex - before.longIndex);
    const { quote } = await ledger.portfolioOf(long);
    const paid = settled(await ledger.sizeOf(long, 1), after.longIndex, start.longIndex);
    expect(paid).to.be.lessThan(0n);
    expect(quote - (await ledger.quoteOf(long))).to.be.at.most(paid);
  });

  it("clamps the premium to the terms, and stops paying it an hour after the last observation", async () => {
    const { ledger } = bare;
    await trade();
    await observePremium(50n);
    expect((await ledger.marketOf(1)).premiumPpb).to.equal(100_000_000n);
    const start = await ledger.marketOf(1);
    await networkHelpers.time.increase(100_000);
    await ledger.accrueFunding(1);
    const after = await ledger.marketOf(1);
    expect(after.longIndex - start.longIndex).to.equal(MARK / 100n / 8n);
    await ledger.accrueFunding(1);
    expect((await ledger.marketOf(1)).longIndex).to.equal(after.longIndex);
  });

  it("accrues nothing while increases are restricted, nor in grace", async () => {
    const { ledger } = bare;
    await trade();
    await observePremium(5n);
    const { longIndex } = await ledger.marketOf(1);
    await push(INCREASE_RISK);
    await networkHelpers.time.increase(60);
    await ledger.accrueFunding(1);
    await expect(trade({ buyer: short, seller: long, price: MARK * 2n }))
      .to.emit(ledger, "FundingUpdated")
      .withArgs(1, MARK, 0, 0, longIndex, longIndex, 50_000_000);
    await push(0, (await networkHelpers.time.latest()) + 600);
    await networkHelpers.time.increase(60);
    await ledger.accrueFunding(1);
    expect((await ledger.marketOf(1)).longIndex).to.equal(longIndex);
  });

  it("moves the premium by size and time, so that one block moves it once", async () => {
    const { ledger } = bare;
    await trade();
    await networkHelpers.time.increase(1_800);
    await trade({ size: FULL_SIZE, price: (MARK * 110n) / 100n });
    const first = await ledger.marketOf(1);
    expect(first.premiumPpb).to.be.within(50_000_000n, 50_100_000n);
    await networkHelpers.time.setNextBlockTimestamp(first.observedAt + 1n);
    await trade({ size: FULL_SIZE * 10n, price: MARK * 2n });
    expect((await ledger.marketOf(1)).premiumPpb - first.premiumPpb).to.be.lessThan(20_000n);
    const second = await ledger.marketOf(1);
    await networkHelpers.time.increase(10);
    await trade({ size: 1n, price: MARK * 2n });
    expect((await ledger.marketOf(1)).observedAt).to.equal(second.observedAt);
  });

  it("settles what a position has accrued when it changes, against the clearing account", async () => {
    const { ledger } = bare;
    await trade({ size: 3n * ONE });
    await observePremium(7n);
    const third = accountOf(bare.users[2]!);
    const entry = await ledger.portfolioOf(short);
    const booked = await ledger.quoteOf(short);
    const accrued = entry.quote - booked;
    await networkHelpers.time.setNextBlockTimestamp((await ledger.marketOf(1)).accruedAt + 1_000n);
    const due = await trade({ buyer: short, seller: third, size: ONE, quote: MARK });
    const size = -3n * ONE - FULL_SIZE;
    const { shortIndex, clearing } = await ledger.marketOf(1);
    const funding = settled(size, shortIndex, 0n);
    expect(funding).to.be.greaterThan(accrued);
    await expect(due)
      .to.emit(ledger, "EntryPosted")
      .withArgs(
        5,
        short,
        2,
        1,
        ONE,
        -MARK,
        0,
        (actual: bigint) => actual <= funding && actual > 0n,
        size + ONE,
        () => true,
      );
    expect(clearing).to.be.lessThan(0n);
  });

  it("accrues by hand only what has traded and is a perpetual, at a good price", async () => {
    const { ledger, harness } = bare;
    for (const instrument of [1, CALL, 0]) {
      await expect(ledger.accrueFunding(instrument))
        .to.be.revertedWithCustomError(ledger, "LedgerNothingToAccrue")
        .withArgs(instrument);
    }
    await trade();
    await harness.setPrice(1, MARK, true);
    await expect(ledger.accrueFunding(1)).to.be.revertedWithCustomError(harness, "HarnessBadPrice");
  });

  it("never moves an option's indexes by funding", async () => {
    const { ledger } = bare;
    await trade({ instrument: CALL });
    await networkHelpers.time.increase(3_600);
    await expect(trade({ instrument: CALL, price: MARK * 2n })).not.to.emit(ledger, "FundingUpdated");
    const { longIndex, premiumPpb } = await ledger.marketOf(CALL);
    expect([longIndex, premiumPpb]).to.deep.equal([0n, 0n]);
  });
});
