import { expect } from "chai";
import { network } from "hardhat";

import { expWad, lnWad, sqrt, sqrtUp, WAD } from "../../../keeper/books/model/fixedPoint.ts";
import { cdf, density } from "../../../keeper/books/model/normalDistribution.ts";
import { optionGreeks, optionPrice, OptionRangeError } from "../../../keeper/books/model/optionPricing.ts";
import { samples } from "../../helpers/samples.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { blackScholes, type ReferenceTerms } from "../../helpers/reference/blackScholes.ts";
import { callRows, firstDifference } from "../../helpers/reference/callRows.ts";
import * as exact from "../../helpers/reference/decimal.ts";
import { drawListedOption, drawOption, MAX_AMOUNT, MAX_SECONDS } from "../../helpers/reference/drawOption.ts";
import { referenceCdf, referenceDensity, tailByFraction, tailBySeries } from "../../helpers/reference/normal.ts";
import type { PricingHarness } from "../../../types/ethers-contracts/index.ts";
// Extends `network.create` and `ethers.deployContract` with the generated types.
import type {} from "../../../types/ethers-contracts/hardhat.d.ts";

const { SCALE, decimal, ratio } = exact;
const YEAR = 31_536_000n;
const INT_MIN = -(1n << 255n);
const SEED = chooseSeed(8_100);
const OPTIONS = samples(100_000, 100);
const ARGUMENTS = samples(100_000, 250);

const magnitude = (x: bigint) => (x < 0n ? -x : x);
/** A decimal as a number, for printing and for tolerances that are no finer than a millionth of themselves. */
const toNumber = (x: bigint) => Number(x / 10n ** 50n) / 1e30;
/** Chai's `closeTo` is the one of the Hardhat matchers here, which takes whole numbers only. */
function expectNear(actual: number, expected: number, tolerance: number, what = ""): void {
  expect(Math.abs(actual - expected), `${what} ${actual} for ${expected}`).to.be.at.most(tolerance);
}
/** A number of quote or per cent as wei or ppm. */
const wei = (x: number) => BigInt(Math.round(x * 1e9)) * 10n ** 9n;
const ppm = (x: number) => BigInt(Math.round(x * 1e6));
const toQuote = (x: bigint) => Number(x) / 1e18;

async function deployHarness(): Promise<PricingHarness> {
  const { ethers } = await network.create();
  return ethers.deployContract("PricingHarness");
}

const toRow = (o: ReferenceTerms) => [BigInt(o.isCall), o.spot, o.strike, o.secondsToExpiry, o.volatilityPpm];

function describeOption(option: ReferenceTerms | undefined): string {
  return option === undefined ? "none" : toRow(option).join();
}

function evaluate(option: ReferenceTerms): bigint[] {
  const { delta, gamma, vega, theta } = optionGreeks(option);
  return [optionPrice(option), delta, gamma, vega, theta];
}

/** Zero time, zero volatility, dust, the greatest amounts, one second, ten years: all of them against each other. */
function edgeOptions(): ReferenceTerms[] {
  const amounts = [1n, 2n, 10n ** 18n, MAX_AMOUNT - 1n, MAX_AMOUNT];
  const options: ReferenceTerms[] = [];
  for (const isCall of [true, false])
    for (const spot of amounts)
      for (const strike of amounts)
        for (const secondsToExpiry of [0n, 1n, YEAR, MAX_SECONDS])
          for (const volatilityPpm of [0n, 1n, 800_000n, 100_000_000n])
            options.push({ isCall, spot, strike, secondsToExpiry, volatilityPpm });
  return options;
}

/** Both sides of where one approximation hands over to the next, of the ends, and of zero. */
function seamArguments(): bigint[] {
  const seams = [0n, 662910000000000000n, 5656854249492380195n, 12n * WAD].flatMap((seam) => [seam, -seam]);
  const around = seams.flatMap((seam) => Array.from({ length: 41 }, (_, i) => seam + BigInt(i - 20)));
  return [...around, INT_MIN, INT_MIN + 1n, -INT_MIN - 1n];
}

