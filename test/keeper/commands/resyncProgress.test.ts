import { expect } from "chai";

import { describeProgress, describeSeconds, ResyncProgress } from "../../../keeper/commands/resyncProgress.ts";
import type { RebuildProgress } from "../../../keeper/rebuild/Pace.ts";

const STEP: RebuildProgress = {
  ...{ from: 1_001, block: 1_500, target: 2_000, events: 30 },
  ...{ blocksPerSecond: 1_234.4, eventsPerSecond: 0.4, secondsLeft: 80.2 },
};

describe("resyncProgress", () => {
  it("says where it is, how fast, and how long still", () => {
    expect(describeProgress(STEP)).to.equal("block 1,500 of 2,000  1,234 blocks/s  0 events/s  1 min 21 s left");
    expect(describeProgress({ ...STEP, secondsLeft: null })).to.equal(
      "block 1,500 of 2,000  1,234 blocks/s  0 events/s",
    );
  });

  it("says times as a person does", () => {
    expect([0, 59, 60, 3_599, 7_500].map(describeSeconds)).to.deep.equal([
      ...["0 s", "59 s", "1 min 0 s", "59 min 59 s", "2 h 5 min"],
    ]);
  });

  it("writes a line every five seconds, and the last one", () => {
    let nowMs = 0;
    const lines: string[] = [];
    const progress = new ResyncProgress({ style: "lines", write: (line) => lines.push(line), now: () => nowMs });
    for (nowMs = 0; nowMs <= 12_000; nowMs += 500) progress.see(STEP);
    expect(lines).to.have.length(3);
    progress.see({ ...STEP, block: 2_000 });
    expect(lines.at(-1)).to.match(/^block 2,000 of 2,000 .*\n$/);
    expect(lines).to.have.length(4);
  });

  it("draws the part that is done", () => {
    const drawn: string[] = [];
    const progress = new ResyncProgress({ style: "bar", write: (text) => drawn.push(text), now: () => 0 });
    progress.see(STEP);
    progress.see({ ...STEP, block: 1_000 });
    expect(drawn[0]).to.match(/^.{5}\[#{12}\.{12}\] {2}50 % block 1,500 of 2,000 /s);
    expect(drawn[1]).to.contain("[........................]   0 % ");
  });
});
