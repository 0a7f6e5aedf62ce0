import { expect } from "chai";

import {
  evaluatePortfolio,
  type MarginPortfolio,
  type MarginPosition,
  type MarginReading,
  type Valuation,
} from "../../../keeper/books/model/margin.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { randomPortfolio, type PortfolioShape } from "../../helpers/MarginReference.ts";
import { blackScholes } from "../../helpers/reference/blackScholes.ts";
import { SCALE } from "../../helpers/reference/decimal.ts";

const SEED = Number(process.env["LOCKSTEP_SEED"] ?? 20261122);
const ONE = 10n ** 18n;
const PPM = 1_000_000n;
const MIXED: PortfolioShape = { positions: 4, feeds: 2, optionPercent: 60, isExtreme: false };
const EXTREME: PortfolioShape = { ...MIXED, isExtreme: true };

/** What rounding and the errors of the option prices may move: ten wei and 1e-15 of the notional at the upper bound. */
function slack({ positions, collateral }: MarginPortfolio): bigint {
  return positions.reduce((sum, own) => sum + 10n + notional(own) / 10n ** 15n, BigInt(collateral.length));
}

function notional({ size, reading }: MarginPosition): bigint {
  return ((size < 0n ? -size : size) * reading.high) / ONE;
}

function excess({ equity, initial }: Valuation): bigint {
  return equity - initial;
}

/** Replaces readings, by the feed's own one. */
function withReadings(portfolio: MarginPortfolio, of: (reading: MarginReading) => MarginReading): MarginPortfolio {
  const cache = new Map<MarginReading, MarginReading>();
  const replaced = (reading: MarginReading): MarginReading => {
    const known = cache.get(reading) ?? of(reading);
    cache.set(reading, known);
    return known;
  };
  return {
    ...portfolio,
    positions: portfolio.positions.map((own) => ({ ...own, reading: replaced(own.reading) })),
    collateral: portfolio.collateral.map((held) => ({ ...held, reading: replaced(held.reading) })),
  };
}

/** The model, which `marginModel.test.ts` compares with the contract bit for bit. */
describe(`MarginEngine's valuations (seed ${SEED})`, function () {
  this.timeout(60_000);

  function forEach(
    count: number,
    shape: PortfolioShape,
    check: (portfolio: MarginPortfolio, random: SeededRandom) => void,
  ): void {
    const random = new SeededRandom(SEED);
    for (let i = 0; i < count; i += 1) check(randomPortfolio(random, shape), random);
  }

  it("never keeps more than it asks at the start, and asks for nothing negative", () => {
    for (const shape of [MIXED, EXTREME]) {
      forEach(3_000, shape, (portfolio) => {
        const { initial, maintenance, lagPremium } = evaluatePortfolio(portfolio);
        expect(initial >= maintenance && maintenance >= 0n && lagPremium >= 0n).to.equal(true);
      });
    }
  });

  it("asks for something for every perpetual and every short option that is open", () => {
    forEach(4_000, MIXED, (portfolio) => {
      for (const own of portfolio.positions) {
        const isSettled = own.kind !== "perpetual" && own.option.expiry <= 0n && own.option.settlementPrice !== null;
        if (isSettled || (own.kind !== "perpetual" && own.size > 0n)) continue;
        const { initial, maintenance } = evaluatePortfolio({ ...portfolio, positions: [own] });
        expect(initial > 0n && maintenance > 0n).to.equal(true);
      }
    });
  });

  it("never asks for less than a tenth of what the short options on a feed alone would, whatever hedges them", () => {
    forEach(3_000, MIXED, (portfolio) => {
      const valid = withReadings(portfolio, (reading) => ({ ...reading, quality: "valid" }));
      const shares = valid.positions.map(({ kind, size, reading, terms, ...own }) => {
        const option = "option" in own ? own.option : undefined;
        const isOpen = option !== undefined && !(option.expiry <= 0n && option.settlementPrice !== null);
        return kind === "perpetual" || !isOpen || size > 0n
          ? 0n
          : (-size * reading.value * terms.initialPpm) / (ONE * PPM);
      });
      const floor = shares.reduce((sum, share) => sum + share, 0n) / 10n;
      expect(evaluatePortfolio(valid).initial >= floor).to.equal(true);
    });
  });

  it("is never better at the bounds than at any price between them", () => {
    forEach(3_000, MIXED, (portfolio, random) => {
      const blind = withReadings(portfolio, (reading) => ({ ...reading, quality: "unusable" }));
      const worst = evaluatePortfolio(blind);
      for (let i = 0; i < 3; i += 1) {
        const seen = withReadings(portfolio, (reading) => {
          const value = reading.low + ((reading.high - reading.low) * BigInt(random.below(1000))) / 1000n;
          return { ...reading, quality: "valid", value };
        });
        const valid = evaluatePortfolio(seen);
        const within = slack(portfolio);
        expect(worst.equity <= valid.equity + within, "equity").to.equal(true);
        expect(worst.equity - worst.maintenance <= valid.equity - valid.maintenance + within, "maintenance").to.equal(
          true,
        );
        expect(excess(worst) <= excess(valid) + within, "initial").to.equal(true);
        expect(excess(worst) - worst.lagPremium <= excess(valid) - valid.lagPremium + within, "lag").to.equal(true);
      }
    });
  });

  it("does not let a price that breaks a rule count under strict pricing", () => {
    forEach(2_000, MIXED, (portfolio) => {
      const stale = withReadings(portfolio, (reading) => ({ ...reading, quality: "usable" }));
      const blind = withReadings(portfolio, (reading) => ({ ...reading, quality: "unusable" }));
      expect(evaluatePortfolio({ ...stale, pricing: "strict" })).to.deep.equal(evaluatePortfolio(blind));
      const valid = withReadings(portfolio, (reading) => ({ ...reading, quality: "valid" }));
      const last = evaluatePortfolio({ ...stale, pricing: "last" });
      expect({ ...last, isValid: true }).to.deep.equal({ ...evaluatePortfolio(valid), isValid: true });
    });
  });

  it("has a lag premium that grows with either age, and never above what perpetuals ask at the start", () => {
    forEach(2_000, { ...MIXED, optionPercent: 0 }, (portfolio, random) => {
      const valid = withReadings(portfolio, (reading) => ({ ...reading, quality: "valid" }));
      const alone = valid.positions.map((own) => evaluatePortfolio({ ...valid, positions: [own] }).initial);
      let before = evaluatePortfolio(valid).lagPremium;
      for (let now = 0n, i = 0; i < 6; i += 1) {
        now += BigInt(random.below(10 ** (1 + i)));
        const { lagPremium } = evaluatePortfolio({ ...valid, now });
        expect(lagPremium >= before).to.equal(true);
        expect(lagPremium <= alone.reduce((sum, initial) => sum + initial, 0n)).to.equal(true);
        before = lagPremium;
      }
    });
  });

  it("lets a long option support new risk by what it pays at most, never by its time value", () => {
    forEach(3_000, { ...MIXED, positions: 3 }, (portfolio) => {
      // The long options without volatility are worth what they pay; nothing else changes.
      const bare = portfolio.positions.map((own) => {
        const isLongOption = own.kind !== "perpetual" && own.size > 0n;
        return isLongOption ? { ...own, option: { ...own.option, volatilityPpm: 0n } } : own;
      });
      const paying = evaluatePortfolio({ ...portfolio, positions: bare });
      const actual = evaluatePortfolio(portfolio);
      // Where maintenance decides in the bare portfolio, it is less deep in the actual one: its initial grid still holds.
      if (paying.initial > paying.maintenance) {
        expect(excess(actual) <= excess(paying) + slack(portfolio)).to.equal(true);
      }
    });
  });

  it("equals a reference with eighty digits within ten wei and 1e-15 of the notional", () => {
    let compared = 0;
    forEach(150, { positions: 3, feeds: 1, optionPercent: 100, isExtreme: false }, (portfolio) => {
      const positions = portfolio.positions.filter(
        (own) => own.kind !== "perpetual" && own.option.expiry > 0n && own.option.volatilityPpm > 0n,
      );
      const valid = withReadings({ ...portfolio, positions, collateral: [] }, (reading) => ({
        ...reading,
        quality: "valid",
        value: reading.high / 3n,
      }));
      if (positions.length === 0) return;
      const { equity, maintenance, initial } = evaluatePortfolio(valid);
      const expected = reference(valid);
      const near = (a: bigint, b: bigint): boolean => (a > b ? a - b : b - a) <= slack(valid);
      expect(near(equity, expected.equity), "equity").to.equal(true);
      expect(near(maintenance, expected.maintenance), "maintenance").to.equal(true);
      expect(near(initial, expected.initial), "initial").to.equal(true);
      compared += 1;
    });
    expect(compared).to.be.greaterThan(60);
  });
});

