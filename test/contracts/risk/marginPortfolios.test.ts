import { expect } from "chai";

import {
  evaluatePortfolio,
  type MarginPosition,
  type MarginReading,
  type Pricing,
  type Valuation,
} from "../../../keeper/books/model/margin.ts";
import type { MarginCollateral, MarginTerms } from "../../../keeper/books/model/marginTypes.ts";
import { portfolioOf, readingOf, TERMS } from "../../helpers/MarginReference.ts";

const ONE = 10n ** 18n;
const DAY = 86_400n;
const PRICE = readingOf(100n * ONE);
/** Old, between 50 and 400. */
const STALE = readingOf(100n * ONE, { quality: "usable", low: 50n * ONE, high: 400n * ONE });
/** Moves of 20 % and 10 %: on a price of 100 the grids are 80, 90, 100, 110, 120 and 90, 95, 100, 105, 110. */
const WIDE = { ...TERMS, initialPpm: 200_000n, maintenancePpm: 100_000n };

function perpetual(size: bigint, reading: MarginReading = PRICE, terms = WIDE): MarginPosition {
  return { kind: "perpetual", size: size * ONE, terms, reading };
}

/** Without volatility, so that it is worth what it would pay and every number can be worked out by hand. */
function option(
  kind: "call" | "put",
  size: bigint,
  strike: bigint,
  volatilityPpm = 0n,
  expiry = 30n * DAY,
): MarginPosition {
  const terms = { strike: strike * ONE, expiry, volatilityPpm, volatilityShockPpm: 300_000n };
  return {
    kind,
    size: size * ONE,
    terms: WIDE,
    reading: PRICE,
    option: { ...terms, settlementPrice: null, isWindDown: false },
  };
}

