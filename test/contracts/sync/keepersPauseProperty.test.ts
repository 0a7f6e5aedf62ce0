import { expect } from "chai";
import { network } from "hardhat";

import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { addKeepers, attesterAt, CLASS, deployKeepers, GAS, pauserAt, type Keepers } from "./deployKeepers.ts";
import { PauseModel, type PauseClass, type PauseTimes } from "./PauseModel.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const SEED = Number(process.env["LOCKSTEP_SEED"] ?? 5_201);
const STEPS = Number(process.env["LOCKSTEP_STEPS"] ?? 250);
const CLASSES = [CLASS.Books, CLASS.View] as const;

/** Among them a soft time of less than two views', and cool-downs shorter and longer than the pauses. */
const TIMES: readonly PauseTimes[] = [
  { coolDown: 3_600, softTime: 3_600, viewTime: 1_200 },
  { coolDown: 3_600, softTime: 1_500, viewTime: 1_200 },
  { coolDown: 60, softTime: 2_400, viewTime: 1_200 },
  { coolDown: 1, softTime: 1_201, viewTime: 1_200 },
];

/** When a key paused, seconds. */
interface Span {
  readonly from: number;
  readonly until: number;
}

/** The longest time that is paused in all, overlaps counted once, without a gap of the cool-down in between. */
function longestPaused(spans: readonly Span[], coolDown: number): number {
  let [longest, paused, end] = [0, 0, -Infinity];
  for (const { from, until } of spans) {
    if (from - end >= coolDown) paused = 0;
    paused += Math.max(0, until - Math.max(from, end));
    end = Math.max(end, until);
    longest = Math.max(longest, paused);
  }
  return longest;
}

/** All sequences of `length` classes. */
function ordersOf(length: number): PauseClass[][] {
  if (length === 0) return [[]];
  return ordersOf(length - 1).flatMap((order) => CLASSES.map((wanted) => [...order, wanted]));
}

async function fixture(): Promise<Keepers> {
  const system = await deployKeepers(connection, { joinDelay: 0 });
  await addKeepers(system, 4);
  return system;
}

/** One key and the guard, with the model beside them. */
class PauseRun {
  readonly spans: Span[] = [];
  readonly #system: Keepers;
  readonly #times: PauseTimes;
  readonly #model: PauseModel;
  now: number;
  generation = 0;
  liftedAt = 0;
  refused = 0;
  /** Until when somebody's pause of the incident that stands lasts; null when none stands. */
  #standsUntil: number | null = null;

  constructor(system: Keepers, times: PauseTimes, now: number) {
    this.#system = system;
    this.#times = times;
    this.#model = new PauseModel(times);
    this.now = now;
  }

  /** Keeper 0 pauses `after` seconds later, if the model says so. */
  async pause(wanted: PauseClass, after: number): Promise<void> {
    this.now += after;
    const { now, generation, liftedAt } = this;
    const { probe, keeperRegistry } = this.#system;
    await time.setNextBlockTimestamp(now);
    const terms = { ...this.#times, generation, liftedAt };
    const expected = this.#model.use(wanted, now, { generation, liftedAt });
    const sent = probe.usePause(pauserAt(0), wanted, terms, GAS);
    const label = `class ${wanted} at ${now} in generation ${generation}`;
    if ("armedAt" in expected) {
      this.refused += 1;
      await expect(sent, label)
        .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNotRearmed")
        .withArgs(attesterAt(0), expected.armedAt);
      return;
    }
    await sent;
    const { booksUntil, viewUntil, generation: used } = await keeperRegistry.keyOf(pauserAt(0));
    const { Books, View } = CLASS;
    const actual = [booksUntil, viewUntil, used].map(Number);
    expect(actual, label).to.deep.equal([this.#model.untilOf(Books), this.#model.untilOf(View), generation]);
    this.spans.push({ from: now, until: expected.softUntil });
    this.#standsUntil = Math.max(this.#standsUntil ?? 0, expected.softUntil);
  }

  /** The incident ends, by a quorum at once or by a checkpoint once it has expired. */
  lift(isByQuorum: boolean): void {
    if (this.#standsUntil === null || (!isByQuorum && this.now < this.#standsUntil)) return;
    this.generation += 1;
    this.liftedAt = this.now;
    this.#standsUntil = null;
  }

  /** An incident of others begins and ends. */
  passIncident(): void {
    if (this.#standsUntil !== null) return;
    this.generation += 1;
    this.liftedAt = this.now;
  }

  checkBudget(): void {
    const { coolDown, softTime } = this.#times;
    expect(longestPaused(this.spans, coolDown)).to.be.at.most(softTime);
  }
}

describe("KeeperRegistry > usePause, at random", () => {
  it("measures what is paused without a cool-down in between", () => {
    const span = (from: number, until: number): Span => ({ from, until });
    expect(longestPaused([span(0, 10), span(5, 12)], 10)).to.equal(12);
    expect(longestPaused([span(0, 10), span(2, 5), span(19, 25)], 10)).to.equal(16);
    expect(longestPaused([span(0, 10), span(20, 25)], 10)).to.equal(10);
  });

  for (const times of TIMES) {
    const label = `soft ${times.softTime}, view ${times.viewTime}, cool-down ${times.coolDown}`;

    it(`never exceeds the soft time in any order of four pauses, as fast as they are allowed (${label})`, async () => {
      for (const order of ordersOf(4)) {
        for (const isByQuorum of [false, true]) {
          const system = await networkHelpers.loadFixture(fixture);
          const run = new PauseRun(system, times, (await time.latest()) + 100);
          for (const wanted of order) {
            await run.pause(wanted, 1);
            if (isByQuorum) run.lift(true);
            // Again and again, at every edge of the budgets.
            for (const step of [times.softTime - times.viewTime, times.viewTime, times.coolDown]) {
              await run.pause(wanted, step);
              run.lift(isByQuorum);
            }
          }
          run.checkBudget();
        }
      }
    });

    it(`never exceeds it in ${STEPS} random pauses, and decides as defined (${label}, seed ${SEED})`, async () => {
      const system = await networkHelpers.loadFixture(fixture);
      const random = new SeededRandom(SEED);
      const run = new PauseRun(system, times, (await time.latest()) + 100);
      const spread = [2, times.viewTime, times.softTime, times.coolDown, 2 * times.softTime + times.coolDown];
      for (let step = 0; step < STEPS; step += 1) {
        const chance = random.below(10);
        if (chance < 2) run.lift(true);
        if (chance > 6) run.lift(false);
        if (chance === 5) run.passIncident();
        await run.pause(CLASSES[random.below(2)]!, 1 + random.below(spread[random.below(spread.length)]!));
      }
      run.checkBudget();
      // It did pause, and it was refused.
      expect(run.spans.length).to.be.greaterThan(STEPS / 12);
      expect(run.refused).to.be.greaterThan(STEPS / 12);
    });
  }
});
