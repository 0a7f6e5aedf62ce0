import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";

import {
  evaluatePortfolio,
  markOf,
  type MarginPortfolio,
  type MarginPosition,
  type Valuation,
} from "../../../keeper/books/model/margin.ts";
import { optionGreeks } from "../../../keeper/books/model/optionPricing.ts";
import { premiumPpm } from "../../../keeper/books/model/syncLag.ts";
import type { MarginEngine, MarginHarness } from "../../../types/ethers-contracts/index.ts";
import { encodeRow, portfolioOf, readingOf, TERMS } from "../../helpers/MarginReference.ts";
import { DAY, deployRisk, FEED_UNIT, FEEDS, HIGH, LOW, type Risk } from "./deployRisk.ts";
import { callTerms, perpetualTerms } from "./terms.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const ONE = 10n ** 18n;
const ETH = readingOf(3_000n * ONE, { updatedAt: -30n });
const BTC = readingOf(60_000n * ONE, { updatedAt: -30n });
const STALE = { ...ETH, quality: "usable" as const };

type OptionPosition = Extract<MarginPosition, { kind: "call" | "put" }>;

function perpetual(size: bigint, reading = ETH): MarginPosition {
  return { kind: "perpetual", size, terms: { ...TERMS, feed: reading === BTC ? 2n : 1n }, reading };
}

function option(kind: "call" | "put", size: bigint, strike: bigint): OptionPosition {
  const terms = {
    strike: strike * ONE,
    expiry: BigInt(30 * DAY),
    volatilityPpm: 800_000n,
    volatilityShockPpm: 300_000n,
  };
  return { kind, size, terms: TERMS, reading: ETH, option: { ...terms, settlementPrice: null, isWindDown: false } };
}

function expired(own: OptionPosition, settlementPrice: bigint | null, reading = ETH): OptionPosition {
  return { ...own, reading, option: { ...own.option, expiry: -1n, settlementPrice } };
}

/** Closed by a wind-down at `price`, and past its expiry since. */
function woundDown(own: OptionPosition, price: bigint): OptionPosition {
  const { option: terms, ...rest } = expired(own, price, STALE);
  return { ...rest, option: { ...terms, isWindDown: true } };
}