/** Equity and requirements of unsettled options on one feed, straight from the definitions. */
function reference({ quote, positions }: MarginPortfolio): { equity: bigint; initial: bigint; maintenance: bigint } {
  const value = (own: MarginPosition, spot: bigint, volatility: bigint): bigint => {
    if (own.kind === "perpetual") throw new Error("options only");
    const { strike, expiry } = own.option;
    const isCall = own.kind === "call";
    const payoff = isCall ? spot - strike : strike - spot;
    if (volatility === 0n) return (own.size * (payoff > 0n ? payoff : 0n)) / ONE;
    const { price } = blackScholes({ isCall, spot, strike, secondsToExpiry: expiry, volatilityPpm: volatility });
    return (own.size * price) / (ONE * SCALE);
  };
  const total = (isInitial: boolean, spotOf: (ppm: bigint, price: bigint) => bigint, sign: bigint): bigint =>
    positions.reduce((sum, own) => {
      if (own.kind === "perpetual") return sum;
      const { volatilityPpm, volatilityShockPpm } = own.option;
      const moved = volatilityPpm + (sign * volatilityPpm * volatilityShockPpm) / PPM;
      const spot = spotOf(isInitial ? own.terms.initialPpm : own.terms.maintenancePpm, own.reading.value);
      const isPaying = isInitial && own.size > 0n;
      return sum + value(own, spot > 0n ? spot : 1n, isPaying || moved < 0n ? 0n : moved);
    }, 0n);
  const equity = total(false, (_, price) => price, 0n);
  const requirement = (isInitial: boolean): bigint => {
    const base = total(isInitial, (_, price) => price, 0n);
    const floor = positions.reduce((sum, { size, terms, reading }) => {
      const ppm = isInitial ? terms.initialPpm : terms.maintenancePpm;
      return size < 0n ? sum + (-size * reading.value * ppm) / (ONE * PPM * 10n) : sum;
    }, 0n);
    const losses = [-2n, -1n, 0n, 1n, 2n].flatMap((move) =>
      [-1n, 1n].map((sign) => base - total(isInitial, (ppm, price) => price + (price * move * ppm) / (2n * PPM), sign)),
    );
    return [0n, floor, ...losses].reduce((a, b) => (a > b ? a : b)) + (equity - base);
  };
  const maintenance = requirement(false);
  const initial = requirement(true);
  return { equity: quote + equity, maintenance, initial: initial > maintenance ? initial : maintenance };
}
