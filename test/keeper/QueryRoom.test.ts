import { expect } from "chai";

import type { Unproven } from "../../keeper/api/ports.ts";
import type { Finding } from "../../keeper/domain/Finding.ts";
import type { UnknownReason, Verdict } from "../../keeper/domain/Verdict.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import type { Keeper } from "../../keeper/loop/Keeper.ts";
import type { BlockReport } from "../../keeper/loop/ports.ts";
import { QueryRoom } from "../../keeper/QueryRoom.ts";
import type { Status } from "../../keeper/Status.ts";

const BLOCK: Hash = `0x${"b1".repeat(32)}`;
const OTHER: Hash = `0x${"b2".repeat(32)}`;
const ROOTS = Array.from({ length: 10 }, (_, at): Hash => `0x${String(at).repeat(64)}`);
const IN_SYNC: Verdict = { kind: "InSync", isWitnessed: true, roots: ROOTS };
const FINDING: Finding = {
  ...{
    cause: "unexplained-write",
    contract: "PositionLedger",
    blockNumber: 7,
    blockHash: BLOCK,
    detail: "roots differ",
  },
  logIndex: null,
};

/** A room over books whose newest block is `tip`, and a keeper that has said this. */
function room(
  verdict: Verdict | null,
  { tip = BLOCK, unknown = null }: { tip?: Hash | null; unknown?: UnknownReason | null } = {},
) {
  const report = { number: 7, hash: BLOCK, timestamp: 1_000, verdict } as BlockReport;
  const last = verdict === null ? null : { report, atMs: 500 };
  const standing: Status["standing"] = {
    last,
    unknown: unknown === null ? null : { reason: unknown, detail: "nobody answers" },
  };
  const queries = new QueryRoom({ status: { standing }, now: () => 2_500 });
  const books = { tip: tip === null ? null : { number: 7, hash: tip }, immutables: {}, addresses: {} };
  queries.watch({ books } as unknown as Keeper);
  return queries;
}

const refusal = (queries: QueryRoom): Unproven => {
  const answer = queries.books();
  if (answer.kind === "proven") throw new Error("it answers");
  return answer;
};

describe("QueryRoom", () => {
  it("answers from books whose newest block was found in sync, and says how long ago", () => {
    const queries = room(IN_SYNC);
    const answer = queries.books();
    if (answer.kind === "unproven") throw new Error(answer.detail);
    expect(answer.ageSeconds).to.equal(2);
    expect(answer.at.block).to.deep.include({ number: 7, hash: BLOCK, timestamp: 1_000 });
    // Prices are read once for a block.
    expect(queries.books()).to.have.property("at", answer.at);
  });

  it("refuses before there are books, and before a block was judged", () => {
    const none = new QueryRoom({ status: { standing: { last: null, unknown: null } }, now: () => 0 });
    expect(refusal(none).code).to.equal("Starting");
    expect(refusal(room(null)).code).to.equal("Starting");
  });

  it("refuses while the books are past what was proven, or have left it", () => {
    for (const tip of [OTHER, null])
      expect(refusal(room(IN_SYNC, { tip }))).to.include({ code: "NotYetProven", retryAfterSeconds: 1 });
  });

  it("refuses when nothing can be said of the chain any more, although the last block was in sync", () => {
    const { code, detail } = refusal(room(IN_SYNC, { unknown: "no-source" }));
    expect([code, detail]).to.deep.equal([
      "Unknown",
      "nothing can be said of the chain now (no-source): nobody answers",
    ]);
  });

  it("refuses after every verdict but InSync, each with its reason", () => {
    const verdicts: readonly [Verdict, string, RegExp][] = [
      [
        { kind: "Diverged", findings: [FINDING], isLatched: false },
        "Diverged",
        /since block 7 \(unexplained-write, PositionLedger\)/,
      ],
      [{ kind: "OwnFault", findings: [], detail: "a bit flipped" }, "OwnFault", /a bit flipped/],
      [
        { kind: "Unknown", reason: "no-quorum", detail: "1 of 2 votes" },
        "Unknown",
        /block 7 \(no-quorum\): 1 of 2 votes/,
      ],
    ];
    for (const [verdict, code, detail] of verdicts) {
      const answer = refusal(room(verdict));
      expect(answer.code).to.equal(code);
      expect(answer.detail).to.match(detail);
      expect(answer.retryAfterSeconds).to.be.greaterThan(0);
    }
  });
});