describe("OptionPricing in Solidity and in TypeScript", () => {
  it(`gives equal prices and Greeks on ${OPTIONS} options`, async () => {
    const harness = await deployHarness();
    const random = new SeededRandom(SEED);
    const edges = edgeOptions();
    const draw = (i: number) => edges[i] ?? (i % 4 === 0 ? drawListedOption(random) : drawOption(random));
    // Small batches: what a step costs in Hardhat's network grows with the size of the call.
    for (let first = 0; first < OPTIONS; first += 100) {
      const options = Array.from({ length: 100 }, (_, i) => draw(first + i));
      const at = firstDifference(await callRows(harness, "options", options.flatMap(toRow)), options.flatMap(evaluate));
      expect(at, `value ${at % 5} of ${describeOption(options[Math.floor(at / 5)])}`).to.equal(-1);
    }
  });

  it(`gives equal probabilities and densities on ${ARGUMENTS} arguments`, async () => {
    const harness = await deployHarness();
    const random = new SeededRandom(SEED + 1);
    for (let batch = 0; batch < ARGUMENTS / 250; batch++) {
      const values = Array.from({ length: 250 }, () =>
        random.below(2) === 0 ? random.int(65) : random.int(1 + random.below(256)),
      );
      if (batch === 0) values.push(...seamArguments());
      const expected = values.flatMap((x) => [cdf(x), density(x)]);
      const at = firstDifference(await callRows(harness, "normals", values), expected);
      expect(at, `${values[Math.floor(at / 2)]}`).to.equal(-1);
    }
  });

  it("gives equal logarithms and exponentials over the whole of their domains", async () => {
    const harness = await deployHarness();
    const random = new SeededRandom(SEED + 2);
    const positive = Array.from({ length: 5_000 }, () => random.uint(1 + random.below(255)) || 1n);
    const at = firstDifference(await callRows(harness, "logarithms", positive), positive.map(lnWad));
    expect(at, `ln ${positive[at]}`).to.equal(-1);

    const last = 135305999368893231588n;
    const powers = Array.from({ length: 5_000 }, () => random.int(67)).filter((x) => x <= last);
    powers.push(last, INT_MIN, -41446531673892822313n, -41446531673892822312n);
    const atPower = firstDifference(await callRows(harness, "exponentials", powers), powers.map(expWad));
    expect(atPower, `exp ${powers[atPower]}`).to.equal(-1);
    expect(() => lnWad(0n)).to.throw(RangeError);
    expect(() => expWad(last + 1n)).to.throw(RangeError);
  });

  it("would notice one wrong bit", async () => {
    const harness = await deployHarness();
    const option = drawListedOption(new SeededRandom(SEED));
    const answer = await callRows(harness, "options", toRow(option));
    for (let i = 0; i < 5; i++) expect(firstDifference(answer.with(i, answer[i]! ^ 1n), evaluate(option))).to.equal(i);
    expect(firstDifference(answer, evaluate(option).slice(1))).to.not.equal(-1);
  });

  it("prices a grid of shocks with shared work as it prices each point", async () => {
    const harness = await deployHarness();
    const [strike, seconds] = [wei(65_000), YEAR / 12n];
    const spots = [-2, -1, 0, 1, 2].map((k) => wei(62_000 * (1 + 0.08 * k)));
    const volatilities = [450_000n, 950_000n];
    for (const isCall of [true, false]) {
      const [prices, gas] = await harness.grid(isCall, strike, seconds, spots, volatilities);
      const each = spots.flatMap((spot) =>
        volatilities.map((volatilityPpm) =>
          optionPrice({ isCall, spot, strike, secondsToExpiry: seconds, volatilityPpm }),
        ),
      );
      expect(prices).to.deep.equal(each);
      if (isCall) console.log(`      gas of a grid of ten points: ${gas}`);
    }
  });

  it("costs what a margin engine can pay", async () => {
    const harness = await deployHarness();
    const near = [true, wei(62_000), wei(65_000), YEAR / 12n, 600_000n] as const;
    const far = [true, wei(62_000), wei(99_000), YEAR / 52n, 600_000n] as const;
    const costs = {
      "cdf, centre": await harness.gasOfCdf(wei(0.3)),
      "cdf, middle": await harness.gasOfCdf(wei(2)),
      "cdf, tail": await harness.gasOfCdf(wei(6)),
      "price, near the money": await harness.gasOfPrice(...near),
      "price, far out": await harness.gasOfPrice(...far),
      "greeks, near the money": await harness.gasOfGreeks(...near),
      "greeks, far out": await harness.gasOfGreeks(...far),
      "lag premium": await harness.gasOfPremium(800_000n, 24n, 100_000n),
    };
    for (const [name, gas] of Object.entries(costs)) {
      console.log(`      ${name.padEnd(24)} ${gas}`);
      expect(gas < (name.startsWith("cdf") ? 1_500n : 6_000n), name).to.equal(true);
    }
  });
});

