import { expect } from "chai";

import { ordered } from "../../../keeper/rebuild/ordered.ts";

interface Job {
  readonly index: number;
  readonly weight: number;
}

/** Jobs that end when they are told to, and what of them is under way. */
class Bench {
  readonly begun: number[] = [];
  readonly #ends = new Map<number, PromiseWithResolvers<number>>();

  readonly work = ({ index }: Job): Promise<number> => {
    this.begun.push(index);
    const end = Promise.withResolvers<number>();
    this.#ends.set(index, end);
    return end.promise;
  };

  finish(index: number): void {
    this.#ends.get(index)!.resolve(index);
  }

  fail(index: number): void {
    this.#ends.get(index)!.reject(new Error(`job ${index}`));
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("ordered", () => {
  const jobs = (...weights: number[]): Job[] => weights.map((weight, index) => ({ index, weight }));
  const weightOf = ({ weight }: Job): number => weight;

  async function collect(run: AsyncIterable<number>): Promise<number[]> {
    const taken: number[] = [];
    for await (const result of run) taken.push(result);
    return taken;
  }

  it("gives results in the order of the items, whatever ends first", async () => {
    const bench = new Bench();
    const taken = collect(ordered(jobs(0, 0, 0), bench.work, { maxItems: 3, maxWeight: 9, weightOf }));
    await settle();
    for (const index of [2, 0, 1]) bench.finish(index);
    expect(await taken).to.deep.equal([0, 1, 2]);
  });

  it("begins no more items than the bound before one is taken", async () => {
    const bench = new Bench();
    const taken = collect(ordered(jobs(0, 0, 0, 0), bench.work, { maxItems: 2, maxWeight: 9, weightOf }));
    await settle();
    expect(bench.begun).to.deep.equal([0, 1]);
    bench.finish(1);
    await settle();
    expect(bench.begun).to.deep.equal([0, 1]);
    bench.finish(0);
    await settle();
    expect(bench.begun).to.deep.equal([0, 1, 2, 3]);
    for (const index of [2, 3]) bench.finish(index);
    expect(await taken).to.deep.equal([0, 1, 2, 3]);
  });

  it("begins no more weight than the bound, but always one item", async () => {
    const bench = new Bench();
    const taken = collect(ordered(jobs(5, 0, 2, 1, 1), bench.work, { maxItems: 9, maxWeight: 2, weightOf }));
    await settle();
    // The first is heavier than the bound; nothing is begun beside it.
    expect(bench.begun).to.deep.equal([0]);
    bench.finish(0);
    await settle();
    expect(bench.begun).to.deep.equal([0, 1, 2]);
    for (const index of [1, 2]) bench.finish(index);
    await settle();
    expect(bench.begun).to.deep.equal([0, 1, 2, 3, 4]);
    for (const index of [3, 4]) bench.finish(index);
    expect(await taken).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it("ends with the first failure in order", async () => {
    const bench = new Bench();
    const taken = collect(ordered(jobs(0, 0, 0), bench.work, { maxItems: 3, maxWeight: 9, weightOf }));
    const outcome = taken.then(
      () => "ended",
      (error: unknown) => (error as Error).message,
    );
    await settle();
    bench.fail(2);
    bench.fail(1);
    bench.finish(0);
    expect(await outcome).to.equal("job 1");
  });
});
