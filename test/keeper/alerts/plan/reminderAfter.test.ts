import { expect } from "chai";
import { reminderAfter } from "../../../../keeper/alerts/plan/reminderAfter.ts";

const MINUTE = 60_000;
const minutes = (first: number): number[] =>
  [0, 1, 2, 3, 4, 100].map((reminder) => reminderAfter(reminder, first * MINUTE) / MINUTE);

describe("reminderAfter", () => {
  it("is 5, 15, 30 minutes and then an hour by default", () => {
    expect(minutes(5)).to.deep.equal([5, 15, 30, 60, 60, 60]);
  });

  it("grows from the configured first one to an hour at most", () => {
    expect(minutes(1)).to.deep.equal([1, 3, 6, 12, 12, 12]);
    expect(minutes(20)).to.deep.equal([20, 60, 60, 60, 60, 60]);
  });

  it("is never shorter than the first one", () => {
    expect(minutes(120)).to.deep.equal([120, 120, 120, 120, 120, 120]);
  });
});
