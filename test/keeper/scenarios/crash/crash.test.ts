import { expect } from "chai";

import { CrashWorld } from "../../../../scripts/crashes/CrashWorld.ts";
import { describeStory } from "../../../../scripts/crashes/drawStory.ts";
import { renderTally } from "../../../../scripts/crashes/renderTally.ts";
import { runCrashes, type Tally } from "../../../../scripts/crashes/runCrashes.ts";
import { chooseSeed } from "../../../helpers/keeper/seed.ts";

const RUNS = 10;
// 30 are asked of the long run; here answers come when they come.
const LEAST_POINTS = 8;
const TWO_KEEPERS_RUNS = 2;

/** As many as fit; the rest by `node scripts/crashes/main.ts --runs 200`. */
describe("Scenario: a keeper is killed between verdict and proven effect", function () {
  this.timeout(600_000);

  async function run(keepers: 1 | 2, runs: number, seed: number): Promise<Tally> {
    const world = await CrashWorld.open({ seed, keepers });
    try {
      const signal = new AbortController().signal;
      const onRun: Parameters<typeof runCrashes>[1]["onRun"] = ({ story, problems }) => {
        if (problems.length > 0) console.log(`      ${describeStory(story)}\n      ${problems.join("\n      ")}`);
      };
      return await runCrashes([world], { seed, first: 0, runs, keepers, onRun, signal });
    } finally {
      await world.close();
    }
  }

  it(`D1, D2: ${RUNS} incidents have one effective pause each, killed at ${LEAST_POINTS} points or more`, async () => {
    const tally = await run(1, RUNS, chooseSeed(20_261_122));
    expect(tally.failures, renderTally(tally)).to.deep.equal([]);
    expect(tally.effective).to.equal(RUNS);
    expect(tally.pointsHit, renderTally(tally)).to.be.at.least(LEAST_POINTS);
  });

  it("D1, D2: two keepers that act at once and are both killed contain, with one effective pause between them", async () => {
    const tally = await run(2, TWO_KEEPERS_RUNS, chooseSeed(20_261_122));
    expect(tally.failures, renderTally(tally)).to.deep.equal([]);
    expect(tally.effective).to.equal(TWO_KEEPERS_RUNS);
    expect(tally.kills).to.be.at.least(TWO_KEEPERS_RUNS);
  });
});
