import { expect } from "chai";
import { network } from "hardhat";

import { deployRisk, FEED_UNIT, FEEDS, HIGH, LOW, UNIT, type Risk } from "./deployRisk.ts";
import { STATUS } from "./readingModel.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const FEED = FEEDS.hostile;
const ANSWER = 3_000n * FEED_UNIT;
const CALL_GAS = 200_000;

/** What `HostileAggregator` can do, in the order of its `Manner`. */
const MANNERS = [
  "answers",
  "reverts",
  "reverts with 20,000 bytes",
  "answers with nothing",
  "answers with a byte too little",
  "answers with 20,000 bytes",
  "panics",
  "burns all gas",
  "answers with a round id above 80 bits",
  "answers with an answered round above 80 bits",
] as const;
const scene = async (): Promise<Risk> => await deployRisk(connection);
const WELL_BEHAVED: readonly (typeof MANNERS)[number][] = ["answers", "answers with 20,000 bytes"];

describe("PriceOracle > hostile aggregators", () => {
  let system: Risk;
  let now: number;

  /** The feed behaves as said, and an answer costs it about `gas`. */
  async function behave(manner: (typeof MANNERS)[number], gas = 0): Promise<void> {
    await system.hostile.behave(MANNERS.indexOf(manner), ANSWER, now, gas);
  }

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(scene);
    now = await networkHelpers.time.latest();
  });

  for (const manner of MANNERS) {
    const isFine = WELL_BEHAVED.includes(manner);
    it(`reads one that ${manner} as ${isFine ? "valid" : "unreachable"}`, async () => {
      const { oracle, hostile } = system;
      await behave(manner);
      const expected = isFine
        ? [STATUS.Valid, 3_000n * UNIT, LOW, HIGH, BigInt(now)]
        : [STATUS.Unreachable, 0n, LOW, HIGH, 0n];
      expect(await oracle.read(FEED)).to.deep.equal(expected);
      if (isFine) {
        expect(await oracle.price(FEED)).to.equal(3_000n * UNIT);
        return;
      }
      await expect(oracle.price(FEED))
        .to.be.revertedWithCustomError(oracle, "OracleUnreachable")
        .withArgs(FEED, hostile.target);
      await expect(oracle.priceAt(FEED, now, 1))
        .to.be.revertedWithCustomError(oracle, "OracleRoundInvalid")
        .withArgs(FEED, 1);
    });
  }

  it("reads an aggregator without code as unreachable", async () => {
    const { oracle, ethers } = system;
    const moved = await ethers.deployContract("MockAggregator", [8, "", ANSWER]);
    await oracle.setFeed(9, moved.target, 1, LOW, HIGH);
    await connection.provider.request({ method: "hardhat_setCode", params: [moved.target, "0x"] });
    expect((await oracle.read(9)).status).to.equal(STATUS.Unreachable);
  });

  it("pays for no more than the gas of one call", async () => {
    await behave("burns all gas");
    const [isRead, , status] = await system.probe.starve(system.oracle.target, FEED, CALL_GAS + 30_000);
    expect([isRead, status]).to.deep.equal([true, STATUS.Unreachable]);
  });

  it("never blames a healthy aggregator for the gas that its caller kept back", async () => {
    const { oracle, probe } = system;
    const tooLittle = oracle.interface.getError("OracleTooLittleGas")!.selector;
    const outcomes = new Set<string>();
    for (const own of [0, 60_000, 180_000]) {
      await behave("answers", own);
      for (let gas = 4_000; gas <= 320_000; gas += 4_000) {
        const [isRead, error, status] = await probe.starve(oracle.target, FEED, gas);
        if (isRead) expect(status).to.equal(STATUS.Valid);
        outcomes.add(isRead ? "read" : error === tooLittle ? "named" : "out of gas");
      }
    }
    expect([...outcomes].sort()).to.deep.equal(["named", "out of gas", "read"]);
  });

  it("names an aggregator that needs more than its gas, whatever the caller gives", async () => {
    const { oracle, probe } = system;
    await behave("answers", CALL_GAS);
    const statuses = new Set<bigint>();
    for (let gas = 150_000; gas <= 1_000_000; gas += 10_000) {
      const [isRead, , status] = await probe.starve(oracle.target, FEED, gas);
      if (isRead) statuses.add(status);
    }
    expect([...statuses]).to.deep.equal([STATUS.Unreachable]);
  });

  it("lets nobody hide a later round by keeping gas back", async () => {
    const { oracle, rounds, probe } = system;
    const time = now - 10;
    await rounds.set(1, ANSWER, time - 100, 1);
    await rounds.set(2, 2n * ANSWER, time - 50, 2);
    await networkHelpers.time.increase(4 * 86_400);
    for (let gas = 5_000; gas <= 500_000; gas += 5_000) {
      const [isProven] = await probe.starveAt(oracle.target, FEEDS.rounds, time, 1, gas);
      expect(isProven, `${gas} gas`).to.equal(false);
    }
    const [isProven, , value] = await probe.starveAt(oracle.target, FEEDS.rounds, time, 2, 500_000);
    expect([isProven, value]).to.deep.equal([true, 6_000n * UNIT]);
  });
});
