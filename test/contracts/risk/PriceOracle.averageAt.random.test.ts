import { expect } from "chai";
import { network } from "hardhat";

import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { AverageModel, type HistoryRound } from "./averageModel.ts";
import { deployRisk, FEEDS, HIGH, LOW } from "./deployRisk.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const ROUNDS = 450;
const QUESTIONS = 400;
/** Longest times between rounds, drawn for stretches of them: updates by the minute up to a feed that all but died. */
const PACES = [70, 400, 2_000, 6_000] as const;

/** Phases of a feed, the first rounds of each old enough to be asked for; invalid rounds, gaps and times that go back. */
function drawHistory(random: SeededRandom, start: number): HistoryRound[] {
  const rounds: HistoryRound[] = [];
  let [phase, number, at, pace] = [1n, 0n, start, 400];
  while (rounds.length < ROUNDS) {
    if (random.below(20) === 0) pace = PACES[random.below(PACES.length)]!;
    if (random.below(90) === 0) [phase, number] = [phase + BigInt(1 + random.below(2)), 0n];
    // A gap in the ids.
    if (random.below(60) === 0) number += 1n;
    number += 1n;
    const id = (phase << 64n) | number;
    at += 1 + random.below(pace);
    const isFine = random.below(8) !== 0;
    const answer = 3_000n * 10n ** 8n + BigInt(random.below(10 ** 10) - 5 * 10 ** 9);
    const bad = [0n, -answer, LOW / 10n ** 10n, HIGH / 10n ** 10n, answer][random.below(5)]!;
    rounds.push({
      id,
      answer: isFine ? answer : bad,
      updatedAt: random.below(15) === 0 ? at - random.below(2 * pace) : at,
      answeredIn: isFine || bad !== answer ? id : id - 1n,
    });
  }
  return rounds;
}

describe("PriceOracle > averageAt > random histories", function () {
  it("are averaged as second by second", async () => {
    const random = new SeededRandom(chooseSeed(20_260_418));
    const { oracle, rounds: feed } = await deployRisk(connection);
    const start = await networkHelpers.time.latest();
    const rounds = drawHistory(random, start);
    const end = rounds.reduce((newest, { updatedAt }) => Math.max(newest, updatedAt), start);
    for (const { id, answer, updatedAt, answeredIn } of rounds) await feed.set(id, answer, updatedAt, answeredIn);
    await networkHelpers.time.increaseTo(end + 10);
    const model = new AverageModel(rounds, { low: LOW, high: HIGH });

    const seen = { whole: 0, part: 0, moment: 0, notLast: 0, invalid: 0 };
    for (let question = 0; question < QUESTIONS; question += 1) {
      const index = random.below(rounds.length);
      const { updatedAt } = rounds[index]!;
      const time = Math.max(start, updatedAt + [0, 0, 1, random.below(600), random.below(8_000)][random.below(5)]!);
      for (const { id } of rounds.slice(Math.max(0, index - 2), index + 12)) {
        const context = `round ${id} at ${time}`;
        const refusal = model.refusal(id, time);
        if (refusal !== null) {
          if (refusal === "OracleNotLastRound") seen.notLast += 1;
          else seen.invalid += 1;
          const args = refusal === "OracleNotLastRound" ? [FEEDS.rounds, id, time] : [FEEDS.rounds, id];
          await expect(oracle.averageAt(FEEDS.rounds, time, id), context)
            .to.be.revertedWithCustomError(oracle, refusal)
            .withArgs(...args);
          continue;
        }
        const { value, seconds } = model.average(id, time);
        expect(await oracle.averageAt(FEEDS.rounds, time, id), context).to.equal(value);
        if (seconds === 3_600) seen.whole += 1;
        else if (seconds > 0) seen.part += 1;
        else seen.moment += 1;
        break;
      }
    }
    console.log(`      ${JSON.stringify(seen)}`);
    expect(Math.min(seen.whole, seen.part, seen.notLast, seen.invalid)).to.be.above(20);
    expect(seen.moment).to.be.above(0);
  });
});
