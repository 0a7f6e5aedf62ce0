import { expect } from "chai";

import { CASES } from "../../bench/sources/cases.ts";
import type { ClientName } from "../../bench/sources/Client.ts";
import { CLIENTS } from "../../bench/sources/clients.ts";
import { runMatrix } from "../../bench/sources/Matrix.ts";
import { renderTable } from "../../bench/sources/renderTable.ts";
import { checkAnswers, checkTimes, toRows, type Row } from "../../bench/sources/rows.ts";
import { SourceWorld } from "../../bench/sources/SourceWorld.ts";

const RUNS = 2;
/** Enough for every answer that comes at all, and little to wait for those that never come. */
const CAP_MS = 800;

describe("bench:sources", function () {
  this.timeout(60_000);
  let world: SourceWorld;
  let rows: readonly Row[];

  before(async () => {
    world = await SourceWorld.open(new AbortController().signal);
    const options = { runs: RUNS, capMs: CAP_MS, cases: CASES, clients: CLIENTS, say: () => undefined };
    rows = toRows(await runMatrix(world, options));
  });

  after(async () => {
    await world.close();
  });

  function answersOf(client: ClientName): Record<string, string> {
    return Object.fromEntries(rows.filter((row) => row.client === client).map((row) => [row.case, row.answer]));
  }

  it("asks every client in every case", () => {
    expect(rows).to.have.length(CASES.length * CLIENTS.length);
    expect(rows.every(({ asks }) => asks === RUNS)).to.equal(true);
  });

  it("gets from Lockstep nothing that is wrong, and what it owes", () => {
    expect(checkAnswers(rows)).to.deep.equal([]);
    expect(answersOf("Lockstep")).to.deep.equal(Object.fromEntries(CASES.map(({ name, owed }) => [name, owed])));
  });

  it("says why Lockstep has no answer", () => {
    const faults = rows.flatMap((row) => (row.client === "Lockstep" && row.answer === "none" ? row.faults : []));
    expect(faults).to.deep.equal(["NoAgreement", "ReaderUnwitnessed"]);
  });

  it("tells real lies: whoever trusts the first source, or two of three, repeats them", () => {
    expect(answersOf("viem fallback")).to.include({
      "all honest": "right",
      "liar first": "wrong",
      "twin liar first": "wrong",
      "stale first": "wrong",
      "hung first": "none",
    });
    expect(answersOf("ethers quorum 2")).to.include({
      "all honest": "right",
      "two liars of three": "wrong",
      "two twin liars of three": "wrong",
    });
  });

  it("shows a line a case", () => {
    const lines = renderTable(rows).split("\n");
    expect(lines).to.have.length(CASES.length + 2);
    expect(new Set(lines.map((line) => line.length)).size).to.equal(1);
    expect(lines[3]).to.match(/^\| liar first +\| wrong/);
  });

  describe("the gates", () => {
    function bent(name: string, change: Partial<Row>): Row[] {
      return rows.map((row) => (row.case === name && row.client === "Lockstep" ? { ...row, ...change } : row));
    }

    it("see a wrong answer, and none where one is owed", () => {
      const wrong = bent("liar first", { answer: "wrong", answers: { right: 1, wrong: 1, none: 0 } });
      expect(checkAnswers(wrong)).to.deep.equal([`liar first: wrong in 1 of ${RUNS} asks`]);
      const none = bent("stale first", { answer: "none", faults: ["NoProof"] });
      expect(checkAnswers(none)).to.deep.equal(["stale first: none where right is owed (NoProof)"]);
    });

    it("see a right answer that comes late, and a hung source that holds it up", () => {
      const quick = rows.map((row) => ({ ...row, ms: 4, maxMs: 8 }));
      expect(checkTimes(quick)).to.deep.equal([]);
      const late = quick.map((row) => (row.case === "garbage first" ? { ...row, maxMs: 301 } : row));
      expect(checkTimes(late)).to.deep.equal(["garbage first: right after 301.0 ms, more than 300"]);
      const held = quick.map((row) => (row.case === "hung first" ? { ...row, ms: 6.1 } : row));
      expect(checkTimes(held)).to.have.length(1);
    });
  });
});
