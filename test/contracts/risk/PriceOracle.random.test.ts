import { expect } from "chai";
import { network } from "hardhat";

import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { deployRisk, GRACE, UNIT } from "./deployRisk.ts";
import { judge, STATUS, type Answer, type Rules, type World } from "./readingModel.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const BATCH = 100;
const BATCHES = 21;
const UINT80_MAX = 2n ** 80n - 1n;

/** Rules of feeds with both aggregators of the fixture; the deviation is zero for one that has no secondary. */
const RULES: readonly Rules[] = [
  [3_600n, 100n, 10_000n, 0n, 0n],
  [3_600n, 100n, 10_000n, 20_000n, 7_200n],
  [60n, 1n, 3_001n, 1n, 60n],
  [86_400n, 2_999n, 2n ** 128n / UNIT, 999_999n, 1n],
].map(([maxAge, low, high, maxDeviationPpm, secondaryMaxAge]) => {
  const bounds = { low: low! * UNIT, high: high! * UNIT };
  return {
    decimals: 8n,
    maxAge: maxAge!,
    ...bounds,
    maxDeviationPpm: maxDeviationPpm!,
    secondaryDecimals: 18n,
    secondaryMaxAge: secondaryMaxAge!,
  };
});

function pick<T>(random: SeededRandom, values: readonly T[]): T {
  return values[random.below(values.length)]!;
}

/** Around an edge: exactly there, one beside it, or somewhere near. */
function near(random: SeededRandom, edge: bigint, spread: number): bigint {
  return edge + pick(random, [0n, 0n, 1n, -1n, BigInt(random.below(2 * spread) - spread)]);
}

function randomAnswer(
  random: SeededRandom,
  value: bigint,
  maxAge: bigint,
  rules: Rules,
  unit: bigint,
  now: bigint,
): Answer {
  const roundId = pick(random, [0n, 1n, 7n, UINT80_MAX]);
  const isFine = random.below(4) !== 0;
  const edges = [0n, -value, 2n ** 128n, 1n - 2n ** 255n, 2n ** 255n - 2n, rules.low / unit, rules.high / unit];
  const oldest = now - maxAge;
  const times = [now, now + 1n, oldest, oldest - 1n, oldest - 99n, 0n, 2n ** 256n - 1n, near(random, oldest, 50)];
  return {
    roundId,
    answer: isFine ? value : pick(random, edges) + BigInt(random.below(3) - 1),
    updatedAt: random.below(4) !== 0 ? now - BigInt(random.below(Number(maxAge) + 1)) : pick(random, times),
    answeredInRound: random.below(10) === 0 ? roundId / 2n : roundId,
  };
}

function randomWorld(random: SeededRandom, rules: Rules, now: bigint): World {
  const value =
    3_000n * 10n ** 8n + BigInt(random.below(10 ** 9) - 5 * 10 ** 8) / pick(random, [1n, 10n ** 3n, 10n ** 8n]);
  const scaled = value * 10n ** 10n;
  const limit = (scaled * rules.maxDeviationPpm) / 1_000_000n;
  const other = near(random, scaled + pick(random, [0n, limit, -limit]), 1_000);
  const isUp = random.below(5) !== 0;
  const starts = [0n, now, now + 1n, now - BigInt(GRACE), now - BigInt(GRACE) + 1n];
  return {
    now,
    grace: BigInt(GRACE),
    primary: randomAnswer(random, value, rules.maxAge, rules, 10n ** 10n, now),
    secondary: randomAnswer(random, other, rules.secondaryMaxAge, rules, 1n, now),
    sequencerAnswer: isUp ? 0n : pick(random, [0n, 1n, 2n, -1n]),
    sequencerStartedAt: isUp ? now - BigInt(GRACE + random.below(100_000)) : pick(random, starts),
  };
}

describe("PriceOracle > random readings", function () {
  it("are what the rules say, one by one", async () => {
    const random = new SeededRandom(chooseSeed(20_260_413));
    const { rollupOracle: oracle, primary, secondary, probe } = await deployRisk(connection);
    for (const [index, rules] of RULES.entries()) {
      await oracle.setFeed(index + 1, primary.target, rules.maxAge, rules.low, rules.high);
      if (rules.maxDeviationPpm === 0n) continue;
      await oracle.setSecondary(index + 1, secondary.target, rules.secondaryMaxAge, rules.maxDeviationPpm);
    }
    const now = BigInt(await networkHelpers.time.latest());
    const seen = new Map<bigint, number>();
    for (let batch = 0; batch < BATCHES; batch++) {
      const feeds = Array.from({ length: BATCH }, () => random.below(RULES.length));
      const worlds = feeds.map((feed) => randomWorld(random, RULES[feed]!, now));
      const cases = worlds.map((world, index) => ({ feed: feeds[index]! + 1, ...world }));
      const outcomes = await probe.judge.staticCall(oracle.target, primary.target, secondary.target, cases);
      for (const [index, { reading, price, refusal }] of outcomes.entries()) {
        const feed = feeds[index]!;
        const rules = RULES[feed]!;
        const expected = judge(BigInt(feed + 1), rules, worlds[index]!);
        const context = JSON.stringify({ feed, ...worlds[index]! }, (_, value: unknown) => String(value));
        expect([reading.status, reading.value, reading.updatedAt], context).to.deep.equal([
          expected.status,
          expected.value,
          expected.updatedAt,
        ]);
        const error = refusal === "0x" ? null : oracle.interface.parseError(refusal);
        expect([error?.name ?? null, ...(error?.args ?? [])], context).to.deep.equal([
          expected.error,
          ...expected.args,
        ]);
        expect(price, context).to.equal(expected.status === STATUS.Valid ? expected.value : 0n);
        seen.set(expected.status, (seen.get(expected.status) ?? 0) + 1);
      }
    }
    // Each status but `Unreachable`, often enough to mean something.
    for (let status = STATUS.Valid as bigint; status < STATUS.Unreachable; status++) {
      expect(seen.get(status), `status ${status}`).to.be.above(25);
    }
  });
});
