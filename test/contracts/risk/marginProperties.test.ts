import { expect } from "chai";

import {
  evaluatePortfolio,
  type MarginPortfolio,
  type MarginPosition,
  type MarginReading,
  type Valuation,
} from "../../../keeper/books/model/margin.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { randomPortfolio, TERMS, type PortfolioShape } from "../../helpers/MarginReference.ts";
import { blackScholes } from "../../helpers/reference/blackScholes.ts";
import { SCALE } from "../../helpers/reference/decimal.ts";

const SEED = Number(process.env["LOCKSTEP_SEED"] ?? 20261122);
const ONE = 10n ** 18n;
const PPM = 1_000_000n;
const DAY = 86_400n;
const MIXED: PortfolioShape = { positions: 4, feeds: 2, optionPercent: 60, isExtreme: false };
const EXTREME: PortfolioShape = { ...MIXED, isExtreme: true };

/** What rounding and the errors of the option prices may move: ten wei and 1e-15 of the notional at the upper bound. */
function slack({ positions, collateral }: MarginPortfolio): bigint {
  return positions.reduce((sum, own) => sum + 10n + notional(own) / 10n ** 15n, BigInt(collateral.length));
}

function isSettled(own: MarginPosition): boolean {
  return own.kind !== "perpetual" && own.option.expiry <= 0n && own.option.settlementPrice !== null;
}