describe("OptionPricing out of range", () => {
  const sane: ReferenceTerms = { isCall: true, spot: WAD, strike: WAD, secondsToExpiry: 1n, volatilityPpm: 1n };
  const cases = [
    { code: "SpotOutOfRange", change: { spot: 0n }, value: 0n, max: MAX_AMOUNT },
    { code: "SpotOutOfRange", change: { spot: MAX_AMOUNT + 1n }, value: MAX_AMOUNT + 1n, max: MAX_AMOUNT },
    { code: "StrikeOutOfRange", change: { strike: 0n }, value: 0n, max: MAX_AMOUNT },
    { code: "StrikeOutOfRange", change: { strike: MAX_AMOUNT + 1n }, value: MAX_AMOUNT + 1n, max: MAX_AMOUNT },
    { code: "ExpiryTooFar", change: { secondsToExpiry: MAX_SECONDS + 1n }, value: MAX_SECONDS + 1n, max: MAX_SECONDS },
    { code: "VolatilityTooHigh", change: { volatilityPpm: 100_000_001n }, value: 100_000_001n, max: 100_000_000n },
  ] as const;

  for (const { code, change, value, max } of cases) {
    it(`reverts with OptionPricing${code}(${value}), and so does the model`, async () => {
      const harness = await deployHarness();
      const option = { ...sane, ...change };
      await expect(harness.options(toRow(option)))
        .to.be.revertedWithCustomError(harness, `OptionPricing${code}`)
        .withArgs(value, max);
      for (const call of [optionPrice, optionGreeks]) {
        let thrown: unknown;
        try {
          call(option);
        } catch (error: unknown) {
          thrown = error;
        }
        expect(thrown).to.be.instanceOf(OptionRangeError).and.to.include({ code, value, max });
      }
    });
  }
});

