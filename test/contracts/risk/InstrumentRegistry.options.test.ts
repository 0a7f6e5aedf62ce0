import { expect } from "chai";
import { network } from "hardhat";

import type { InstrumentRegistry } from "../../../types/ethers-contracts/index.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { DAY, deployRisk, FEED_UNIT, FEEDS, HOUR, MAX_AGE, UNIT, type Risk } from "./deployRisk.ts";
import { callTerms, KIND, perpetualTerms, type Terms } from "./terms.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const OPTION = 5;
const STRIKE = 3_000n * UNIT;
const VOLATILITY = 800_000;
const SHOCK = 300_000;
const STEP_PPM = 100_000;
const YEARS_2 = 2 * 365 * DAY;

const scene = async (): Promise<Risk> => await deployRisk(connection);

describe("InstrumentRegistry > options", () => {
  let system: Risk;
  let instruments: InstrumentRegistry;
  let expiry: number;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(scene);
    ({ instruments } = system);
    expiry = (await time.latest()) + 30 * DAY;
  });

  /** Lists a call that is settled by `feed`, round by round. */
  async function list(feed: number = FEEDS.rounds): Promise<void> {
    await instruments.listOption(OPTION, callTerms(feed), STRIKE, expiry, VOLATILITY, SHOCK);
  }

  describe("listOption", () => {
    interface Listing extends Terms {
      readonly strike: bigint;
      readonly expiry: number;
      readonly volatility: number;
      readonly shock: number;
    }
    const attempt = async (changes: Partial<Listing>) => {
      const { strike = STRIKE, expiry: at = expiry, volatility = VOLATILITY, shock = SHOCK, ...terms } = changes;
      return await instruments.listOption(OPTION, { ...callTerms(), ...terms }, strike, at, volatility, shock);
    };
    const refuses = async (changes: Partial<Listing>, error: string, args: readonly unknown[] = []): Promise<void> => {
      await expect(attempt(changes))
        .to.be.revertedWithCustomError(instruments, error)
        .withArgs(...args);
    };

    it("is for governance", async () => {
      const { user } = system;
      const listing = instruments.connect(user).listOption(OPTION, callTerms(), STRIKE, expiry, VOLATILITY, SHOCK);
      await expect(listing)
        .to.be.revertedWithCustomError(instruments, "AccessManagedUnauthorized")
        .withArgs(user.address);
    });

    it("refuses what is listed already, and what is no option", async () => {
      for (const kind of [KIND.None, KIND.Perpetual]) await refuses({ kind }, "InstrumentNotOption", [OPTION]);
      await list();
      await refuses({}, "InstrumentKindFixed", [OPTION, KIND.Call]);
      await instruments.setInstrument(6, perpetualTerms());
      await expect(instruments.listOption(6, callTerms(), STRIKE, expiry, VOLATILITY, SHOCK))
        .to.be.revertedWithCustomError(instruments, "InstrumentKindFixed")
        .withArgs(6, KIND.Perpetual);
    });

    it("refuses a zero strike, and volatilities and shocks out of range", async () => {
      await refuses({ strike: 0n }, "InstrumentBadStrike", [0]);
      for (const volatility of [0, 49_999, 3_000_001]) {
        await refuses({ volatility }, "InstrumentBadVolatility", [volatility]);
      }
      for (const shock of [0, 1_000_000]) await refuses({ shock }, "InstrumentBadVolatility", [shock]);
    });

    it("refuses an expiry that has come, or beyond two years", async () => {
      const at = (await time.latest()) + 100;
      for (const bad of [at, at - 1, 0, at + YEARS_2 + 1, 2 ** 40 - 1]) {
        await time.setNextBlockTimestamp(at);
        await refuses({ expiry: bad }, "InstrumentBadExpiry", [bad]);
      }
      for (const [index, seconds] of [1, YEARS_2].entries()) {
        await time.setNextBlockTimestamp(at + index);
        await instruments.listOption(index + 1, callTerms(), STRIKE, at + index + seconds, VOLATILITY, SHOCK);
      }
    });

    it("refuses terms that no instrument may have, and funding", async () => {
      await refuses({ maxFundingPpm: 1n }, "InstrumentBadFunding", [1]);
      await refuses({ maintenancePpm: 0n }, "InstrumentBadMargin", [100_000, 0]);
      await refuses({ feed: 0n }, "InstrumentZero");
      await expect(
        instruments.listOption(0, callTerms(), STRIKE, expiry, VOLATILITY, SHOCK),
      ).to.be.revertedWithCustomError(instruments, "InstrumentZero");
    });

    it("stores and says terms, volatility and the mark of its settlement", async () => {
      const listing = await attempt({ kind: KIND.Put });
      const at = await time.latest();
      await expect(listing)
        .to.emit(instruments, "InstrumentSet")
        .withArgs(OPTION, Object.values({ ...callTerms(), kind: KIND.Put }));
      await expect(listing).to.emit(instruments, "OptionListed").withArgs(OPTION, STRIKE, expiry, SHOCK);
      await expect(listing).to.emit(instruments, "VolatilitySet").withArgs(OPTION, VOLATILITY, at);
      const stored = [STRIKE, BigInt(expiry), BigInt(VOLATILITY), BigInt(SHOCK), BigInt(at)];
      expect(await instruments.optionOf(OPTION)).to.deep.equal(stored);
      expect(await instruments.settlementOf(OPTION)).to.deep.equal([0n, 0n, true, false]);
    });
  });

  describe("setVolatility", () => {
    let start: number;
    /** Sets it `elapsed` seconds after the listing. */
    const setAfter = async (elapsed: number, volatility: number) => {
      await time.setNextBlockTimestamp(start + elapsed);
      return await instruments.setVolatility(OPTION, volatility);
    };
    const refusesStep = async (elapsed: number, volatility: number, allowed: number): Promise<void> => {
      await expect(setAfter(elapsed, volatility))
        .to.be.revertedWithCustomError(instruments, "InstrumentVolatilityStep")
        .withArgs(VOLATILITY, volatility, allowed);
    };

    beforeEach(async () => {
      await list();
      start = await time.latest();
    });

    it("is for its role", async () => {
      await expect(instruments.connect(system.user).setVolatility(OPTION, VOLATILITY))
        .to.be.revertedWithCustomError(instruments, "AccessManagedUnauthorized")
        .withArgs(system.user.address);
    });

    it("refuses what is not listed, no option, or expired", async () => {
      await expect(instruments.setVolatility(99, VOLATILITY))
        .to.be.revertedWithCustomError(instruments, "InstrumentUnknown")
        .withArgs(99);
      await instruments.setInstrument(6, perpetualTerms());
      await expect(instruments.setVolatility(6, VOLATILITY))
        .to.be.revertedWithCustomError(instruments, "InstrumentNotOption")
        .withArgs(6);
      await setAfter(expiry - 1 - start, VOLATILITY);
      await expect(setAfter(expiry - start, VOLATILITY))
        .to.be.revertedWithCustomError(instruments, "InstrumentBadExpiry")
        .withArgs(expiry);
    });

    it("refuses a volatility out of range, however much time has passed", async () => {
      for (const volatility of [49_999, 3_000_001]) {
        await expect(setAfter(DAY, volatility))
          .to.be.revertedWithCustomError(instruments, "InstrumentBadVolatility")
          .withArgs(volatility);
      }
    });

    it("moves by the step of the time since, on either side, and no further", async () => {
      await refusesStep(9, VOLATILITY + 251, 250);
      await refusesStep(18, VOLATILITY - 501, 500);
      await expect(setAfter(36, VOLATILITY - 1_000))
        .to.emit(instruments, "VolatilitySet")
        .withArgs(OPTION, VOLATILITY - 1_000, start + 36);
      const { volatilityPpm, volatilityAt, strike, volatilityShockPpm } = await instruments.optionOf(OPTION);
      expect([volatilityPpm, volatilityAt]).to.deep.equal([BigInt(VOLATILITY - 1_000), BigInt(start + 36)]);
      expect([strike, volatilityShockPpm]).to.deep.equal([STRIKE, BigInt(SHOCK)]);
      await setAfter(72, VOLATILITY);
    });

    it("moves by one hour's step at most, however long it stood still", async () => {
      await refusesStep(HOUR, VOLATILITY + STEP_PPM + 1, STEP_PPM);
      await refusesStep(10 * DAY, VOLATILITY - STEP_PPM - 1, STEP_PPM);
      await setAfter(10 * DAY + 1, VOLATILITY - STEP_PPM);
    });

    it("walks at random, and never faster than a step an hour and one at once", async () => {
      const random = new SeededRandom(chooseSeed(1_973));
      const walk = [{ at: start, volatility: VOLATILITY }];
      let refused = 0;
      for (let at = start, index = 0; index < 200; index++) {
        at += 1 + random.below([30, 600, 8_000][random.below(3)]!);
        const last = walk.at(-1)!;
        const step = random.below(2 * STEP_PPM) - STEP_PPM;
        const volatility = Math.min(
          3_000_000,
          Math.max(50_000, last.volatility + (random.below(4) === 0 ? 3_000 : step)),
        );
        const allowed = Math.floor((STEP_PPM * Math.min(HOUR, at - last.at)) / HOUR);
        await time.setNextBlockTimestamp(at);
        if (Math.abs(volatility - last.volatility) <= allowed) {
          await instruments.setVolatility(OPTION, volatility);
          walk.push({ at, volatility });
        } else {
          await expect(instruments.setVolatility(OPTION, volatility))
            .to.be.revertedWithCustomError(instruments, "InstrumentVolatilityStep")
            .withArgs(last.volatility, volatility, allowed);
          refused++;
        }
      }
      expect(Math.min(refused, walk.length)).to.be.above(20);
      expect((await instruments.optionOf(OPTION)).volatilityPpm).to.equal(walk.at(-1)!.volatility);
      for (const [index, from] of walk.entries()) {
        for (const to of walk.slice(index)) {
          const moved = Math.abs(to.volatility - from.volatility);
          expect(moved).to.be.at.most(STEP_PPM + ((to.at - from.at) * STEP_PPM) / HOUR);
        }
      }
    });
  });

  describe("settle", () => {
    beforeEach(async () => {
      await list();
      await system.rounds.set(7, 3_100n * FEED_UNIT, expiry - 60, 7);
    });

    it("refuses what is not listed, no option, or not expired", async () => {
      await expect(instruments.settle(99, 7))
        .to.be.revertedWithCustomError(instruments, "InstrumentUnknown")
        .withArgs(99);
      await instruments.setInstrument(6, perpetualTerms());
      await expect(instruments.settle(6, 7))
        .to.be.revertedWithCustomError(instruments, "InstrumentNotOption")
        .withArgs(6);
      await time.setNextBlockTimestamp(expiry);
      await expect(instruments.settle(OPTION, 7))
        .to.be.revertedWithCustomError(instruments, "InstrumentNotExpired")
        .withArgs(OPTION, expiry);
    });

    it("takes the proven round from anyone, once", async () => {
      const { rounds, user, oracle } = system;
      await rounds.set(6, 3_900n * FEED_UNIT, expiry - 120, 6);
      await rounds.set(8, 2_000n * FEED_UNIT, expiry + 1, 8);
      await time.increaseTo(expiry + 10);
      for (const [favourable, error] of [
        [6, "OracleNotLastRound"],
        [8, "OracleRoundInvalid"],
      ] as const) {
        await expect(instruments.connect(user).settle(OPTION, favourable)).to.be.revertedWithCustomError(oracle, error);
      }
      await time.setNextBlockTimestamp(expiry + 100);
      await expect(instruments.connect(user).settle(OPTION, 7))
        .to.emit(instruments, "ExpirySettled")
        .withArgs(OPTION, 3_100n * UNIT, expiry + 100, 7);
      expect(await instruments.settlementOf(OPTION)).to.deep.equal([3_100n * UNIT, BigInt(expiry + 100), true, false]);
      await expect(instruments.settle(OPTION, 7))
        .to.be.revertedWithCustomError(instruments, "InstrumentAlreadySettled")
        .withArgs(OPTION);
      await time.increaseTo(expiry + 8 * DAY);
      await expect(instruments.settleByGovernance(OPTION, 1))
        .to.be.revertedWithCustomError(instruments, "InstrumentAlreadySettled")
        .withArgs(OPTION);
    });

    it("takes the last round of a feed that died, three days later", async () => {
      await time.setNextBlockTimestamp(expiry + 3 * DAY - 1);
      await expect(instruments.settle(OPTION, 7)).to.be.revertedWithCustomError(system.oracle, "OracleNotLastRound");
      await time.setNextBlockTimestamp(expiry + 3 * DAY);
      await instruments.settle(OPTION, 7);
      expect((await instruments.settlementOf(OPTION)).price).to.equal(3_100n * UNIT);
    });

    it("follows the feed to the aggregator that governance names after expiry", async () => {
      const { oracle, zeroRounds } = system;
      await zeroRounds.set(1, 3_200n * FEED_UNIT, expiry - MAX_AGE, 1);
      await zeroRounds.set(2, 3_300n * FEED_UNIT, expiry + 5, 2);
      await time.increaseTo(expiry + 10);
      await oracle.setFeed(FEEDS.rounds, zeroRounds.target, MAX_AGE, 100n * UNIT, 10_000n * UNIT);
      await instruments.settle(OPTION, 1);
      expect((await instruments.settlementOf(OPTION)).price).to.equal(3_200n * UNIT);
    });
  });

  describe("settleByGovernance", () => {
    beforeEach(async () => {
      await list();
    });

    it("is for governance, of options, with a price, a week after expiry", async () => {
      await expect(instruments.connect(system.user).settleByGovernance(OPTION, 1))
        .to.be.revertedWithCustomError(instruments, "AccessManagedUnauthorized")
        .withArgs(system.user.address);
      await expect(instruments.settleByGovernance(99, 1))
        .to.be.revertedWithCustomError(instruments, "InstrumentUnknown")
        .withArgs(99);
      await expect(instruments.settleByGovernance(OPTION, 0)).to.be.revertedWithCustomError(
        instruments,
        "InstrumentZero",
      );
      const from = expiry + 7 * DAY;
      await time.setNextBlockTimestamp(from - 1);
      await expect(instruments.settleByGovernance(OPTION, 1))
        .to.be.revertedWithCustomError(instruments, "InstrumentSettlementTooEarly")
        .withArgs(OPTION, from);
      await time.setNextBlockTimestamp(from);
      await expect(instruments.settleByGovernance(OPTION, 9))
        .to.emit(instruments, "ExpirySettled")
        .withArgs(OPTION, 9, from, 0);
      expect(await instruments.settlementOf(OPTION)).to.deep.equal([9n, BigInt(from), true, false]);
    });

    it("is too late when anyone proved a round before", async () => {
      await system.rounds.set(7, 3_100n * FEED_UNIT, expiry - 60, 7);
      await time.increaseTo(expiry + 7 * DAY);
      await instruments.connect(system.user).settle(OPTION, 7);
      await expect(instruments.settleByGovernance(OPTION, 1)).to.be.revertedWithCustomError(
        instruments,
        "InstrumentAlreadySettled",
      );
    });
  });
});
