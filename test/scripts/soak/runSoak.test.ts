import { expect } from "chai";

import { renderSoak } from "../../../scripts/soak/renderSoak.ts";
import { runSoak } from "../../../scripts/soak/runSoak.ts";
import type { SoakResult } from "../../../scripts/soak/SoakResult.ts";

const SEED = 7;
const BLOCKS = 150;

describe("soak", function () {
  this.timeout(90_000);
  let result: SoakResult;

  before(async () => {
    console.log(`      seed ${SEED}`);
    result = await runSoak({
      ...{ blocks: BLOCKS, blockSeconds: 12, seed: SEED, sampleBlocks: 30 },
      ...{ signal: new AbortController().signal, say: () => undefined },
    });
  });

  it("judges every block through half an hour of trouble, and does nothing wrong", () => {
    expect(result.checks.filter(({ isMet }) => !isMet)).to.deep.equal([]);
    expect(result.blocks).to.be.at.least(BLOCKS);
    expect(result.reported + result.overtaken).to.equal(result.blocks);
  });

  it("had trouble, and work", () => {
    expect(Object.keys(result.faults).length).to.be.at.least(3);
    expect(result.recoveries).to.be.at.least(3);
    expect(result.marketActions).to.be.above(20);
    expect(result.counts["signatures"]).to.be.at.least(2);
    expect(result.reported).to.be.above(BLOCKS / 2);
  });

  it("shows start, middle and end, and each check", () => {
    const text = renderSoak(result);
    expect(text).to.match(/start +middle +end/);
    expect(text.match(/^ok /gm)).to.have.length(result.checks.length);
  });
});
