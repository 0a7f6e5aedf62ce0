import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";

import type { BareAggregator } from "../../../types/ethers-contracts/index.ts";
import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { UNIT } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const FEED = 7;
const FEED_UNIT = 10n ** 8n;
const UINT128_MAX = 2n ** 128n - 1n;

/** The deployment and a feed that says anything: 8 decimals, between 100 and 10,000, at most an hour old. */
async function scene(): Promise<{ system: Lockstep; aggregator: BareAggregator }> {
  const system = await deployLockstep(connection);
  const aggregator = await system.ethers.deployContract("BareAggregator", [8]);
  await system.oracle.setFeed(FEED, aggregator.target, 3_600, 100n * UNIT, 10_000n * UNIT);
  return { system, aggregator };
}

describe("risk", () => {
  let system: Lockstep;
  let aggregator: BareAggregator;

  beforeEach(async () => {
    ({ system, aggregator } = await networkHelpers.loadFixture(scene));
  });

  describe("PriceOracle > setFeed", () => {
    const set = async (feed: number, address: string, maxAge: number, min: bigint, max: bigint) =>
      await system.oracle.setFeed(feed, address, maxAge, min, max);

    it("is for governance", async () => {
      const [user] = system.users;
      await expect(system.oracle.connect(user!).setFeed(FEED, aggregator.target, 1, 1, 2))
        .to.be.revertedWithCustomError(system.oracle, "AccessManagedUnauthorized")
        .withArgs(user!.address);
    });

    it("refuses zeros, bounds that enclose nothing and more than 18 decimals", async () => {
      const { oracle, ethers } = system;
      const address = aggregator.target as string;
      await expect(set(0, address, 1, 1n, 2n)).to.be.revertedWithCustomError(oracle, "OracleZero");
      await expect(set(FEED, ZeroAddress, 1, 1n, 2n)).to.be.revertedWithCustomError(oracle, "OracleZero");
      await expect(set(FEED, address, 0, 1n, 2n)).to.be.revertedWithCustomError(oracle, "OracleZero");
      for (const [min, max] of [
        [0n, 2n],
        [2n, 2n],
        [3n, 2n],
      ] as const) {
        await expect(set(FEED, address, 1, min, max))
          .to.be.revertedWithCustomError(oracle, "OracleBadBounds")
          .withArgs(min, max);
      }
      const wide = await ethers.deployContract("BareAggregator", [19]);
      await expect(set(FEED, wide.target as string, 1, 1n, 2n))
        .to.be.revertedWithCustomError(oracle, "OracleUnsupportedDecimals")
        .withArgs(19);
    });

    it("stores and says what was set", async () => {
      const address = aggregator.target as string;
      await expect(set(9, address, 5, 1n, 2n))
        .to.emit(system.oracle, "FeedSet")
        .withArgs(9, address, 8, 5, 1, 2);
      expect(await system.oracle.feedOf(9)).to.deep.equal([address, 8n, 5n, 1n, 2n]);
    });
  });

  describe("PriceOracle > price", () => {
    it("INV-17: refuses what is unknown, incomplete, of the future, out of bounds or old", async () => {
      const { oracle } = system;
      const now = await networkHelpers.time.latest();
      const refuse = async (error: string, args: unknown[], alsoLast = true) => {
        for (const read of alsoLast ? [oracle.price, oracle.lastPrice] : [oracle.price]) {
          await expect(read(FEED))
            .to.be.revertedWithCustomError(oracle, error)
            .withArgs(...args);
        }
      };
      await expect(oracle.price(99)).to.be.revertedWithCustomError(oracle, "OracleUnknownFeed").withArgs(99);
      await aggregator.set(3, 3_000n * FEED_UNIT, 0, 3);
      await refuse("OracleIncompleteRound", [FEED, 3, 3]);
      await aggregator.set(3, 3_000n * FEED_UNIT, now, 2);
      await refuse("OracleIncompleteRound", [FEED, 3, 2]);
      await aggregator.set(3, 3_000n * FEED_UNIT, now + 1_000, 3);
      await refuse("OracleFuturePrice", [FEED, now + 1_000]);
      for (const answer of [0n, -1n, UINT128_MAX + 1n, 100n * FEED_UNIT, 10_000n * FEED_UNIT, 99n * FEED_UNIT]) {
        await aggregator.set(3, answer, now, 3);
        await refuse("OracleOutOfBounds", [FEED, answer]);
      }
      await aggregator.set(3, 3_000n * FEED_UNIT, now, 3);
      await networkHelpers.time.increaseTo(now + 3_600);
      expect(await oracle.price(FEED)).to.equal(3_000n * UNIT);
      await networkHelpers.time.increaseTo(now + 3_601);
      await refuse("OracleStalePrice", [FEED, now, 3_600], false);
      expect(await oracle.lastPrice(FEED)).to.equal(3_000n * UNIT);
    });

    it("takes answers just inside its bounds", async () => {
      const now = await networkHelpers.time.latest();
      for (const answer of [100n * FEED_UNIT + 1n, 10_000n * FEED_UNIT - 1n]) {
        await aggregator.set(1, answer, now, 1);
        expect(await system.oracle.price(FEED)).to.equal(answer * 10n ** 10n);
      }
    });
  });

  describe("InstrumentRegistry", () => {
    const set = async (...args: [number, number, number, number, number]) =>
      await system.instruments.setInstrument(...args);

    it("is for governance", async () => {
      const [user] = system.users;
      await expect(system.instruments.connect(user!).setInstrument(1, 1, 3, 2, 1))
        .to.be.revertedWithCustomError(system.instruments, "AccessManagedUnauthorized")
        .withArgs(user!.address);
    });

    it("refuses zeros, margins out of order and a band wider than maintenance", async () => {
      const { instruments } = system;
      await expect(set(0, 1, 3, 2, 1)).to.be.revertedWithCustomError(instruments, "InstrumentZero");
      await expect(set(1, 0, 3, 2, 1)).to.be.revertedWithCustomError(instruments, "InstrumentZero");
      for (const [initial, maintenance] of [
        [3, 0],
        [3, 3],
        [2, 3],
        [1_000_001, 3],
      ] as const) {
        await expect(set(1, 1, initial, maintenance, 1))
          .to.be.revertedWithCustomError(instruments, "InstrumentBadMargin")
          .withArgs(initial, maintenance);
      }
      for (const band of [0, 3]) {
        await expect(set(1, 1, 3, 2, band))
          .to.be.revertedWithCustomError(instruments, "InstrumentBadBand")
          .withArgs(band, 2);
      }
    });

    it("stores and says what was set", async () => {
      await expect(set(5, 4, 3, 2, 1))
        .to.emit(system.instruments, "InstrumentSet")
        .withArgs(5, 4, 3, 2, 1);
      expect(await system.instruments.instrumentOf(5)).to.deep.equal([true, 4n, 3n, 2n, 1n]);
    });
  });

  describe("MarginEngine", () => {
    const value = async (quote: bigint, ...positions: { instrument: number; size: bigint }[]) =>
      await system.margin.evaluate(quote, positions);

    it("refuses an instrument that is not listed", async () => {
      await expect(value(0n, { instrument: 9, size: 1n }))
        .to.be.revertedWithCustomError(system.margin, "MarginUnlistedInstrument")
        .withArgs(9);
    });

    it("values nothing as its quote", async () => {
      expect(await value(-5n)).to.deep.equal([-5n, 0n, 0n]);
    });

    it("rounds equity down and requirements up, on either side", async () => {
      await system.ethFeed.update(3_000n * FEED_UNIT + 1n);
      const price = 3_000n * UNIT + 10n ** 10n;
      const size = 123_456_789n;
      const down = (size * price) / UNIT;
      expect(down * UNIT).not.to.equal(size * price);
      const requirement = (ppm: bigint) => ((down + 1n) * ppm + 999_999n) / 1_000_000n;
      const requirements = [requirement(100_000n), requirement(50_000n)];
      expect(await value(0n, { instrument: 1, size })).to.deep.equal([down, ...requirements]);
      expect(await value(0n, { instrument: 1, size: -size })).to.deep.equal([-down - 1n, ...requirements]);
    });

    it("adds up positions and stays in range at the largest sizes and marks", async () => {
      const both = await value(7n, { instrument: 1, size: UNIT }, { instrument: 2, size: -UNIT });
      expect(both).to.deep.equal([7n - 57_000n * UNIT, 6_300n * UNIT, 3_150n * UNIT]);
      const extreme = -(2n ** 127n);
      const { equity } = await value(0n, { instrument: 2, size: extreme }, { instrument: 2, size: extreme });
      expect(equity).to.equal(2n * extreme * 60_000n);
    });
  });
});
