import { expect } from "chai";

import {
  evaluatePortfolio,
  type MarginPosition,
  type MarginReading,
  type Valuation,
} from "../../../keeper/books/model/margin.ts";
import { portfolioOf, readingOf, TERMS } from "../../helpers/MarginReference.ts";

const ONE = 10n ** 18n;
const PRICE = readingOf(100n * ONE);
/** Moves of 20 % and 10 %: on a price of 100 the grids are 80, 90, 100, 110, 120 and 90, 95, 100, 105, 110. */
const WIDE = { ...TERMS, initialPpm: 200_000n, maintenancePpm: 100_000n };

function perpetual(size: bigint, reading: MarginReading = PRICE, terms = WIDE): MarginPosition {
  return { kind: "perpetual", size: size * ONE, terms, reading };
}

/** Without volatility, so that it is worth what it would pay and every number can be worked out by hand. */
function option(kind: "call" | "put", size: bigint, strike: bigint, volatilityPpm = 0n): MarginPosition {
  const terms = { strike: strike * ONE, expiry: 30n * 86_400n, volatilityPpm, volatilityShockPpm: 300_000n };
  return { kind, size: size * ONE, terms: WIDE, reading: PRICE, option: { ...terms, settlementPrice: null } };
}

function valuationOf(...positions: MarginPosition[]): Valuation {
  return evaluatePortfolio(portfolioOf({ positions }));
}

/** Equity, initial and maintenance requirement in whole quote. */
function whole({ equity, initial, maintenance }: Valuation): bigint[] {
  const values = [equity, initial, maintenance];
  for (const value of values) expect(value % ONE).to.equal(0n);
  return values.map((value) => value / ONE);
}