describe("MarginEngine", () => {
  let harness: MarginHarness;
  let engine: MarginEngine;

  before(async () => {
    harness = await ethers.deployContract("MarginHarness");
    engine = await ethers.deployContract("MarginEngine", [harness, harness]);
  });

  /** What a view of the engine answers while the registry and the oracle are those of `own`, instrument 1. */
  async function ask(own: MarginPosition, fn: "markOf" | "greeksOf" | "lagPremiumPpm", ...more: number[]) {
    const data = engine.interface.encodeFunctionData(fn as "markOf", [1, ...more] as [number]);
    const answer = await harness.callWith.staticCall(engine, encodeRow(portfolioOf({ positions: [own] })), data);
    return engine.interface.decodeFunctionResult(fn as "markOf", answer) as unknown as [unknown];
  }

  it("refuses to be deployed without a registry or an oracle", async () => {
    for (const parameters of [
      [ZeroAddress, harness],
      [harness, ZeroAddress],
    ] as const) {
      const deployment = ethers.deployContract("MarginEngine", [...parameters]);
      await expect(deployment).to.be.revertedWithCustomError(engine, "MarginZeroAddress");
    }
  });

  describe("evaluate", () => {
    it("refuses an instrument that is not listed", async () => {
      const positions = [{ instrument: 7, size: 1n }];
      const portfolio = { quote: 0n, positions, collateral: [], checkpointTime: 0 };
      await expect(engine.evaluate(portfolio, 0))
        .to.be.revertedWithCustomError(engine, "MarginUnlistedInstrument")
        .withArgs(7);
    });

    it("is the quote of an account without positions", async () => {
      const empty = { quote: -5n, positions: [], collateral: [], checkpointTime: 0 };
      expect([...(await engine.evaluate(empty, 0))]).to.deep.equal([-5n, -5n, 0n, 0n, 0n, true]);
    });
  });

  describe("evaluatePerpetual", () => {
    it("says what evaluate says of the same portfolio", async () => {
      // So old that the lag premium is at its cap whatever the block's time is.
      const reading = { ...ETH, updatedAt: -200n * BigInt(DAY) };
      const { timestamp } = (await ethers.provider.getBlock("latest"))!;
      const time = BigInt(timestamp) + reading.updatedAt;
      for (const [size, maintenancePpm] of [
        [3n * ONE + 1n, 50_000n],
        [-3n * ONE - 1n, 50_000n],
        [-7n * ONE, 100_001n],
      ] as const) {
        const own = perpetual(size, reading);
        const positions = [{ ...own, terms: { ...own.terms, maintenancePpm } }];
        const expected = evaluatePortfolio(portfolioOf({ positions, quote: 5n, checkpointTime: -1_000n }));
        const { initialPpm, lagVolatilityPpm } = TERMS;
        const times = [time, timestamp - 1_000] as const;
        const answer = await engine.evaluatePerpetual(
          5n,
          size,
          ETH.value,
          ...times,
          initialPpm,
          maintenancePpm,
          lagVolatilityPpm,
        );
        expect([...answer]).to.deep.equal(Object.values(expected));
      }
    });
  });

  describe("markOf", () => {
    it("refuses an instrument that is not listed", async () => {
      await expect(engine.markOf(7)).to.be.revertedWithCustomError(engine, "MarginUnlistedInstrument").withArgs(7);
    });

    it("reverts with the oracle's error when the price breaks a rule", async () => {
      for (const own of [perpetual(ONE, STALE), { ...option("call", ONE, 3_000n), reading: STALE }]) {
        await expect(ask(own, "markOf")).to.be.revertedWithCustomError(harness, "HarnessBadPrice").withArgs(1, 2);
      }
    });

    it("is the price of a perpetual and the Black-Scholes price of an option", async () => {
      for (const own of [perpetual(ONE), option("call", ONE, 3_100n), option("put", ONE, 3_100n)]) {
        expect((await ask(own, "markOf"))[0]).to.equal(markOf(own, ETH.value, 0n));
      }
    });

    it("is what an expired option would pay now, and what a settled one pays, whatever the price", async () => {
      const call = option("call", ONE, 2_900n);
      expect((await ask(expired(call, null), "markOf"))[0]).to.equal(100n * ONE);
      expect((await ask(expired(call, 2_950n * ONE, STALE), "markOf"))[0]).to.equal(50n * ONE);
    });

    it("is what a wind-down fixed, as it is, once the option has expired", async () => {
      for (const kind of ["call", "put"] as const) {
        const closed = woundDown(option(kind, ONE, 2_900n), 120n * ONE);
        expect((await ask(closed, "markOf"))[0]).to.equal(120n * ONE);
        expect(markOf(closed, ETH.value, 0n)).to.equal(120n * ONE);
      }
    });
  });

  describe("greeksOf", () => {
    it("refuses what is no option", async () => {
      await expect(ask(perpetual(ONE), "greeksOf"))
        .to.be.revertedWithCustomError(engine, "MarginNotOption")
        .withArgs(1);
    });

    it("are those of the pricing library, and zero once the option has its final price", async () => {
      const put = option("put", ONE, 3_100n);
      const { strike, expiry: secondsToExpiry, volatilityPpm } = put.option;
      const greeks = optionGreeks({ isCall: false, spot: ETH.value, strike, secondsToExpiry, volatilityPpm });
      const { delta, gamma, vega, theta } = greeks;
      expect(await ask(put, "greeksOf")).to.deep.equal([[delta, gamma, vega, theta]]);
      expect(await ask(expired(put, ONE, STALE), "greeksOf")).to.deep.equal([[0n, 0n, 0n, 0n]]);
    });
  });

  it("says what lag costs in the notional of an instrument", async () => {
    const now = await networkHelpers.time.latest();
    // The block of a call is at most a few seconds later; each is worth less than 200 ppm here.
    const [ppm] = (await ask(perpetual(ONE), "lagPremiumPpm", now - 60)) as [bigint];
    expect(ppm >= premiumPpm(800_000n, 90n, 100_000n) && ppm <= premiumPpm(800_000n, 100n, 100_000n)).to.equal(true);
    expect((await ask(perpetual(ONE), "lagPremiumPpm", 0))[0], "the cap").to.equal(100_000n);
  });

  describe("on the real registry and oracle", () => {
    const PERPETUAL = 1;
    const CALL = 2;

    it("agrees with the model", async () => {
      const system = await deployRisk(connection);
      const { now, portfolio, valuation } = await valueOnChain(system);
      expect(portfolio.positions.length).to.equal(2);
      expect(valuation).to.deep.equal(evaluatePortfolio({ ...portfolio, now }));
      expect(valuation.isValid).to.equal(true);
      expect(valuation.lagPremium > 0n).to.equal(true);
    });

    async function valueOnChain(
      system: Risk,
    ): Promise<{ now: bigint; portfolio: MarginPortfolio; valuation: Valuation }> {
      const { instruments, oracle, primary } = system;
      const real = await ethers.deployContract("MarginEngine", [instruments, oracle]);
      const start = await networkHelpers.time.latest();
      await primary.set(1, 3_000n * FEED_UNIT, start, 1);
      await instruments.setInstrument(PERPETUAL, perpetualTerms());
      const strike = 3_100n * ONE;
      const expiry = start + 30 * DAY;
      await instruments.listOption(CALL, callTerms(), strike, expiry, 800_000, 300_000);
      await networkHelpers.mine();
      const block = await ethers.provider.getBlock("latest");
      const sizes = [ONE, -3n * ONE] as const;
      const positions = [
        { instrument: PERPETUAL, size: sizes[0] },
        { instrument: CALL, size: sizes[1] },
      ];
      const asked = { quote: 7n * ONE, positions, collateral: [], checkpointTime: start - 60 };
      const answer = await real.evaluate(asked, 0, { blockTag: block!.number });
      const [equity, cash, initial, maintenance, lagPremium, isValid] = answer;
      const terms = { ...TERMS, feed: BigInt(FEEDS.bare) };
      const reading = {
        quality: "valid" as const,
        value: 3_000n * ONE,
        low: LOW,
        high: HIGH,
        updatedAt: BigInt(start),
      };
      const called = { strike, expiry: BigInt(expiry), volatilityPpm: 800_000n, volatilityShockPpm: 300_000n };
      const portfolio = portfolioOf({
        quote: 7n * ONE,
        checkpointTime: BigInt(start - 60),
        positions: [
          { kind: "perpetual", size: sizes[0], terms, reading },
          {
            kind: "call",
            size: sizes[1],
            terms,
            reading,
            option: { ...called, settlementPrice: null, isWindDown: false },
          },
        ],
      });
      const valuation = { equity, cash, initial, maintenance, lagPremium, isValid };
      return { now: BigInt(block!.timestamp), portfolio, valuation };
    }
  });

  describe("gas", () => {
    const rows: (readonly [string, bigint])[] = [];

    after(() => {
      const lines = rows.map(([name, gas]) => `| evaluate ${name} | ${gas.toLocaleString("en-US")} |`);
      process.stdout.write(`\n| call, everything warm | gas |\n|---|---:|\n${lines.join("\n")}\n\n`);
    });

    const thirty = (sign: bigint): MarginPosition[] =>
      Array.from({ length: 30 }, (_, i) => option(i % 2 === 0 ? "call" : "put", sign * ONE, 2_000n + BigInt(70 * i)));

    for (const [name, budget, positions] of [
      ["1 perpetual", 11_000n, [perpetual(ONE)]],
      ["2 perpetuals", 23_500n, [perpetual(ONE), perpetual(-ONE, BTC)]],
      ["1 short option", 64_000n, [option("call", -ONE, 3_100n)]],
      ["30 short options", 2_100_000n, thirty(-1n)],
      ["30 long options", 1_500_000n, thirty(1n)],
    ] as const) {
      it(`of ${name} stays within its budget`, async () => {
        const row = encodeRow(portfolioOf({ positions, quote: ONE, checkpointTime: -20n }));
        const gas = await harness.gasOf.staticCall(engine, row);
        rows.push([name, gas]);
        expect(gas <= budget, `${gas}`).to.equal(true);
      });
    }
  });
});
