import { expect } from "chai";

import { Pace } from "../../../keeper/rebuild/Pace.ts";

describe("Pace", () => {
  it("says how fast it goes and how long it takes still", () => {
    const pace = new Pace(101, 300, 0);
    expect(pace.step(200, 50, 2_000)).to.deep.equal({
      ...{ from: 101, block: 200, target: 300, events: 50 },
      ...{ blocksPerSecond: 50, eventsPerSecond: 25, secondsLeft: 2 },
    });
  });

  it("says nothing again within a tenth of a second, except at the end", () => {
    const pace = new Pace(1, 3, 0);
    expect(pace.step(1, 0, 100)).to.include({ block: 1 });
    expect(pace.step(2, 0, 199)).to.equal(null);
    expect(pace.step(3, 0, 199)).to.include({ block: 3, secondsLeft: 0 });
  });

  it("goes by the newest seconds", () => {
    const pace = new Pace(1, 10_000, 0);
    for (let second = 1; second <= 20; second += 1) pace.step(100 * second, 0, 1_000 * second);
    let last = null;
    for (let second = 21; second <= 40; second += 1) last = pace.step(2_000 + 10 * (second - 20), 0, 1_000 * second);
    expect(last).to.include({ blocksPerSecond: 10, secondsLeft: 780 });
  });

  it("knows no time left before time has passed", () => {
    expect(new Pace(1, 9, 5).step(9, 0, 5)).to.include({ blocksPerSecond: 0, secondsLeft: 0 });
    expect(new Pace(1, 9, 0).step(0, 0, 200)).to.include({ blocksPerSecond: 0, secondsLeft: null });
  });
});