function largest(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (a > b ? a : b), 0n);
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
        if (isSettled(own) || (own.kind !== "perpetual" && own.size > 0n)) continue;
        const { initial, maintenance } = evaluatePortfolio({ ...portfolio, positions: [own] });
        expect(initial > 0n && maintenance > 0n).to.equal(true);
      }
    });
  });

  it("never asks for less than a tenth of what perpetuals and short options would one by one, whatever hedges them", () => {
    forEach(3_000, MIXED, (portfolio) => {
      const valid = withReadings(portfolio, (reading) => ({ ...reading, quality: "valid" }));
      const open = valid.positions.filter((own) => !isSettled(own));
      let floor = 0n;
      for (const { kind, size, reading, terms } of open) {
        const group = open.filter((own) => own.terms.feed === terms.feed);
        const ppm = largest(group.map((own) => own.terms.initialPpm));
        const magnitude = size < 0n ? -size : size;
        if (kind === "perpetual" || size < 0n) floor += (magnitude * reading.value * ppm) / (ONE * PPM);
      }
      expect(evaluatePortfolio(valid).initial >= floor / 10n).to.equal(true);
    });
  });

  it("lets no option that is at its end lower a requirement", () => {
    let compared = 0;
    forEach(3_000, MIXED, (portfolio, random) => {
      // With the same shares, as the largest of a group moves all of it.
      const positions = portfolio.positions.map((own): MarginPosition => {
        const terms = { ...TERMS, feed: own.terms.feed };
        if (own.kind === "perpetual") return { ...own, terms };
        return { ...own, terms, option: { ...own.option, expiry: 0n, settlementPrice: null } };
      });
      const options = positions.filter(({ kind }) => kind !== "perpetual");
      if (options.length === 0) return;
      const ended = options[random.below(options.length)]!;
      const all = evaluatePortfolio({ ...portfolio, positions });
      const without = evaluatePortfolio({ ...portfolio, positions: positions.filter((own) => own !== ended) });
      expect(all.initial >= without.initial && all.maintenance >= without.maintenance).to.equal(true);
      compared += 1;
    });
    expect(compared).to.be.greaterThan(1_000);
  });

  it("asks for no less when an option of a feed loses the time that its gains need", () => {
    // Without volatility and between a day and none to the end, nothing else changes with time.
    forEach(3_000, MIXED, (portfolio, random) => {
      const at = (expiry: bigint): Valuation =>
        evaluatePortfolio({
          ...portfolio,
          positions: portfolio.positions.map((own) =>
            own.kind === "perpetual"
              ? own
              : { ...own, option: { ...own.option, volatilityPpm: 0n, expiry, settlementPrice: null } },
          ),
        });
      const [late, early] = [at(BigInt(random.below(86_400))), at(DAY + BigInt(random.below(86_400)))];
      expect(late.equity).to.equal(early.equity);
      expect(late.initial >= early.initial && late.maintenance >= early.maintenance).to.equal(true);
    });
  });

  it("is never better at the bounds than at any price between them", () => {
    forEach(3_000, MIXED, (portfolio, random) => {
      const blind = withReadings(portfolio, (reading) => ({ ...reading, quality: "unusable" }));
      const worst = evaluatePortfolio({ ...blind, pricing: "strict" });
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

  it("is never worse at the favourable bounds than at any price between them", () => {
    forEach(3_000, MIXED, (portfolio, random) => {
      const blind = withReadings(portfolio, (reading) => ({ ...reading, quality: "unusable" }));
      const best = evaluatePortfolio({ ...blind, pricing: "favourable" });
      // The floor of short options is taken at the upper bound: without them nothing else is left that does not gain.
      const hasFloor = portfolio.positions.some(({ kind, size }) => kind !== "perpetual" && size < 0n);
      for (let i = 0; i < 3; i += 1) {
        const seen = withReadings(portfolio, (reading) => {
          const value = reading.low + ((reading.high - reading.low) * BigInt(random.below(1000))) / 1000n;
          return { ...reading, quality: "valid", value };
        });
        const valid = evaluatePortfolio({ ...seen, pricing: "favourable" });
        const within = slack(portfolio);
        expect(best.equity >= valid.equity - within && best.cash >= valid.cash - within, "equity").to.equal(true);
        expect(valid).to.deep.equal(evaluatePortfolio({ ...seen, pricing: "strict" }));
        if (hasFloor) continue;
        expect(best.equity - best.maintenance >= valid.equity - valid.maintenance - within, "maintenance").to.equal(
          true,
        );
        expect(excess(best) >= excess(valid) - within, "initial").to.equal(true);
      }
    });
  });

  it("does not let a price that breaks a rule count unless the last one does", () => {
    forEach(2_000, MIXED, (portfolio) => {
      const stale = withReadings(portfolio, (reading) => ({ ...reading, quality: "usable" }));
      const blind = withReadings(portfolio, (reading) => ({ ...reading, quality: "unusable" }));
      for (const pricing of ["strict", "favourable"] as const) {
        const unseen = evaluatePortfolio({ ...blind, pricing });
        expect(evaluatePortfolio({ ...stale, pricing })).to.deep.equal(unseen);
      }
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
    forEach(3_000, { ...MIXED, positions: 3, feeds: 1 }, (portfolio) => {
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
  /** What one is worth where the price has moved by `halves` of `ppm` and the volatility by `sign` shocks. */
  const worth = (own: MarginPosition, isInitial: boolean, halves: bigint, ppm: bigint, sign: bigint): bigint => {
    if (own.kind === "perpetual") throw new Error("options only");
    const { volatilityPpm, volatilityShockPpm } = own.option;
    const moved = volatilityPpm + (sign * volatilityPpm * volatilityShockPpm) / PPM;
    const spot = own.reading.value + (own.reading.value * halves * ppm) / (2n * PPM);
    const isPaying = isInitial && own.size > 0n;
    return value(own, spot > 0n ? spot : 1n, isPaying || moved < 0n ? 0n : moved);
  };
  const loss = (own: MarginPosition, isInitial: boolean, halves: bigint, ppm: bigint, sign: bigint): bigint => {
    const lost = worth(own, isInitial, 0n, 0n, 0n) - worth(own, isInitial, halves, ppm, sign);
    const seconds = own.kind === "perpetual" ? 0n : own.option.expiry;
    return lost < 0n && seconds < DAY ? (lost * seconds) / DAY : lost;
  };
  const total = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, amount) => sum + amount, 0n);
  const equity = total(positions.map((own) => worth(own, false, 0n, 0n, 0n)));
  const requirement = (isInitial: boolean): bigint => {
    const ppm = largest(positions.map(({ terms }) => (isInitial ? terms.initialPpm : terms.maintenancePpm)));
    const shorts = positions.filter(({ size }) => size < 0n);
    const floor = total(shorts.map(({ size, reading }) => (-size * reading.value * ppm) / (ONE * PPM * 10n)));
    const losses = [-2n, -1n, 0n, 1n, 2n].flatMap((halves) =>
      [-1n, 1n].map((sign) => total(positions.map((own) => loss(own, isInitial, halves, ppm, sign)))),
    );
    const timeValue = equity - total(positions.map((own) => worth(own, isInitial, 0n, 0n, 0n)));
    return largest([floor, ...losses]) + timeValue;
  };
  const maintenance = requirement(false);
  const initial = requirement(true);
  return { equity: quote + equity, maintenance, initial: initial > maintenance ? initial : maintenance };
}
