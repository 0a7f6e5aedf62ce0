import { expect } from "chai";

import { SeededRandom } from "../../../scripts/local/SeededRandom.ts";
import { ChaosRpc } from "../../../scripts/chaos/ChaosRpc.ts";
import { FAULTS, type Fault, type FaultName } from "../../../scripts/soak/faults.ts";
import { FaultPlan, type Change } from "../../../scripts/soak/FaultPlan.ts";

const BLOCKS = 7_200;

/** A day's plan, and who has which fault after each block. */
function play(seed: number, calm: (block: number) => boolean = () => false): (FaultName | null)[][] {
  const plan = new FaultPlan(new SeededRandom(seed), 3);
  const now: (FaultName | null)[] = [null, null, null];
  return Array.from({ length: BLOCKS }, (_, block) => {
    for (const { source, fault } of plan.next(block, calm(block))) now[source] = fault;
    expect(plan.hasMajority).to.equal(now.filter((fault) => fault === null).length >= 2);
    return [...now];
  });
}

describe("FaultPlan", () => {
  it("says the same again for the same seed, and something else for another", () => {
    expect(play(1)).to.deep.equal(play(1));
    expect(play(1)).to.not.deep.equal(play(2));
  });

  it("lets each fault come many times in a day, at each source", () => {
    const seen = new Map<string, number>();
    const days = play(3);
    for (const [block, faults] of days.entries()) {
      for (const [source, fault] of faults.entries()) {
        if (fault === null || days[block - 1]?.[source] === fault) continue;
        seen.set(`${fault} at ${source}`, (seen.get(`${fault} at ${source}`) ?? 0) + 1);
      }
    }
    expect(seen.size).to.equal(Object.keys(FAULTS).length * 3);
  });

  it("takes the majority away sometimes, and all sources, and mostly leaves it", () => {
    const days = play(4);
    const share = (well: number): number => {
      return days.filter((faults) => faults.filter((fault) => fault === null).length === well).length / BLOCKS;
    };
    expect(share(0)).to.be.within(0.001, 0.1);
    expect(share(1)).to.be.within(0.02, 0.25);
    expect(share(2) + share(3)).to.be.above(0.7);
    expect(share(3)).to.be.above(0.2);
  });

  it("never lets two sources serve the fork at once", () => {
    for (let seed = 0; seed < 20; seed += 1) {
      expect(play(seed).every((faults) => faults.filter((fault) => fault === "fork").length <= 1)).to.equal(true);
    }
  });

  it("makes everybody well in a calm, and counts the outages", () => {
    const isCalm = (block: number): boolean => block % 100 >= 80;
    const days = play(5, isCalm);
    expect(days.every((faults, block) => !isCalm(block) || faults.every((fault) => fault === null))).to.equal(true);
    const plan = new FaultPlan(new SeededRandom(5), 3);
    const changes: Change[] = [];
    for (let block = 0; block < BLOCKS; block += 1) changes.push(...plan.next(block, false));
    expect(plan.outages).to.be.above(10);
    const begun = [...plan.counts.values()].reduce((sum, count) => sum + count, 0);
    expect(changes.filter(({ fault }) => fault !== null)).to.have.length.within(begun - 10, begun);
  });
});

describe("FAULTS", () => {
  it("are rules that the proxy takes", async () => {
    const proxy = await ChaosRpc.start({ upstreams: ["http://127.0.0.1:1"] });
    try {
      for (const fault of Object.values(FAULTS) as Fault[]) {
        if (fault.kind !== "rules") continue;
        proxy.setRules(fault.ws);
        proxy.setRules(fault.http ?? []);
      }
    } finally {
      await proxy.close();
    }
  });
});
