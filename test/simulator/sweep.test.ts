import { expect } from "chai";

import { missingIn, REQUIRED } from "../../simulator/run/Coverage.ts";
import { sweep } from "../../simulator/run/sweep.ts";

describe("a sweep of the simulator", function () {
  this.timeout(120_000);

  it("breaks no promise in the first seeds, whatever fails and once nothing fails any more", () => {
    const { violations, falsePauses, missed, runs, blocks, coverage, pauseBlocks } = sweep({
      ...{ first: 1, seeds: 12, mode: "both" },
    }).result();
    console.log(
      `      ${runs} runs, ${blocks} blocks, ${REQUIRED.length - missingIn(coverage).length} of ${REQUIRED.length} situations`,
    );
    expect(violations).to.deep.equal([]);
    expect([falsePauses, missed]).to.deep.equal([0, 0]);
    expect(pauseBlocks.count).to.be.greaterThan(4);
    expect(pauseBlocks.median).to.equal(1);
  });

  it("pauses nothing under source faults and shallow reorgs alone (P3)", () => {
    const { falsePauses, violations, blocks, coverage } = sweep({
      ...{ first: 1, seeds: 6, mode: "safety", isPauseForbidden: true },
    }).result();
    expect(blocks).to.be.greaterThan(1_000);
    expect(violations).to.deep.equal([]);
    expect(falsePauses).to.equal(0);
    expect(coverage["reorg"]).to.be.greaterThan(3);
  });

  it("names what it never reached", () => {
    expect(missingIn({})).to.deep.equal(REQUIRED);
    const all = Object.fromEntries(REQUIRED.map((name) => [name, 1]));
    expect(missingIn(all)).to.deep.equal([]);
    expect(missingIn({ ...all, "reorg deeper than confirmations": 0 })).to.deep.equal([
      "reorg deeper than confirmations",
    ]);
  });
});
