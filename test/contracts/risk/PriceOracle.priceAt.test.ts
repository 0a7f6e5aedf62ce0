import { expect } from "chai";
import { network } from "hardhat";

import type { MockRoundFeed } from "../../../types/ethers-contracts/index.ts";
import { DAY, deployRisk, FEED_UNIT, FEEDS, MAX_AGE, UNIT, type Risk } from "./deployRisk.ts";

const connection = await network.create();
const { networkHelpers } = connection;
/** Rounds that `priceAt` asks for at most to prove one. */
const MAX_WALK = 32;
const BAD = 0n;

const scene = async (): Promise<Risk> => await deployRisk(connection);

/** Round `round` of phase `phase`, as Chainlink's proxies number them. */
function phased(phase: number, round: number): bigint {
  return (BigInt(phase) << 64n) | BigInt(round);
}

for (const [kind, feed] of [
  ["reverts", FEEDS.rounds],
  ["answers with zeros", FEEDS.zeroRounds],
] as const) {
  describe(`PriceOracle > priceAt > a feed that ${kind} for a round that does not exist`, () => {
    let system: Risk;
    let rounds: MockRoundFeed;
    /** The moment whose price is asked for; the chain is an hour later. */
    let time: number;

    beforeEach(async () => {
      system = await networkHelpers.loadFixture(scene);
      rounds = kind === "reverts" ? system.rounds : system.zeroRounds;
      time = await networkHelpers.time.latest();
      await networkHelpers.time.increase(3_600);
    });

    /** Writes a round; `at` is relative to the moment, `price` in whole quote. */
    async function write(id: bigint | number, at: number, price = 3_000n, answeredIn = BigInt(id)): Promise<void> {
      await rounds.set(id, price * FEED_UNIT, time + at, answeredIn);
    }

    async function proves(id: bigint | number, price = 3_000n): Promise<void> {
      expect(await system.oracle.priceAt(feed, time, id)).to.equal(price * UNIT);
    }

    async function refuses(error: "OracleRoundInvalid" | "OracleNotLastRound", id: bigint | number): Promise<void> {
      const args = error === "OracleRoundInvalid" ? [feed, id] : [feed, id, time];
      await expect(system.oracle.priceAt(feed, time, id))
        .to.be.revertedWithCustomError(system.oracle, error)
        .withArgs(...args);
    }

    describe("the round itself", () => {
      it("exists, is complete, within bounds, and not after the moment", async () => {
        await write(9, 60);
        await refuses("OracleRoundInvalid", 3);
        for (const [at, price, answeredIn] of [
          [-10, 3_000n, 2n],
          [-10, BAD, 3n],
          [-10, -3_000n, 3n],
          [-10, 100n, 3n],
          [-10, 10_000n, 3n],
          [1, 3_000n, 3n],
          [DAY, 3_000n, 3n],
        ] as const) {
          await write(3, at, price, answeredIn);
          await refuses("OracleRoundInvalid", 3);
        }
      });

      it("is at most as old at the moment as a price may be", async () => {
        await write(4, 60);
        await write(3, -MAX_AGE);
        await proves(3);
        await write(3, -MAX_AGE - 1);
        await refuses("OracleRoundInvalid", 3);
      });

      it("may be of the moment itself", async () => {
        await write(3, 0, 3_100n);
        await write(4, 1);
        await proves(3, 3_100n);
      });

      it("answers with its own id", async () => {
        await write(3, -10);
        await write(4, 60);
        await proves(3);
        await rounds.shift(3);
        await refuses("OracleRoundInvalid", 3);
      });
    });

    describe("the rounds after it", () => {
      it("prove exactly one of many", async () => {
        for (let id = 1; id <= 12; id++) await write(id, (id - 7) * 500 - 1, 3_000n + BigInt(id));
        for (let id = 1; id <= 12; id++) {
          if (id === 7) await proves(id, 3_007n);
          else await refuses(id < 7 ? "OracleNotLastRound" : "OracleRoundInvalid", id);
        }
      });

      it("may be invalid up to the first one after the moment, and need not be valid there", async () => {
        await write(3, -30);
        await write(4, -20, BAD);
        await write(5, -10, 3_000n, 4n);
        await write(6, 10, BAD);
        await proves(3);
        await refuses("OracleRoundInvalid", 4);
        await write(5, 0);
        await refuses("OracleNotLastRound", 3);
        await proves(5);
      });

      it("prove nothing when they are of the future", async () => {
        await write(3, -30);
        await write(4, 10 * DAY);
        await refuses("OracleNotLastRound", 3);
        await write(5, 10);
        await proves(3);
        await write(5, -10);
        await refuses("OracleNotLastRound", 3);
      });

      it(`are asked for at most ${MAX_WALK} times`, async () => {
        await write(100, -60);
        for (let id = 101; id < 100 + MAX_WALK; id++) await write(id, -50, BAD);
        await write(100 + MAX_WALK, 10);
        await proves(100);
        await write(100 + MAX_WALK, -40, BAD);
        await write(101 + MAX_WALK, 10);
        await refuses("OracleNotLastRound", 100);
      });

      it("are not known while the newest one is not", async () => {
        await write(3, -30);
        await write(4, 10);
        await rounds.setSilent(true);
        await refuses("OracleNotLastRound", 3);
        await rounds.setSilent(false);
        await rounds.setLatest(2);
        await refuses("OracleNotLastRound", 3);
      });
    });

    describe("a feed that ended", () => {
      it("has its last round proven three days later", async () => {
        await write(3, -30);
        await write(2, -60);
        await refuses("OracleNotLastRound", 3);
        await networkHelpers.time.increaseTo(time + 3 * DAY - 1);
        await refuses("OracleNotLastRound", 3);
        await networkHelpers.time.increaseTo(time + 3 * DAY);
        await proves(3);
        await refuses("OracleNotLastRound", 2);
      });

      it("may have ended with invalid rounds", async () => {
        await write(3, -30);
        await write(4, -20, BAD);
        await networkHelpers.time.increaseTo(time + 3 * DAY);
        await proves(3);
      });

      it("has not ended when it goes on behind a gap", async () => {
        await write(3, -30);
        await write(5, -20);
        await networkHelpers.time.increaseTo(time + 3 * DAY);
        await refuses("OracleNotLastRound", 3);
        await write(5, 20);
        await refuses("OracleNotLastRound", 3);
        await rounds.setSilent(true);
        await refuses("OracleNotLastRound", 3);
      });
    });

    describe("phases", () => {
      it("go on with the first round of the next one", async () => {
        await write(phased(1, 700), -30);
        await write(phased(2, 1), 10);
        await proves(phased(1, 700));
        await write(phased(2, 1), -10, 3_100n);
        await refuses("OracleNotLastRound", phased(1, 700));
        await write(phased(2, 2), 10);
        await proves(phased(2, 1), 3_100n);
      });

      it("may be skipped, and may begin with invalid rounds", async () => {
        await write(phased(1, 700), -30);
        await write(phased(4, 1), -20, BAD);
        await write(phased(4, 2), 10);
        await proves(phased(1, 700));
        await write(phased(4, 2), -10, 3_100n);
        await write(phased(4, 3), 10);
        await refuses("OracleNotLastRound", phased(1, 700));
        await proves(phased(4, 2), 3_100n);
      });

      it("give the newer history the last word when an aggregator that was replaced goes on", async () => {
        await write(phased(1, 700), -30);
        await write(phased(1, 701), 30);
        await proves(phased(1, 700));
        await write(phased(2, 1), -300, 3_100n);
        await write(phased(2, 2), 20);
        await refuses("OracleNotLastRound", phased(1, 700));
        await proves(phased(2, 1), 3_100n);
      });

      it("that begin after the moment leave the older history its word", async () => {
        await write(phased(1, 700), -30);
        await write(phased(1, 701), 30);
        for (const phase of [2, 3, 4]) await write(phased(phase, 1), 100 * phase);
        await proves(phased(1, 700));
      });

      it("end as a feed does", async () => {
        await write(phased(1, 700), -30);
        await write(phased(2, 1), -20, BAD);
        await refuses("OracleNotLastRound", phased(1, 700));
        await networkHelpers.time.increaseTo(time + 3 * DAY);
        await proves(phased(1, 700));
        await write(phased(2, 3), -10);
        await refuses("OracleNotLastRound", phased(1, 700));
      });

      it("beyond what is asked for prove nothing, and cost a bounded amount", async () => {
        await write(phased(1, 700), -30);
        await write(phased(65_535, 1), 10);
        await refuses("OracleNotLastRound", phased(1, 700));
      });
    });

    it("refuses a moment that has not come", async () => {
      const ahead = time + 7_100;
      await write(3, 3_590);
      await write(4, 8_000);
      await expect(system.oracle.priceAt(feed, ahead, 3))
        .to.be.revertedWithCustomError(system.oracle, "OracleNotLastRound")
        .withArgs(feed, 3, ahead);
    });

    it("takes the highest round id there is", async () => {
      await write(2n ** 80n - 1n, -30);
      await refuses("OracleNotLastRound", 2n ** 80n - 1n);
      await networkHelpers.time.increaseTo(time + 3 * DAY);
      await proves(2n ** 80n - 1n);
    });
  });
}