describe("MarginEngine's requirements, worked out by hand", () => {
  it("is the covered move of a perpetual", () => {
    expect(whole(valuationOf(perpetual(1n)))).to.deep.equal([100n, 20n, 10n]);
    expect(whole(valuationOf(perpetual(-1n)))).to.deep.equal([-100n, 20n, 10n]);
  });

  it("is that of the difference of two perpetuals on one feed, and of the sum on two", () => {
    // 3 * 20 - 2 * 20, and 3 * 20 + 2 * 20.
    expect(whole(valuationOf(perpetual(3n), perpetual(-2n)))).to.deep.equal([100n, 20n, 10n]);
    const other = perpetual(-2n, PRICE, { ...WIDE, feed: 2n });
    expect(whole(valuationOf(perpetual(3n), other))).to.deep.equal([100n, 100n, 50n]);
  });

  it("of a naked short call out of the money is its loss on the grid, or the floor", () => {
    // Strike 110: at 120 it loses 10, more than the floor of a tenth of 20. At 110 nothing: a tenth of 10.
    expect(whole(valuationOf(option("call", -1n, 110n)))).to.deep.equal([0n, 10n, 1n]);
    // Strike 500 loses nothing anywhere.
    expect(whole(valuationOf(option("call", -1n, 500n)))).to.deep.equal([0n, 2n, 1n]);
  });

  it("of a covered call is that of the underlying alone, as the worst move is down", () => {
    // At 80, 90, 110, 120 the underlying loses 20, 10, -10, -20 and the call 0, 0, 0, 10.
    expect(whole(valuationOf(perpetual(1n), option("call", -1n, 110n)))).to.deep.equal([100n, 20n, 10n]);
  });

  it("of a short straddle counts one side, as only one can lose", () => {
    // At 80 the put loses 20 and the call nothing; at 120 the other way round. The floor is a tenth of 2 * 20.
    expect(whole(valuationOf(option("call", -1n, 100n), option("put", -1n, 100n)))).to.deep.equal([0n, 20n, 10n]);
  });

  it("of a butterfly is what it is worth, which is all that it can lose", () => {
    // +1 call 90, -2 calls 100, +1 call 110: worth 10 at 100 and nothing at 80, 90, 110 and 120.
    const wings = [option("call", 1n, 90n), option("call", 1n, 110n)];
    expect(whole(valuationOf(...wings, option("call", -2n, 100n)))).to.deep.equal([10n, 10n, 10n]);
  });

  it("of a bull spread stops at the upper strike", () => {
    // +1 call 90, -1 call 105: worth 10 at 100, 0 at 90. Never more than 10 can be lost.
    expect(whole(valuationOf(option("call", 1n, 90n), option("call", -1n, 105n)))).to.deep.equal([10n, 10n, 10n]);
  });

  it("of a long option is all of its time value and its intrinsic value's loss", () => {
    const { equity, initial, maintenance } = valuationOf(option("call", 1n, 100n, 800_000n));
    // At the money the intrinsic value is zero and cannot fall: equity less initial is zero.
    expect(equity > 0n).to.equal(true);
    expect(initial).to.equal(equity);
    expect(maintenance < initial).to.equal(true);
    // Strike 85: of the intrinsic 15 the grid takes all at 80, so nothing is left to lean on.
    const inTheMoney = valuationOf(option("call", 1n, 85n, 800_000n));
    expect(inTheMoney.equity - inTheMoney.initial).to.equal(0n);
    // Strike 50: of the intrinsic 50 the grid takes 20, the time value counts nothing.
    const deep = valuationOf(option("call", 1n, 50n, 800_000n));
    expect(deep.equity - deep.initial).to.equal(30n * ONE);
  });

  it("is what is kept, where the narrow grid of maintenance finds a dip that the wide one misses", () => {
    // -1 call 101, +2 calls 105, -1 call 109, as a reversed butterfly: worth -4 at 105, nothing at 100, 110 and 120.
    const wings = [option("call", -1n, 101n), option("call", -1n, 109n)];
    const dip = valuationOf(...wings, option("call", 2n, 105n));
    // The floor of the wide grid, 2 * 20 / 10 = 4, covers it.
    expect(whole(dip)).to.deep.equal([0n, 4n, 4n]);
    const deeper = valuationOf(option("call", -1n, 100n), option("call", 2n, 105n), option("call", -1n, 110n));
    // Worth -5 at 105: of that the wide grid sees nothing, and its floor covers 4.
    expect(whole(deeper)).to.deep.equal([0n, 5n, 5n]);
  });

  it("of an expired option that has no final price yet follows the price, and a settled one requires nothing", () => {
    const open = { ...option("call", -1n, 90n, 800_000n) } as MarginPosition & { kind: "call" };
    const expired = { ...open, option: { ...open.option, expiry: 0n } };
    // Worth -10 at 100; at 120 -30, at 110 -20.
    expect(whole(valuationOf(expired))).to.deep.equal([-10n, 20n, 10n]);
    const settled = { ...expired, option: { ...expired.option, settlementPrice: 97n * ONE } };
    const blind = { ...settled, reading: readingOf(0n, { quality: "unusable" }) };
    const valuation = valuationOf(blind);
    expect(whole(valuation)).to.deep.equal([-7n, 0n, 0n]);
    expect(valuation.isValid, "needs no price").to.equal(true);
    expect(valuation.lagPremium).to.equal(0n);
    // A final price before expiry would be none.
    const early = { ...settled, option: { ...settled.option, expiry: 1n } };
    expect(whole(valuationOf({ ...early, option: { ...early.option, volatilityPpm: 0n } }))).to.deep.equal([
      -10n,
      20n,
      10n,
    ]);
  });

  it("asks a desk for the lag of price and checkpoint", () => {
    // 5 minutes behind in both: 80 % * sqrt(600 s / 1 year) = 0.349 % of 1,000 * 3,000 = 3,000,000.
    const reading = readingOf(3_000n * ONE, { updatedAt: -300n });
    const positions = [{ ...perpetual(1_000n, reading, TERMS) }];
    const { initial, lagPremium } = evaluatePortfolio(portfolioOf({ positions, checkpointTime: -300n }));
    expect(initial).to.equal(300_000n * ONE);
    expect(lagPremium).to.equal(10_470n * ONE);
  });
});