describe("The reference", () => {
  it("has the published digits of its constants", () => {
    const digits = (x: bigint) => x / 10n ** 30n;
    const expected = (text: string) => decimal(text) / 10n ** 30n;
    expect(digits(exact.PI)).to.equal(expected("3.14159265358979323846264338327950288419716939937510"));
    expect(digits(exact.LN_2)).to.equal(expected("0.69314718055994530941723212145817656807550013436025"));
    expect(digits(exact.logarithm(10n * SCALE))).to.equal(
      expected("2.30258509299404568401799145468436420760110148862877"),
    );
    expect(digits(exact.exponential(SCALE))).to.equal(expected("2.71828182845904523536028747135266249775724709369995"));
    expect(digits(exact.squareRoot(2n * SCALE))).to.equal(
      expected("1.41421356237309504880168872420969807856967187537694"),
    );
  });

  it("has the values of N that Abramowitz and Stegun print (table 26.1, 15 digits)", () => {
    const table = { "0.5": 0.691462461274013, 1: 0.841344746068543, 1.5: 0.933192798731142, 2: 0.977249868051821 };
    for (const [x, value] of Object.entries({ ...table, 3: 0.99865010196837 })) {
      expectNear(toNumber(referenceCdf(decimal(x))), value, 5.1e-16, x);
      expectNear(Number(cdf(decimal(x) / 10n ** 62n)) / 1e18, value, 6.1e-16, x);
    }
  });

  it("finds the same tail by its series and by its continued fraction, to 50 digits", () => {
    for (const z of ["4.5", "5.5", "6.5", "7", "7.5"].map(decimal)) {
      const difference = magnitude(tailBySeries(z) - tailByFraction(z));
      expect(difference < 10n ** 20n, `${difference}`).to.equal(true);
    }
  });

  it("has Greeks that are the differences of its own price", () => {
    const option = { isCall: false, spot: wei(62_000), strike: wei(65_000), secondsToExpiry: YEAR / 12n };
    const at = (change: Partial<ReferenceTerms>) => blackScholes({ ...option, volatilityPpm: 600_000n, ...change });
    const middle = at({});
    const [up, down] = [at({ spot: option.spot + 10n ** 10n }), at({ spot: option.spot - 10n ** 10n })];
    const differences = {
      delta: (WAD * (up.price - down.price)) / (2n * 10n ** 10n),
      gamma: (WAD * WAD * (up.price - 2n * middle.price + down.price)) / 10n ** 20n,
      vega: (1_000_000n * (at({ volatilityPpm: 600_001n }).price - at({ volatilityPpm: 599_999n }).price)) / 2n,
      theta:
        (YEAR * (at({ secondsToExpiry: YEAR / 12n - 1n }).price - at({ secondsToExpiry: YEAR / 12n + 1n }).price)) / 2n,
    };
    for (const [name, difference] of Object.entries(differences)) {
      const value = middle[name as keyof typeof differences];
      expectNear(toNumber(exact.divide(difference, value)), 1, 1e-10, name);
    }
  });
});

