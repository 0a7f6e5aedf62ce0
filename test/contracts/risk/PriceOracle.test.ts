import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";

import type { PriceOracle } from "../../../types/ethers-contracts/index.ts";
import { deployRisk, FEED_UNIT, FEEDS, GRACE, HIGH, LOW, MAX_AGE, UNIT, type Risk } from "./deployRisk.ts";
import { STATUS } from "./readingModel.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const FEED = FEEDS.bare;
const PRICE = 3_000n;
const UINT128_MAX = 2n ** 128n - 1n;
const DEVIATION_PPM = 20_000;

const scene = async (): Promise<Risk> => await deployRisk(connection);

describe("PriceOracle", () => {
  let system: Risk;
  let oracle: PriceOracle;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(scene);
    ({ oracle } = system);
  });

  /** `price` refuses with `error`, and `read` says the same. */
  async function refuses(
    error: string,
    args: readonly unknown[],
    status: bigint,
    value = 0n,
    of: PriceOracle = oracle,
  ): Promise<void> {
    await expect(of.price(FEED))
      .to.be.revertedWithCustomError(of, error)
      .withArgs(...args);
    const reading = await of.read(FEED);
    expect([reading.status, reading.value, reading.low, reading.high]).to.deep.equal([status, value, LOW, HIGH]);
  }

  describe("constructor", () => {
    it("refuses a sequencer without a grace", async () => {
      const factory = await system.ethers.getContractFactory("PriceOracle");
      await expect(factory.deploy(system.authority, system.sequencer.target, 0)).to.be.revertedWithCustomError(
        oracle,
        "OracleZero",
      );
    });

    it("keeps sequencer and grace", async () => {
      expect(await system.rollupOracle.SEQUENCER_FEED()).to.equal(system.sequencer.target);
      expect(await system.rollupOracle.SEQUENCER_GRACE()).to.equal(GRACE);
      expect(await oracle.SEQUENCER_FEED()).to.equal(ZeroAddress);
    });
  });

  describe("setFeed", () => {
    it("is for governance", async () => {
      await expect(oracle.connect(system.user).setFeed(FEED, system.primary.target, 1, 1, 2))
        .to.be.revertedWithCustomError(oracle, "AccessManagedUnauthorized")
        .withArgs(system.user.address);
    });

    it("refuses zeros, bounds that enclose nothing and more than 18 decimals", async () => {
      const { target } = system.primary;
      for (const [feed, address, maxAge] of [
        [0, target, 1],
        [FEED, ZeroAddress, 1],
        [FEED, target, 0],
      ] as const) {
        await expect(oracle.setFeed(feed, address, maxAge, 1, 2)).to.be.revertedWithCustomError(oracle, "OracleZero");
      }
      for (const bounds of [
        [0, 2],
        [2, 2],
        [3, 2],
      ] as const) {
        await expect(oracle.setFeed(FEED, target, 1, ...bounds))
          .to.be.revertedWithCustomError(oracle, "OracleBadBounds")
          .withArgs(...bounds);
      }
      const wide = await system.ethers.deployContract("BareAggregator", [19]);
      await expect(oracle.setFeed(FEED, wide.target, 1, 1, 2))
        .to.be.revertedWithCustomError(oracle, "OracleUnsupportedDecimals")
        .withArgs(19);
    });

    it("stores and says what was set", async () => {
      await expect(oracle.setFeed(9, system.primary.target, 5, 1, 2))
        .to.emit(oracle, "FeedSet")
        .withArgs(9, system.primary.target, 8, 5, 1, 2);
      const expected = [system.primary.target, 8n, 5n, 0n, false, 1n, 2n, ZeroAddress, 0n, 0n];
      expect(await oracle.feedOf(9)).to.deep.equal(expected);
    });

    it("leaves the secondary feed, and refuses to become the same", async () => {
      await oracle.setSecondary(FEED, system.secondary.target, 7, DEVIATION_PPM);
      await oracle.setFeed(FEED, system.hostile.target, 5, 1, 2);
      const { target } = system.secondary;
      const expected = [system.hostile.target, 8n, 5n, BigInt(DEVIATION_PPM), true, 1n, 2n, target, 18n, 7n];
      expect(await oracle.feedOf(FEED)).to.deep.equal(expected);
      await expect(oracle.setFeed(FEED, target, 5, 1, 2))
        .to.be.revertedWithCustomError(oracle, "OracleSameAggregator")
        .withArgs(target);
      await oracle.setSecondary(FEED, ZeroAddress, 0, 0);
      await oracle.setFeed(FEED, target, 5, 1, 2);
    });
  });

  describe("setSecondary", () => {
    it("is for governance", async () => {
      await expect(oracle.connect(system.user).setSecondary(FEED, ZeroAddress, 0, 0))
        .to.be.revertedWithCustomError(oracle, "AccessManagedUnauthorized")
        .withArgs(system.user.address);
    });

    it("refuses an unknown feed, the same aggregator, no age, no or a whole deviation, and too many decimals", async () => {
      const { target } = system.secondary;
      await expect(oracle.setSecondary(99, target, 1, 1))
        .to.be.revertedWithCustomError(oracle, "OracleUnknownFeed")
        .withArgs(99);
      await expect(oracle.setSecondary(FEED, system.primary.target, 1, 1))
        .to.be.revertedWithCustomError(oracle, "OracleSameAggregator")
        .withArgs(system.primary.target);
      await expect(oracle.setSecondary(FEED, target, 0, 1)).to.be.revertedWithCustomError(oracle, "OracleZero");
      for (const deviation of [0, 1_000_000]) {
        await expect(oracle.setSecondary(FEED, target, 1, deviation))
          .to.be.revertedWithCustomError(oracle, "OracleBadDeviation")
          .withArgs(deviation);
      }
      const wide = await system.ethers.deployContract("BareAggregator", [19]);
      await expect(oracle.setSecondary(FEED, wide.target, 1, 1))
        .to.be.revertedWithCustomError(oracle, "OracleUnsupportedDecimals")
        .withArgs(19);
    });

    it("says what was set and what was removed, and leaves the rest", async () => {
      const { target } = system.secondary;
      const before = await oracle.feedOf(FEED);
      await expect(oracle.setSecondary(FEED, target, 7, 999_999))
        .to.emit(oracle, "SecondarySet")
        .withArgs(FEED, target, 18, 7, 999_999);
      const { maxDeviationPpm, hasSecondary, secondaryMaxAge } = await oracle.feedOf(FEED);
      expect([maxDeviationPpm, hasSecondary, secondaryMaxAge]).to.deep.equal([999_999n, true, 7n]);
      await expect(oracle.setSecondary(FEED, ZeroAddress, 8, 9))
        .to.emit(oracle, "SecondarySet")
        .withArgs(FEED, ZeroAddress, 0, 0, 0);
      expect(await oracle.feedOf(FEED)).to.deep.equal(before);
    });
  });

  describe("price and read", () => {
    it("refuse an unknown feed", async () => {
      for (const read of [oracle.price, oracle.read]) {
        await expect(read(99)).to.be.revertedWithCustomError(oracle, "OracleUnknownFeed").withArgs(99);
      }
      await expect(oracle.priceAt(99, 1, 1))
        .to.be.revertedWithCustomError(oracle, "OracleUnknownFeed")
        .withArgs(99);
    });

    it("INV-17: refuse what is incomplete, of the future, out of bounds or old", async () => {
      const { primary } = system;
      const now = await time.latest();
      await primary.set(3, PRICE * FEED_UNIT, 0, 3);
      await refuses("OracleIncompleteRound", [FEED, 3, 3], STATUS.Incomplete);
      await primary.set(3, PRICE * FEED_UNIT, now, 2);
      await refuses("OracleIncompleteRound", [FEED, 3, 2], STATUS.Incomplete);
      for (const later of [BigInt(now + 1_000), 2n ** 256n - 1n]) {
        await primary.set(3, PRICE * FEED_UNIT, later, 3);
        await refuses("OracleFuturePrice", [FEED, later], STATUS.Future);
        expect((await oracle.read(FEED)).updatedAt).to.equal(0);
      }
      const outside = [0n, -1n, UINT128_MAX + 1n, -(2n ** 255n), 2n ** 255n - 1n, LOW / 10n ** 10n, HIGH / 10n ** 10n];
      for (const answer of outside) {
        await primary.set(3, answer, now, 3);
        await refuses("OracleOutOfBounds", [FEED, answer], STATUS.OutOfBounds);
        expect((await oracle.read(FEED)).updatedAt).to.equal(now);
      }
      await primary.set(3, PRICE * FEED_UNIT, now, 3);
      await time.increaseTo(now + MAX_AGE);
      expect(await oracle.price(FEED)).to.equal(PRICE * UNIT);
      expect(await oracle.read(FEED)).to.deep.equal([STATUS.Valid, PRICE * UNIT, LOW, HIGH, BigInt(now)]);
      await time.increaseTo(now + MAX_AGE + 1);
      await refuses("OracleStalePrice", [FEED, now, MAX_AGE], STATUS.Stale, PRICE * UNIT);
    });

    it("take an answer of this very block", async () => {
      const now = (await time.latest()) + 10;
      await system.primary.set(3, PRICE * FEED_UNIT, now, 3);
      await time.increaseTo(now);
      expect((await oracle.read(FEED)).status).to.equal(STATUS.Valid);
    });

    it("take answers just inside the bounds, and scale any number of decimals", async () => {
      const now = await time.latest();
      for (const answer of [LOW / 10n ** 10n + 1n, HIGH / 10n ** 10n - 1n]) {
        await system.primary.set(1, answer, now, 1);
        expect(await oracle.price(FEED)).to.equal(answer * 10n ** 10n);
      }
      for (const decimals of [0, 18]) {
        const aggregator = await system.ethers.deployContract("BareAggregator", [decimals]);
        await oracle.setFeed(FEED, aggregator.target, MAX_AGE, LOW, HIGH);
        await aggregator.set(1, PRICE * 10n ** BigInt(decimals), await time.latest(), 1);
        expect(await oracle.price(FEED)).to.equal(PRICE * UNIT);
      }
    });

    it("cost two words and one call", async () => {
      await system.primary.set(3, PRICE * FEED_UNIT, await time.latest(), 3);
      const call = { to: oracle.target, data: oracle.interface.encodeFunctionData("price", [FEED]) };
      const { structLogs } = (await connection.provider.request({
        method: "debug_traceCall",
        params: [call, "latest", { disableStorage: true, disableMemory: true, disableStack: true }],
      })) as { readonly structLogs: readonly { readonly depth: number; readonly op: string }[] };
      const own = structLogs.filter(({ depth }) => depth === 1).map(({ op }) => op);
      expect(own.filter((op) => op === "SLOAD").length).to.equal(2);
      expect(own.filter((op) => op.endsWith("CALL")).length).to.equal(1);
    });
  });

  describe("secondary feed", () => {
    let now: number;

    beforeEach(async () => {
      now = await time.latest();
      await system.primary.set(3, PRICE * FEED_UNIT, now, 3);
      await oracle.setSecondary(FEED, system.secondary.target, 2 * MAX_AGE, DEVIATION_PPM);
    });

    it("may be exactly as far away as allowed, on either side", async () => {
      const distance = (PRICE * UNIT * BigInt(DEVIATION_PPM)) / 1_000_000n;
      for (const sign of [1n, -1n]) {
        await system.secondary.set(5, PRICE * UNIT + sign * distance, now, 5);
        expect(await oracle.price(FEED)).to.equal(PRICE * UNIT);
        const beyond = PRICE * UNIT + sign * (distance + 1n);
        await system.secondary.set(5, beyond, now, 5);
        await refuses("OracleDeviation", [FEED, PRICE * UNIT, beyond], STATUS.Deviating, PRICE * UNIT);
      }
    });

    it("deviates when it says nothing usable or is stale", async () => {
      const good = PRICE * UNIT;
      for (const answer of [
        [5, good, 0, 5],
        [5, good, now, 4],
        [5, good, now + 100_000, 5],
        [5, 0, now, 5],
        [5, -good, now, 5],
        [5, LOW, now, 5],
        [5, HIGH, now, 5],
        [5, good, now - 2 * MAX_AGE - 10, 5],
      ] as const) {
        await system.secondary.set(...answer);
        await refuses("OracleDeviation", [FEED, good, 0], STATUS.Deviating, good);
      }
      await oracle.setSecondary(FEED, system.hostile.target, MAX_AGE, DEVIATION_PPM);
      await system.hostile.behave(1, 0, 0, 0);
      await refuses("OracleDeviation", [FEED, good, 0], STATUS.Deviating, good);
    });

    it("may be exactly as old as allowed, and speaks before the age of the primary", async () => {
      await system.secondary.set(5, PRICE * UNIT, now, 5);
      await time.increaseTo(now + 2 * MAX_AGE);
      await refuses("OracleStalePrice", [FEED, now, MAX_AGE], STATUS.Stale, PRICE * UNIT);
      await time.increaseTo(now + 2 * MAX_AGE + 1);
      await refuses("OracleDeviation", [FEED, PRICE * UNIT, 0], STATUS.Deviating, PRICE * UNIT);
    });

    it("is not asked once it was removed", async () => {
      await refuses("OracleDeviation", [FEED, PRICE * UNIT, 0], STATUS.Deviating, PRICE * UNIT);
      await oracle.setSecondary(FEED, ZeroAddress, 0, 0);
      expect(await oracle.price(FEED)).to.equal(PRICE * UNIT);
    });
  });

  describe("sequencer", () => {
    let now: number;
    const refusesThere = async (error: string, args: readonly unknown[]): Promise<void> => {
      await refuses(error, args, STATUS.SequencerDown, PRICE * UNIT, system.rollupOracle);
    };

    beforeEach(async () => {
      now = (await time.latest()) + GRACE;
      await system.primary.set(3, PRICE * FEED_UNIT, now, 3);
      await time.increaseTo(now);
    });

    it("that is down, says anything but up, or was never heard of, makes no price valid", async () => {
      for (const [answer, startedAt] of [
        [1, now - 10 * GRACE],
        [2, now - 10 * GRACE],
        [-1, now - 10 * GRACE],
        [0, 0],
        [0, now + 10 * GRACE],
      ] as const) {
        await system.sequencer.set(answer, startedAt);
        await refusesThere("OracleSequencerDown", []);
      }
    });

    it("C8: makes prices valid when it has been up for exactly the grace", async () => {
      await system.sequencer.set(1, now);
      await refusesThere("OracleSequencerDown", []);
      // Who does not ask the sequencer takes the price from before for the price of now.
      expect(await oracle.price(FEED)).to.equal(PRICE * UNIT);
      const upSince = now + 100;
      await system.sequencer.set(0, upSince);
      for (const at of [upSince, upSince + GRACE - 1]) {
        await time.increaseTo(at);
        await refusesThere("OracleSequencerGrace", [upSince, upSince + GRACE]);
      }
      await time.setNextBlockTimestamp(upSince + GRACE);
      await system.primary.set(5, PRICE * FEED_UNIT, upSince, 5);
      expect(await system.rollupOracle.price(FEED)).to.equal(PRICE * UNIT);
    });

    it("that is down is named before deviation and age, and after what is wrong with the answer", async () => {
      await system.sequencer.set(1, now);
      await system.rollupOracle.setSecondary(FEED, system.secondary.target, MAX_AGE, DEVIATION_PPM);
      await time.increaseTo(now + 2 * MAX_AGE);
      await refusesThere("OracleSequencerDown", []);
      await system.primary.set(3, 0, now, 3);
      await refuses("OracleOutOfBounds", [FEED, 0], STATUS.OutOfBounds, 0n, system.rollupOracle);
    });

    it("whose feed misbehaves counts as down", async () => {
      const factory = await system.ethers.getContractFactory("PriceOracle");
      const oracleOfHostile = await factory.deploy(system.authority, system.hostile.target, GRACE);
      await oracleOfHostile.setFeed(FEED, system.primary.target, MAX_AGE, LOW, HIGH);
      const there = await system.ethers.getContractAt("PriceOracle", oracleOfHostile.target as string);
      await system.hostile.behave(0, 0, now - GRACE, 0);
      expect(await there.price(FEED)).to.equal(PRICE * UNIT);
      for (const manner of [1, 3, 4, 6, 7]) {
        await system.hostile.behave(manner, 0, now - GRACE, 0);
        await refuses("OracleSequencerDown", [], STATUS.SequencerDown, PRICE * UNIT, there);
      }
    });
  });
});