function settledCall(strike: bigint, terms: MarginTerms): MarginPosition {
  const settled = { strike: strike * ONE, expiry: 0n, volatilityPpm: 0n, volatilityShockPpm: 0n, isWindDown: false };
  return { kind: "call", size: ONE, terms, reading: PRICE, option: { ...settled, settlementPrice: strike * ONE } };
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

  it("of a perfect hedge is a tenth of what both sides would ask for", () => {
    // 60 against 60, and 30 against 30.
    expect(whole(valuationOf(perpetual(3n), perpetual(-3n)))).to.deep.equal([0n, 12n, 6n]);
    // Of 8 against 10, a tenth of all is less than the difference.
    expect(whole(valuationOf(perpetual(8n), perpetual(-10n)))).to.deep.equal([-200n, 40n, 20n]);
    // A deep long call moves as the short perpetual does; long options are not in the floor.
    expect(whole(valuationOf(perpetual(-10n), option("call", 10n, 50n)))).to.deep.equal([-500n, 20n, 10n]);
    // A short call against it is.
    expect(whole(valuationOf(perpetual(10n), option("call", -10n, 50n)))).to.deep.equal([500n, 40n, 20n]);
  });

  it("moves all positions on a feed by the largest of their shares", () => {
    const narrow = { ...WIDE, initialPpm: 100_000n, maintenancePpm: 50_000n };
    // 10 at 20 % against 20 at 10 %: net 10 short, at 20 % and 10 %.
    const half = perpetual(-20n, PRICE, narrow);
    expect(whole(valuationOf(perpetual(10n), half))).to.deep.equal([-1000n, 200n, 100n]);
    expect(whole(valuationOf(half))).to.deep.equal([-2000n, 200n, 100n]);
    // The largest of each, whoever has it.
    const late = perpetual(1n, PRICE, { ...WIDE, initialPpm: 150_000n, maintenancePpm: 150_000n });
    expect(whole(valuationOf(perpetual(10n), late))).to.deep.equal([1100n, 220n, 165n]);
    // An option at 10 % beside a perpetual at 20 % is moved to 120; its floor is a tenth of 20, too.
    const short = { ...option("call", -1n, 110n), terms: narrow };
    expect(valuationOf(short).initial).to.equal(ONE);
    expect(whole(valuationOf(short, perpetual(-10n)))).to.deep.equal([-1000n, 210n, 100n]);
    // Other feeds are not concerned, nor do settled options count.
    const other = perpetual(-20n, PRICE, { ...narrow, feed: 2n });
    expect(whole(valuationOf(perpetual(10n), other))).to.deep.equal([-1000n, 400n, 200n]);
    const settled = settledCall(100n, { ...WIDE, initialPpm: 900_000n, maintenancePpm: 900_000n });
    expect(whole(valuationOf(perpetual(1n), settled))).to.deep.equal([100n, 20n, 10n]);
  });

  it("keeps the lag premium of an instrument below its own share, whatever moves beside it", () => {
    const narrow = { ...WIDE, initialPpm: 1_000n };
    const reading = readingOf(100n * ONE, { updatedAt: -DAY });
    const own = valuationOf(perpetual(1n, reading, narrow)).lagPremium;
    expect(own).to.equal(ONE / 10n);
    const wide = valuationOf(perpetual(1n, reading)).lagPremium;
    expect(valuationOf(perpetual(1n, reading, narrow), perpetual(1n, reading)).lagPremium).to.equal(own + wide);
  });

  it("counts what an option gains on the grid by the part of its last day that is left", () => {
    // At 120 the short perpetual loses 20 and the call gains 20; at 80 the other way round.
    const hedged = (expiry: bigint): bigint[] =>
      whole(valuationOf(perpetual(-1n), option("call", 1n, 80n, 0n, expiry)));
    expect(hedged(2n * DAY)).to.deep.equal([-80n, 2n, 1n]);
    expect(hedged(DAY)).to.deep.equal([-80n, 2n, 1n]);
    expect(hedged(DAY / 2n)).to.deep.equal([-80n, 10n, 5n]);
    expect(hedged(DAY / 10n)).to.deep.equal([-80n, 18n, 9n]);
    expect(hedged(0n)).to.deep.equal([-80n, 20n, 10n]);
    expect(hedged(-DAY)).to.deep.equal([-80n, 20n, 10n]);
    // So does a short option's gain; its loss counts in full.
    const covered = (expiry: bigint): bigint[] =>
      whole(valuationOf(perpetual(2n), option("call", -1n, 80n, 0n, expiry)));
    expect(covered(DAY)).to.deep.equal([180n, 20n, 10n]);
    expect(covered(DAY / 2n)).to.deep.equal([180n, 30n, 15n]);
    expect(whole(valuationOf(perpetual(-2n), option("call", -1n, 80n, 0n, 0n)))).to.deep.equal([-220n, 60n, 30n]);
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
    // What a wind-down fixed is what a unit is worth already.
    const closed = { ...blind, option: { ...blind.option, settlementPrice: 9n * ONE, isWindDown: true } };
    expect(whole(valuationOf(closed))).to.deep.equal([-9n, 0n, 0n]);
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

  describe("where a price may not be used", () => {
    const at = (own: MarginPosition, pricing: Pricing): bigint[] =>
      whole(evaluatePortfolio(portfolioOf({ positions: [{ ...own, reading: STALE }], pricing })));

    it("takes the bound that is worst for the owner, the best when he may be sold, or the last price", () => {
      for (const [own, strict, last, favourable] of [
        [perpetual(1n), [50n, 10n, 5n], [100n, 20n, 10n], [400n, 80n, 40n]],
        [perpetual(-1n), [-400n, 80n, 40n], [-100n, 20n, 10n], [-50n, 10n, 5n]],
        // A long option asks for what the move takes of its payoff.
        [option("call", 1n, 40n), [10n, 10n, 5n], [60n, 20n, 10n], [360n, 80n, 40n]],
        [option("put", 1n, 500n), [100n, 80n, 40n], [400n, 20n, 10n], [450n, 10n, 5n]],
        // A short one asks for a tenth of its share at the upper bound, at least: 8 and 4.
        [option("call", -1n, 40n), [-360n, 80n, 40n], [-60n, 20n, 10n], [-10n, 10n, 5n]],
        [option("put", -1n, 500n), [-450n, 10n, 5n], [-400n, 20n, 10n], [-100n, 80n, 40n]],
        [option("call", -1n, 500n), [0n, 8n, 4n], [0n, 2n, 1n], [0n, 8n, 4n]],
      ] as const) {
        expect(at(own, "strict"), "strict").to.deep.equal(strict);
        expect(at(own, "last"), "last").to.deep.equal(last);
        expect(at(own, "favourable"), "favourable").to.deep.equal(favourable);
        expect(whole(evaluatePortfolio(portfolioOf({ positions: [own], pricing: "favourable" })))).to.deep.equal(
          whole(valuationOf(own)),
        );
      }
    });

    it("takes the best bound of collateral when its owner may be sold", () => {
      const held: MarginCollateral = { balance: 2n * ONE, decimals: 18n, haircutPpm: 100_000n, reading: STALE };
      const worth = (pricing: Pricing): bigint =>
        evaluatePortfolio(portfolioOf({ collateral: [held], pricing })).equity / ONE;
      expect([worth("strict"), worth("last"), worth("favourable")]).to.deep.equal([90n, 180n, 720n]);
      const { isValid } = evaluatePortfolio(portfolioOf({ collateral: [held], pricing: "favourable" }));
      expect(isValid).to.equal(false);
    });

    it("takes the lag premium at the upper bound, under favourable pricing too", () => {
      const reading = { ...STALE, updatedAt: -DAY };
      const premium = (pricing: Pricing): bigint =>
        evaluatePortfolio(portfolioOf({ positions: [perpetual(-1n, reading)], pricing })).lagPremium;
      expect(premium("favourable")).to.equal(premium("strict"));
      expect(premium("favourable")).to.equal(4n * premium("last"));
    });
  });
});