describe("OptionPricing against the reference", () => {
  it("has N and its density within 0.8 wei", () => {
    // Half a wei is the last rounding; the rest is the rounding of the argument of e^x, of Cody's 18 digits and of e^x.
    const random = new SeededRandom(SEED + 3);
    let [worst, worstDensity] = [0, 0];
    for (let i = 0; i < 3_000; i++) {
      const x = (random.int(66) % (13n * WAD)) / BigInt(1 + random.below(12));
      const z = ratio(x, WAD);
      worst = Math.max(worst, toNumber(magnitude(cdf(x) * SCALE - WAD * referenceCdf(z))));
      worstDensity = Math.max(worstDensity, toNumber(magnitude(density(x) * SCALE - WAD * referenceDensity(z))));
    }
    console.log(`      largest error in wei: N ${worst.toFixed(3)}, density ${worstDensity.toFixed(3)}`);
    expect(worst).to.be.within(0.5, 0.8);
    expect(worstDensity).to.be.within(0.5, 0.8);
  });

  for (const [name, draw] of [
    ["listed", drawListedOption],
    ["any", (random: SeededRandom) => drawOption(random, true)],
  ] as const) {
    it(`prices ${name} options within 1 wei and 0.5e-18 of the lesser of spot and strike`, () => {
      // Errors of N, twice; an error of the logarithm cancels to first order, as spot · φ(d₁) = strike · φ(d₂).
      // The last bit of N is 2^-96: it shows when the greater of the two is 2^96 wei or so.
      const random = new SeededRandom(SEED + 4);
      let worst = 0;
      let worstWei = 0;
      for (let i = 0; i < 2_500; i++) {
        const option = draw(random);
        const { spot, strike } = option;
        const error = toNumber(magnitude(optionPrice(option) * SCALE - blackScholes(option).price));
        const [low, high] = spot < strike ? [spot, strike] : [strike, spot];
        worstWei = Math.max(worstWei, low < WAD && high < 1n << 90n ? error : 0);
        worst = Math.max(worst, (error - 1) / (Number(low) * 1e-18 + Number(high) * 2 ** -94));
      }
      console.log(`      largest error: ${worst.toFixed(3)}e-18; ${worstWei.toFixed(3)} wei where that is no wei`);
      expect(worst).to.be.within(0.01, 0.5);
      expect(worstWei).to.be.lessThan(1.5);
    });

    it(`has the Greeks of ${name} options within what the 18 digits of ln leave`, () => {
      // An error of 2.2e-18 in the logarithm (its argument and itself cut off) is one of 2.2e-18/s in d, times the density in delta, and times |d|
      // relative to the others; the density itself is good to 3e-18, and to 2^-94.
      const random = new SeededRandom(SEED + 5);
      const worst = { delta: 0, gamma: 0, vega: 0, theta: 0 };
      for (let i = 0; i < 2_500; i++) {
        const option = draw(random);
        const greeks = optionGreeks(option);
        const truth = blackScholes(option);
        const [s, d] = [toNumber(truth.deviation), toNumber(truth.d1)];
        const phi = Math.exp(-d * d * 0.5) / Math.sqrt(2 * Math.PI);
        for (const greek of ["delta", "gamma", "vega", "theta"] as const) {
          const error = toNumber(magnitude(greeks[greek] * SCALE - truth[greek]));
          const relative = 3e-18 + (2.2e-18 * Math.abs(d)) / s + 2 ** -94 / phi;
          const isOff = phi < 2 ** -100;
          const allowed =
            greek === "delta" ? (2.2 * phi) / s : toNumber(magnitude(truth[greek])) * (isOff ? 1 : relative);
          // One unit is the rounding of the result.
          worst[greek] = Math.max(worst[greek], (error - 1) / allowed);
        }
      }
      const shares = Object.entries(worst).map(([greek, share]) => `${greek} ${share.toFixed(3)}`);
      console.log(`      share of the allowed error used: ${shares.join(", ")}`);
      for (const [greek, share] of Object.entries(worst)) expect(share, greek).to.be.within(0.05, 1);
    });
  }

  it("has the values of the textbook", () => {
    // Hull, Options, Futures and Other Derivatives. A rate r turns the spot into the forward F = S e^(rT), and our
    // price into e^(rT) times his. Example 15.6: S 42, K 40, r 10 %, 20 %, half a year: c = 4.76, p = 0.81.
    const growth = Math.exp(0.05);
    const terms = { spot: wei(42 * growth), strike: wei(40), secondsToExpiry: YEAR / 2n, volatilityPpm: ppm(0.2) };
    expectNear(toQuote(optionPrice({ ...terms, isCall: true })) / growth, 4.76, 0.005);
    expectNear(toQuote(optionPrice({ ...terms, isCall: false })) / growth, 0.81, 0.005);
    // Black's model there: a put on a future, F 20, K 20, r 9 %, 25 %, four months: p = 1.12.
    const future = {
      isCall: false,
      spot: wei(20),
      strike: wei(20),
      secondsToExpiry: YEAR / 3n,
      volatilityPpm: ppm(0.25),
    };
    expectNear(toQuote(optionPrice(future)) * Math.exp(-0.03), 1.12, 0.005);
  });

  it("has the Greeks of the textbook", () => {
    // Hull, chapter on the Greek letters: S 49, K 50, r 5 %, 20 %, T 0.3846: 0.522, 0.066, 12.1, -4.31.
    const growth = Math.exp(0.05 * 0.3846);
    const greeks = optionGreeks({
      ...{ isCall: true, spot: wei(49 * growth), strike: wei(50) },
      ...{ secondsToExpiry: 12_128_746n, volatilityPpm: ppm(0.2) },
    });
    expectNear(toQuote(greeks.delta), 0.522, 0.0005);
    expectNear(toQuote(greeks.gamma) * growth, 0.066, 0.0005);
    expectNear(toQuote(greeks.vega) / growth, 12.1, 0.05);
    // His theta has the interest on the strike in it, r K e^(-rT) N(d₂), with N(d₂) = 0.472.
    const interest = ((0.05 * 50) / growth) * 0.472;
    expectNear(toQuote(greeks.theta) / growth - interest, -4.31, 0.005);
  });
});

