import { expect } from "chai";
import { network } from "hardhat";

import { optionPrice } from "../../../keeper/books/model/optionPricing.ts";
import type { InstrumentRegistry } from "../../../types/ethers-contracts/index.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { DAY, deployRisk, FEED_UNIT, FEEDS, UNIT, type Risk } from "./deployRisk.ts";
import { callTerms, KIND, perpetualTerms } from "./terms.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const [PERPETUAL, CALL, PUT, UNKNOWN] = [1, 2, 3, 99] as const;
const STRIKE = 3_000n * UNIT;
const SPOT = 3_150n * UNIT;
const VOLATILITY = 800_000n;
const SHOCK = 300_000;
const LIFE = 60 * DAY;
const OPTIONS = [CALL, PUT] as const;

const scene = async (): Promise<Risk> => await deployRisk(connection);

describe("InstrumentRegistry > wind-down", () => {
  let system: Risk;
  let instruments: InstrumentRegistry;
  let expiry: number;
  /** When the incident began: 30 days before now. */
  let incidentAt: number;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(scene);
    ({ instruments } = system);
    incidentAt = await time.latest();
    expiry = incidentAt + LIFE;
    await instruments.setInstrument(PERPETUAL, perpetualTerms());
    await instruments.listOption(CALL, callTerms(FEEDS.rounds), STRIKE, expiry, VOLATILITY, SHOCK);
    const put = { ...callTerms(FEEDS.rounds), kind: KIND.Put };
    await instruments.listOption(PUT, put, STRIKE, expiry, VOLATILITY, SHOCK);
    await time.increase(30 * DAY);
  });

  function valueAt(isCall: boolean, spot: bigint, secondsToExpiry: number, volatilityPpm = VOLATILITY): bigint {
    return optionPrice({ isCall, spot, strike: STRIKE, secondsToExpiry: BigInt(secondsToExpiry), volatilityPpm });
  }

  /** Proves the price of both options at expiry. */
  async function settleAtExpiry(price: bigint): Promise<void> {
    await system.rounds.set(7, (price / UNIT) * FEED_UNIT, expiry - 60, 7);
    await system.rounds.set(8, FEED_UNIT, expiry + 1, 8);
    await time.increaseTo(expiry + 10);
    for (const option of OPTIONS) await instruments.settle(option, 7);
  }

  describe("settleWindDown", () => {
    async function refuses(instrument: number, error: string, args: readonly unknown[], spot = SPOT): Promise<void> {
      await expect(instruments.settleWindDown(instrument, incidentAt, spot))
        .to.be.revertedWithCustomError(instruments, error)
        .withArgs(...args);
    }

    it("is for its role", async () => {
      await expect(instruments.connect(system.user).settleWindDown(PERPETUAL, incidentAt, SPOT))
        .to.be.revertedWithCustomError(instruments, "AccessManagedUnauthorized")
        .withArgs(system.user.address);
    });

    it("refuses a spot of zero, and what is not listed", async () => {
      for (const instrument of [PERPETUAL, CALL, UNKNOWN]) await refuses(instrument, "InstrumentZero", [], 0n);
      await refuses(UNKNOWN, "InstrumentUnknown", [UNKNOWN]);
    });

    it("refuses what has its final price, however it came to it", async () => {
      for (const instrument of [PERPETUAL, CALL]) await instruments.settleWindDown(instrument, incidentAt, SPOT);
      for (const instrument of [PERPETUAL, CALL]) await refuses(instrument, "InstrumentAlreadySettled", [instrument]);
      await system.rounds.set(7, 3_100n * FEED_UNIT, expiry - 60, 7);
      await time.increaseTo(expiry + 3 * DAY);
      await expect(instruments.settle(CALL, 7))
        .to.be.revertedWithCustomError(instruments, "InstrumentAlreadySettled")
        .withArgs(CALL);
      await instruments.settle(PUT, 7);
      await refuses(PUT, "InstrumentAlreadySettled", [PUT]);
      await time.increaseTo(expiry + 8 * DAY);
      await expect(instruments.settleByGovernance(CALL, 1))
        .to.be.revertedWithCustomError(instruments, "InstrumentAlreadySettled")
        .withArgs(CALL);
    });

    it("leaves an option that has expired to be settled as ever", async () => {
      await time.setNextBlockTimestamp(expiry - 1);
      await instruments.settleWindDown(CALL, incidentAt, SPOT);
      await time.setNextBlockTimestamp(expiry);
      await refuses(PUT, "InstrumentExpiredBefore", [PUT, expiry]);
      await system.rounds.set(7, 2_900n * FEED_UNIT, expiry - 60, 7);
      await system.rounds.set(8, FEED_UNIT, expiry + 1, 8);
      await time.increaseTo(expiry + 10);
      await instruments.settle(PUT, 7);
      expect(await instruments.payoffOf(PUT)).to.deep.equal([100n * UNIT, true]);
      expect(await instruments.payoffOf(CALL)).to.deep.equal([valueAt(true, SPOT, LIFE), true]);
    });

    it("fixes a perpetual at the spot price", async () => {
      const settledAt = (await time.latest()) + 100;
      await time.setNextBlockTimestamp(settledAt);
      await expect(instruments.settleWindDown(PERPETUAL, incidentAt, SPOT))
        .to.emit(instruments, "WindDownPriceFixed")
        .withArgs(PERPETUAL, SPOT, settledAt, SPOT, incidentAt);
      expect(await instruments.settlementOf(PERPETUAL)).to.deep.equal([SPOT, BigInt(settledAt), true, true]);
    });

    for (const [name, option] of [
      ["call", CALL],
      ["put", PUT],
    ] as const) {
      it(`fixes a ${name} at what it was worth at the incident`, async () => {
        const settledAt = (await time.latest()) + 100;
        const value = valueAt(option === CALL, SPOT, LIFE);
        await time.setNextBlockTimestamp(settledAt);
        await expect(instruments.settleWindDown(option, incidentAt, SPOT))
          .to.emit(instruments, "WindDownPriceFixed")
          .withArgs(option, value, settledAt, SPOT, incidentAt);
        expect(await instruments.settlementOf(option)).to.deep.equal([value, BigInt(settledAt), true, true]);
      });
    }

    it("keeps calls, puts and the perpetual of one underlying worth what they hedge", async () => {
      for (const instrument of [PERPETUAL, CALL, PUT]) await instruments.settleWindDown(instrument, incidentAt, SPOT);
      const [perpetual, call, put] = await Promise.all(
        [PERPETUAL, CALL, PUT].map(async (instrument) => (await instruments.payoffOf(instrument))[0]),
      );
      expect(call! - put!).to.equal(perpetual! - STRIKE);
    });

    it("is Black-Scholes for any spot, strike, life and volatility", async () => {
      const random = new SeededRandom(chooseSeed(1_973));
      for (let instrument = 100; instrument < 160; instrument += 1) {
        const isCall = random.bool();
        const strike = 1n + (random.uint(128) >> BigInt(random.below(120)));
        const spot = 1n + (random.uint(128) >> BigInt(random.below(120)));
        const volatilityPpm = BigInt(50_000 + random.below(2_950_001));
        const listedAt = (await time.latest()) + 1;
        const life = 2 + random.below(730 * DAY);
        const terms = { ...callTerms(), kind: isCall ? KIND.Call : KIND.Put };
        await time.setNextBlockTimestamp(listedAt);
        await instruments.listOption(instrument, terms, strike, listedAt + life, volatilityPpm, SHOCK);
        const at = listedAt - random.below(60 * DAY);
        await instruments.settleWindDown(instrument, at, spot);
        const secondsToExpiry = BigInt(listedAt + life - at);
        expect((await instruments.payoffOf(instrument))[0], `instrument ${instrument}`).to.equal(
          optionPrice({ isCall, spot, strike, secondsToExpiry, volatilityPpm }),
        );
      }
    });
  });

  describe("payoffOf", () => {
    const NONE = [0n, false];

    it("is not final for what is not listed or has no price yet", async () => {
      for (const instrument of [UNKNOWN, PERPETUAL, CALL, PUT]) {
        expect(await instruments.payoffOf(instrument)).to.deep.equal(NONE);
      }
      await time.increaseTo(expiry + 10);
      expect(await instruments.payoffOf(CALL)).to.deep.equal(NONE);
    });

    for (const [price, call, put] of [
      [3_150n, 150n, 0n],
      [3_000n, 0n, 0n],
      [2_900n, 0n, 100n],
    ] as const) {
      it(`is the payoff of options that settled at ${price}`, async () => {
        await settleAtExpiry(price * UNIT);
        expect(await instruments.payoffOf(CALL)).to.deep.equal([call * UNIT, true]);
        expect(await instruments.payoffOf(PUT)).to.deep.equal([put * UNIT, true]);
        expect(await instruments.payoffOf(PERPETUAL)).to.deep.equal(NONE);
      });
    }

    it("is the payoff at the price that governance names", async () => {
      await time.increaseTo(expiry + 7 * DAY);
      await instruments.settleByGovernance(CALL, 3_007n * UNIT);
      expect(await instruments.payoffOf(CALL)).to.deep.equal([7n * UNIT, true]);
    });

    it("is the price of the wind-down, whatever the kind, before expiry and after", async () => {
      for (const instrument of [PERPETUAL, CALL, PUT]) await instruments.settleWindDown(instrument, incidentAt, SPOT);
      const expected = [SPOT, valueAt(true, SPOT, LIFE), valueAt(false, SPOT, LIFE)];
      for (const at of [expiry - 1, expiry, expiry + DAY]) {
        await time.increaseTo(at);
        for (const [index, instrument] of [PERPETUAL, CALL, PUT].entries()) {
          expect(await instruments.payoffOf(instrument)).to.deep.equal([expected[index], true]);
        }
      }
    });

    it("is final at zero for an option that is worth nothing", async () => {
      await instruments.settleWindDown(CALL, incidentAt, 1n);
      expect(await instruments.payoffOf(CALL)).to.deep.equal([0n, true]);
    });
  });
});
