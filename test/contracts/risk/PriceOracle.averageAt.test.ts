import { expect } from "chai";
import { network } from "hardhat";

import { DAY, deployRisk, FEED_UNIT, FEEDS, HOUR, UNIT, type Risk } from "./deployRisk.ts";

const connection = await network.create();
const { networkHelpers } = connection;
/** Rounds before the last one that an average looks at. */
const ROUNDS_BACK = 24;
const BAD = 0n;
const feed = FEEDS.rounds;

const scene = async (): Promise<Risk> => await deployRisk(connection);

/** Round `round` of phase `phase`, as Chainlink's proxies number them. */
function phased(phase: number, round: number): bigint {
  return (BigInt(phase) << 64n) | BigInt(round);
}

describe("PriceOracle > averageAt", () => {
  let system: Risk;
  /** The moment up to which is averaged; the chain is an hour later. */
  let time: number;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(scene);
    time = await networkHelpers.time.latest();
    await networkHelpers.time.increase(HOUR);
  });

  /** Writes a round; `at` is relative to the moment, `price` in whole quote. */
  async function write(id: bigint | number, at: number, price = 3_000n, answeredIn = BigInt(id)): Promise<void> {
    await system.rounds.set(id, price * FEED_UNIT, time + at, answeredIn);
  }

  async function averages(id: bigint | number, expected: bigint): Promise<void> {
    expect(await system.oracle.averageAt(feed, time, id)).to.equal(expected);
  }

  async function refuses(error: "OracleRoundInvalid" | "OracleNotLastRound", id: bigint | number): Promise<void> {
    const args = error === "OracleRoundInvalid" ? [feed, id] : [feed, id, time];
    await expect(system.oracle.averageAt(feed, time, id))
      .to.be.revertedWithCustomError(system.oracle, error)
      .withArgs(...args);
  }

  describe("the last round", () => {
    it("is of a feed that is set", async () => {
      await expect(system.oracle.averageAt(99, time, 1))
        .to.be.revertedWithCustomError(system.oracle, "OracleUnknownFeed")
        .withArgs(99);
    });

    it("exists, is complete, within bounds, and not after the moment", async () => {
      await write(9, 60);
      await refuses("OracleRoundInvalid", 3);
      for (const [at, price, answeredIn] of [
        [-10, 3_000n, 2n],
        [-10, BAD, 3n],
        [-10, 100n, 3n],
        [-10, 10_000n, 3n],
        [1, 3_000n, 3n],
      ] as const) {
        await write(3, at, price, answeredIn);
        await refuses("OracleRoundInvalid", 3);
      }
    });

    it("has none after it within the moment", async () => {
      await write(3, -50);
      await write(4, -20);
      await refuses("OracleNotLastRound", 4);
      await write(5, 10);
      await refuses("OracleNotLastRound", 3);
      await averages(4, 3_000n * UNIT);
    });

    it("may be of any age, where a price may not", async () => {
      await write(3, -300 * DAY, 3_100n);
      await write(4, 10);
      await expect(system.oracle.priceAt(feed, time, 3)).to.be.revertedWithCustomError(
        system.oracle,
        "OracleRoundInvalid",
      );
      await averages(3, 3_100n * UNIT);
    });

    it("is the last one of a feed that died, three days later", async () => {
      await write(2, -40 * DAY, 3_900n);
      await write(3, -30 * DAY, 3_100n);
      await refuses("OracleNotLastRound", 3);
      await networkHelpers.time.increaseTo(time + 3 * DAY - 1);
      await refuses("OracleNotLastRound", 3);
      await networkHelpers.time.increaseTo(time + 3 * DAY);
      await averages(3, 3_100n * UNIT);
    });

    it("is not of a moment that has not come", async () => {
      const ahead = time + 2 * HOUR;
      await write(3, HOUR - 10);
      await write(4, 3 * HOUR);
      await expect(system.oracle.averageAt(feed, ahead, 3))
        .to.be.revertedWithCustomError(system.oracle, "OracleNotLastRound")
        .withArgs(feed, 3, ahead);
    });
  });

  describe("the rounds before it", () => {
    beforeEach(async () => {
      await write(phased(2, 100), -600, 3_600n);
      await write(phased(2, 101), 10);
    });

    it("weigh as long as they stood within the hour", async () => {
      await write(phased(2, 99), -1_800, 3_000n);
      await write(phased(2, 98), -2 * HOUR, 2_000n);
      await write(phased(2, 97), -3 * HOUR, 9_000n);
      await averages(phased(2, 100), ((3_600n * 600n + 3_000n * 1_200n + 2_000n * 1_800n) * UNIT) / 3_600n);
    });

    it("do not weigh when the last one stood for the hour", async () => {
      await write(phased(2, 99), -2 * HOUR, 2_000n);
      for (const [at, expected] of [
        [-HOUR - 1, 3_600n * UNIT],
        [-HOUR, 3_600n * UNIT],
        [-HOUR + 1, (3_600n * UNIT * 3_599n + 2_000n * UNIT) / 3_600n],
      ] as const) {
        await write(phased(2, 100), at, 3_600n);
        await averages(phased(2, 100), expected);
      }
    });

    it("are all there is where they do not reach back an hour", async () => {
      await averages(phased(2, 100), 3_600n * UNIT);
      await write(phased(2, 99), -800, 3_000n);
      await averages(phased(2, 100), ((3_600n * 600n + 3_000n * 200n) * UNIT) / 800n);
    });

    it("weigh alone when the last one is of the moment itself", async () => {
      await write(phased(2, 100), 0, 3_600n);
      await averages(phased(2, 100), 3_600n * UNIT);
      await write(phased(2, 99), -100, 3_000n);
      await averages(phased(2, 100), 3_000n * UNIT);
    });

    it("are skipped when invalid, missing, or not older: the answer before them stood", async () => {
      await write(phased(2, 99), -900, BAD);
      await write(phased(2, 97), -1_000, 3_000n, phased(2, 96));
      await write(phased(2, 96), -600, 5_000n);
      await write(phased(2, 95), 5_000, 5_000n);
      await write(phased(2, 94), 10 * DAY, 5_000n);
      await write(phased(2, 93), -1_600, 3_000n);
      await averages(phased(2, 100), ((3_600n * 600n + 3_000n * 1_000n) * UNIT) / 1_600n);
    });

    it(`are ${ROUNDS_BACK} at most`, async () => {
      await write(phased(2, 100 - ROUNDS_BACK - 1), -2_000, 9_000n);
      await averages(phased(2, 100), 3_600n * UNIT);
      await write(phased(2, 100 - ROUNDS_BACK), -1_000, 3_000n);
      await averages(phased(2, 100), ((3_600n * 600n + 3_000n * 400n) * UNIT) / 1_000n);
    });

    it("are of its phase", async () => {
      for (let round = 1; round < 10; round++) await write(phased(1, round), round * 60 - 2_000, 9_000n);
      await write(phased(2, 0), -1_500, 9_000n);
      await write(phased(2, 1), -600, 3_600n);
      await write(phased(2, 2), 10);
      await write(phased(2, 100), 20);
      await averages(phased(2, 1), 3_600n * UNIT);
    });

    it("round the average down", async () => {
      await write(phased(2, 99), -601, 3_000n);
      const exact = 3_600n * UNIT * 600n + 3_000n * UNIT;
      expect(exact % 601n).to.not.equal(0n);
      await averages(phased(2, 100), exact / 601n);
    });
  });

  it("is one price or none, however little gas a caller gives", async () => {
    for (let id = 1; id <= 12; id++) await write(id, (id - 11) * 250, 3_000n + BigInt(id));
    const expected = await system.oracle.averageAt(feed, time, 11);
    let refused = 0;
    for (let gasLimit = 30_000; gasLimit < 200_000; gasLimit += 1_003) {
      try {
        expect(await system.oracle.averageAt(feed, time, 11, { gasLimit })).to.equal(expected);
      } catch (error: unknown) {
        if (error instanceof Error && error.name === "AssertionError") throw error;
        refused += 1;
      }
    }
    // It takes about 120,000.
    expect(refused).to.be.within(30, 140);
  });
});
