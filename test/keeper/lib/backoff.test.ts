import { expect } from "chai";
import { backoffMs } from "../../../keeper/lib/backoff.ts";

describe("backoffMs", () => {
  const options = { baseMs: 100, maxMs: 1_000 };

  it("doubles up to its limit, at least half of it fixed", () => {
    expect([0, 1, 2, 3, 4, 5, 1e9].map((attempt) => backoffMs(attempt, 0, options))).to.deep.equal([
      50, 100, 200, 400, 500, 500, 500,
    ]);
  });

  it("spreads over the other half", () => {
    expect([0, 0.5, 0.9].map((random) => backoffMs(1, random, options))).to.deep.equal([100, 150, 190]);
  });
});
