import { expect } from "chai";

import { BYTES_PER_BLOCK, checkVitals, growthPerBlock } from "../../../scripts/soak/checkVitals.ts";
import { readVitals, type Vitals } from "../../../scripts/soak/vitals.ts";

/** Twenty samples, a hundred blocks apart. */
function samples(of: (block: number) => Partial<Vitals>): Vitals[] {
  return Array.from({ length: 20 }, (_, at) => ({
    ...{ block: at * 100, heap: 50e6, external: 10e6, resident: 200e6, descriptors: 70, timers: 4, sockets: 30 },
    ...of(at * 100),
  }));
}

function broken(of: (block: number) => Partial<Vitals>): string[] {
  return checkVitals(samples(of)).flatMap(({ name, isMet }) => (isMet ? [] : [name]));
}

describe("checkVitals", () => {
  it("is content with a process that stays as it is, or grows within its bound", () => {
    expect(broken(() => ({}))).to.deep.equal([]);
    expect(broken((block) => ({ heap: 50e6 + block * (BYTES_PER_BLOCK - 1) }))).to.deep.equal([]);
  });

  it("sees memory that grows beyond the bound, in the heap or outside of it", () => {
    expect(broken((block) => ({ heap: 50e6 + block * (BYTES_PER_BLOCK + 1) }))).to.deep.equal(["memory"]);
    expect(broken((block) => ({ external: block * (BYTES_PER_BLOCK + 1) }))).to.deep.equal(["memory"]);
  });

  it("measures the second half, and judges nothing by a few blocks", () => {
    expect(growthPerBlock(samples((block) => ({ heap: Math.min(block, 1_000) * 1e6 })))).to.equal(0);
    const few = samples((block) => ({ block: block / 10, heap: block * 1e6 }));
    expect(checkVitals(few)[0]).to.include({ name: "memory", isMet: true });
  });

  it("sees descriptors, sockets and timers that pile up, and not a few on their way", () => {
    for (const name of ["descriptors", "sockets", "timers"] as const) {
      expect(broken((block) => ({ [name]: 30 + block / 100 }))).to.deep.equal([
        name === "descriptors" ? "file descriptors" : name,
      ]);
      expect(broken((block) => ({ [name]: block % 200 === 0 ? 30 : 40 }))).to.deep.equal([]);
    }
  });
});

describe("readVitals", () => {
  it("sees what is kept, and not what is let go", async () => {
    const before = await readVitals(0);
    const kept = Array.from({ length: 1_000 }, (_, at) => new Array<number>(1_000).fill(at + 0.5));
    const held = await readVitals(1);
    // Eight megabytes, less what was let go of other tests meanwhile.
    expect(held.heap - before.heap).to.be.above(6e6);
    kept.length = 0;
    expect((await readVitals(2)).heap - before.heap).to.be.below(2e6);
  });

  it("sees timers", async () => {
    const before = await readVitals(0);
    const timers = Array.from({ length: 5 }, () => setTimeout(() => undefined, 60_000));
    expect((await readVitals(1)).timers - before.timers).to.equal(5);
    for (const timer of timers) clearTimeout(timer);
  });
});
