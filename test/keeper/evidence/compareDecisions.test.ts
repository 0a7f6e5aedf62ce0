import { expect } from "chai";
import type { Verdict } from "../../../keeper/domain/Verdict.ts";
import { compareDecisions } from "../../../keeper/evidence/compareDecisions.ts";
import type { Decision } from "../../../keeper/evidence/entries.ts";
import type { TimedDecision } from "../../../keeper/evidence/Replayer.ts";
import type { BlockReport, IncidentReport } from "../../../keeper/loop/ports.ts";
import { hashOf } from "./samples.ts";

const IN_SYNC: Verdict = { kind: "InSync", isWitnessed: true, roots: [hashOf(9)] };
const DIVERGED: Verdict = {
  kind: "Diverged",
  isLatched: false,
  findings: [
    {
      cause: "unexplained-write",
      contract: "PositionLedger",
      blockNumber: 2,
      blockHash: hashOf(2),
      detail: "roots",
      logIndex: null,
    },
  ],
};

const block = (number: number, verdict: Verdict): Decision => ({
  type: "block",
  report: { number, hash: hashOf(number), verdict } as BlockReport,
});

const incident = (state: IncidentReport["state"], containedIn: number | null = null): Decision => ({
  type: "incident",
  report: {
    id: hashOf(77),
    state,
    containedIn,
    cause: "unexplained-write",
    contract: "PositionLedger",
    blockNumber: 2,
    blockHash: hashOf(2),
    detail: "",
    transaction: hashOf(5),
  },
});

const at = (decisions: readonly Decision[]): TimedDecision[] =>
  decisions.map((decision, index) => ({ atMs: index, decision }));

const compare = (
  recorded: readonly Decision[],
  decisions: readonly Decision[],
  failure: Error | null = null,
): ReturnType<typeof compareDecisions> =>
  compareDecisions(at(recorded), { decisions: at(decisions), unanswered: [], failure });

describe("compareDecisions", () => {
  const recorded = [block(1, IN_SYNC), block(2, DIVERGED), incident("opened"), incident("acting"), block(3, DIVERGED)];

  it("finds the same decisions the same, whatever their times, wording and transactions", () => {
    const reworded = { ...DIVERGED, findings: DIVERGED.findings.map((finding) => ({ ...finding, detail: "other" })) };
    const other = [block(1, IN_SYNC), block(2, reworded), incident("opened"), incident("acting"), block(3, reworded)];
    expect(compare(recorded, other)).to.deep.equal({ difference: null, notes: [], blockCount: 3 });
  });

  it("counts the verdict that a block was left with, not those on the way", () => {
    const unknown: Verdict = { kind: "Unknown", reason: "no-quorum", detail: "1 of 2" };
    expect(compare(recorded, [block(1, unknown), ...recorded]).difference).to.equal(null);
    expect(compare(recorded, [...recorded, block(3, unknown)]).difference).to.deep.equal({
      what: "verdict",
      blockNumber: 3,
      blockHash: hashOf(3),
      recorded: "Diverged: PositionLedger unexplained-write in block 2",
      replayed: "Unknown, no-quorum",
    });
  });

  it("names the lowest block that differs: verdict, finding, roots, latch", () => {
    const latched = { ...DIVERGED, isLatched: true };
    const elsewhere = { ...DIVERGED, findings: [{ ...DIVERGED.findings[0]!, logIndex: 4 }] };
    const otherRoots: Verdict = { ...IN_SYNC, roots: [hashOf(8)] };
    for (const [number, verdict] of [
      [1, otherRoots],
      [1, DIVERGED],
      [2, IN_SYNC],
      [2, latched],
      [2, elsewhere],
    ] as const) {
      const changed = recorded.map((decision) =>
        decision.type === "block" && decision.report.number >= number
          ? block(decision.report.number, verdict)
          : decision,
      );
      expect(compare(recorded, changed).difference?.blockNumber).to.equal(number);
    }
    const latch: Decision = { type: "latch", detail: "own fault" };
    expect(compare(recorded, [...recorded, latch]).difference).to.include({ what: "latch", replayed: "latched" });
    expect(compare([...recorded, latch], recorded).difference).to.include({ what: "latch", replayed: "not latched" });
  });

  it("goes past a block that one of them went past, but not past the end", () => {
    const [first, second, opened, acting, third] = recorded as [Decision, Decision, Decision, Decision, Decision];
    expect(compare(recorded, [second, opened, acting, third]).difference).to.equal(null);
    expect(compare([second, opened, acting, third], recorded).difference).to.equal(null);
    expect(compare(recorded, [first, second, opened, acting]).difference).to.include({
      blockNumber: 3,
      replayed: "not judged",
    });
    expect(compare([first, third], [first, block(2, DIVERGED), third]).difference).to.include({
      blockNumber: 2,
      recorded: "not judged",
    });
    // The recording ended before it was judged.
    expect(compare([first, second, opened, acting], recorded).difference).to.equal(null);
  });

  it("compares the course of an incident, and where it was contained", () => {
    const contained = [...recorded, incident("contained", 4)];
    expect(compare([...recorded, incident("acting")], recorded).difference).to.equal(null);
    expect(compare(contained, [...recorded, incident("contained", 5)]).difference).to.deep.include({
      what: "incident",
      blockNumber: 2,
      recorded: "incident PositionLedger unexplained-write: opened → acting → contained in 4",
      replayed: "incident PositionLedger unexplained-write: opened → acting → contained in 5",
    });
    const without = recorded.filter(({ type }) => type !== "incident");
    expect(compare(recorded, without).difference).to.include({ what: "incident", replayed: "no incident" });
    expect(compare(without, recorded).difference).to.include({ what: "incident", recorded: "no incident" });
  });

  it("names the block before which the core broke down", () => {
    const { difference } = compare(recorded, recorded.slice(0, 1), new RangeError("word out of range"));
    expect(difference).to.include({ what: "failure", blockNumber: 2, blockHash: hashOf(2) });
    expect(difference?.replayed).to.match(/^the core broke down: RangeError: word out of range/);
  });

  it("notes what only one of them said", () => {
    const quarantine: Decision = { type: "quarantine", source: "a", reason: "lies" };
    const unknown: Decision = { type: "unknown", reason: "no-source", detail: "nobody" };
    const { difference, notes } = compare([...recorded, unknown], [...recorded, quarantine]);
    expect(difference).to.equal(null);
    expect(notes).to.deep.equal([
      "only in the replay: source a quarantined: lies",
      "only in the recording: Unknown, no-source: nobody",
    ]);
  });
});