describe("OptionPricing as a law", () => {
  const random = new SeededRandom(SEED + 6);

  it("keeps parity, symmetry and bounds exactly", () => {
    for (let i = 0; i < 10_000; i++) {
      const { spot, strike, ...rest } = drawOption(random);
      const call = optionPrice({ ...rest, spot, strike, isCall: true });
      const put = optionPrice({ ...rest, spot, strike, isCall: false });
      const where = `${spot}, ${strike}, ${rest.secondsToExpiry}, ${rest.volatilityPpm}`;
      expect(call - put === spot - strike, where).to.equal(true);
      expect(call >= 0n && put >= 0n && call <= spot && put <= strike, where).to.equal(true);
      expect(optionPrice({ ...rest, spot: strike, strike: spot, isCall: false }) === call, where).to.equal(true);
      const [long, short] = [true, false].map((isCall) => optionGreeks({ ...rest, spot, strike, isCall }));
      expect(long!.delta - short!.delta === WAD && long!.delta >= 0n && long!.delta <= WAD, where).to.equal(true);
      expect(long!.gamma === short!.gamma && long!.vega === short!.vega && long!.theta <= 0n, where).to.equal(true);
    }
  });

  it("is the intrinsic value at zero time and at zero volatility", () => {
    for (let i = 0; i < 2_000; i++) {
      const option = { ...drawOption(random), [random.bool() ? "secondsToExpiry" : "volatilityPpm"]: 0n };
      const gain = option.isCall ? option.spot - option.strike : option.strike - option.spot;
      expect(optionPrice(option)).to.equal(gain > 0n ? gain : 0n);
      const slope = gain > 0n ? WAD : gain === 0n ? WAD / 2n : 0n;
      const delta = option.isCall ? slope : -slope;
      expect(optionGreeks(option)).to.deep.equal({ delta, gamma: 0n, vega: 0n, theta: 0n });
    }
  });

  it("rises with volatility and time, with the spot for a call, with the strike for a put", () => {
    // Up to the errors of two prices.
    const most = (value: bigint, max: bigint) => (value > max ? max : value);
    for (let i = 0; i < 5_000; i++) {
      const option = drawOption(random);
      const { isCall, spot, strike, secondsToExpiry, volatilityPpm } = option;
      const price = optionPrice(option);
      const step = BigInt(1 + random.below(10 ** (1 + random.below(9))));
      const noise = 2n + (spot < strike ? spot : strike) / WAD + ((spot > strike ? spot : strike) >> 94n);
      const more = [
        { ...option, volatilityPpm: most(volatilityPpm + step, 100_000_000n) },
        { ...option, secondsToExpiry: most(secondsToExpiry + step, MAX_SECONDS) },
        { ...option, [isCall ? "spot" : "strike"]: most((isCall ? spot : strike) + step * WAD, MAX_AMOUNT) },
      ];
      for (const larger of more) {
        expect(optionPrice(larger) + noise >= price, `${describeOption(option)} → ${describeOption(larger)}`).to.equal(
          true,
        );
      }
    }
  });

  it("has an N that is symmetric exactly, and never falls by more than a wei", () => {
    for (let i = 0; i < 5_000; i++) {
      const x = random.int(65);
      expect(cdf(x) + cdf(-x)).to.equal(WAD);
      expect(cdf(x + 1n) + 1n >= cdf(x) && cdf(x + BigInt(random.below(1_000_000))) + 1n >= cdf(x)).to.equal(true);
    }
    const seams = seamArguments().filter((x) => magnitude(x) < 100n * WAD);
    for (const x of seams) expect(cdf(x + 1n) + 1n >= cdf(x), `${x}`).to.equal(true);
    expect([cdf(0n), cdf(INT_MIN), cdf(-INT_MIN - 1n)]).to.deep.equal([WAD / 2n, 0n, WAD]);
  });

  it("has roots that are the nearest whole number below and above", () => {
    for (let i = 0; i < 5_000; i++) {
      const value = random.uint(1 + random.below(256));
      const [below, above] = [sqrt(value), sqrtUp(value)];
      expect(below * below <= value && (below + 1n) ** 2n > value).to.equal(true);
      expect(above - below).to.equal(below * below === value ? 0n : 1n);
    }
  });
});
