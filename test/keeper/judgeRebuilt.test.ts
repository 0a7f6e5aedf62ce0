import { expect } from "chai";

import { judgeRebuilt } from "../../keeper/judgeRebuilt.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import type { ComparedRoots } from "../../keeper/telemetry/RebuildRecord.ts";

const root = (digit: string): Hash => `0x${digit.repeat(64)}`;
const at = { blockNumber: 7, blockHash: root("7") };
const COUNTS = { blocks: 7, events: 9, findingCount: 0 };

/** Roots of one contract: whose are `a`, and whose are others. */
function compared(books: string, chain: string, rebuilt: string): ComparedRoots {
  return { contract: "PositionLedger", ...at, books: root(books), chain: root(chain), rebuilt: root(rebuilt) };
}

describe("judgeRebuilt", () => {
  const cases: readonly [string, ComparedRoots[], string][] = [
    ["the chain's roots", [compared("a", "b", "b")], "own-books"],
    ["the live books' roots", [compared("a", "b", "a")], "confirmed"],
    ["others", [compared("a", "b", "c")], "neither"],
    [
      "of one contract the chain's, of another the live books'",
      [compared("a", "b", "b"), compared("a", "b", "a")],
      "neither",
    ],
    ["the chain's where one contract is equal anyway", [compared("a", "a", "a"), compared("a", "b", "b")], "own-books"],
    [
      "the live books' where one contract is equal anyway",
      [compared("a", "a", "a"), compared("a", "b", "a")],
      "confirmed",
    ],
  ];
  for (const [what, roots, kind] of cases) {
    it(`says ${kind} when the rebuilt books have ${what}`, () => {
      expect(judgeRebuilt(roots, COUNTS, false))
        .to.include({ kind, ...COUNTS })
        .and.deep.include({ roots });
    });
  }

  it("blames the reducers where they repeat what the second opinion calls an own fault", () => {
    expect(judgeRebuilt([compared("a", "b", "a")], COUNTS, true).kind).to.equal("own-reducers");
    expect(judgeRebuilt([compared("a", "b", "b")], COUNTS, true).kind).to.equal("own-books");
    expect(judgeRebuilt([compared("a", "b", "c")], COUNTS, true).kind).to.equal("neither");
  });

  it("says what to do, and when the history is wrong by itself", () => {
    const roots = [compared("a", "b", "b")];
    expect(judgeRebuilt(roots, COUNTS, false))
      .to.have.property("detail")
      .that.contains("run `lockstep resync`");
    const wrong = judgeRebuilt(roots, { ...COUNTS, findingCount: 2 }, false);
    expect(wrong.detail).to.match(/the reducers object to the history in 2 places, whatever the roots$/);
  });
});
