import { expect } from "chai";

import { measureKeeper } from "../../bench/keeper/measureKeeper.ts";
import { renderRows } from "../../bench/keeper/renderRows.ts";
import type { Row } from "../../bench/keeper/Row.ts";
import { checkTargets, renderTargets } from "../../bench/keeper/targets.ts";

/** As few accounts and blocks as show the shape. */
const TRAFFIC = { accounts: 20, mixedBlocks: 2, mixedTrades: 6, tradeBlocks: 40, trades: 5 };
const SIZES = [2_000];

describe("bench:keeper", function () {
  this.timeout(180_000);
  let rows: readonly Row[];

  // Every root that a row rests on is compared with the node's: a wrong one throws.
  before(async () => {
    rows = await measureKeeper({
      ...{ traffic: TRAFFIC, sizes: SIZES, blocksHeld: 10, rounds: 1, nodeBlocks: 3, withNode: true, withPeers: false },
      say: () => undefined,
      signal: new AbortController().signal,
    });
  });

  function ofKind<Kind extends Row["kind"]>(kind: Kind): Extract<Row, { kind: Kind }>[] {
    return rows.filter((row): row is Extract<Row, { kind: Kind }> => row.kind === kind);
  }

  it("measures the replay from text and from verified logs", () => {
    const replay = ofKind("replay");
    expect(replay.map(({ name }) => name)).to.deep.equal(["text to root", "verified logs to root"]);
    for (const { events, eventsPerSecond, accounts } of replay) {
      expect(events).to.be.greaterThan(300);
      expect(eventsPerSecond).to.be.greaterThan(0);
      expect(accounts).to.equal(TRAFFIC.accounts);
    }
  });

  it("measures the verdict at the size that was asked for", () => {
    const [row, ...others] = ofKind("verdict");
    expect(others).to.deep.equal([]);
    expect(row).to.include({ blocksHeld: 10, samples: 10 });
    expect(row!.slots).to.be.within(2_000, 2_100);
    expect(row!.changedSlots).to.be.within(10, 60);
    expect(row!.medianMs).to.be.within(0, row!.p99Ms);
    expect(row!.answerBytes).to.be.greaterThan(10_000);
  });

  it("says where the time goes, in parts of 1", () => {
    for (const { shares } of [...ofKind("replay"), ...ofKind("verdict")]) {
      expect(Object.keys(shares)).to.include.members(["reducers", "trie"]);
      expect(Math.abs(Object.values(shares).reduce((sum, share) => sum + share, -1)) < 1e-9).to.equal(true);
    }
  });

  it("measures a keeper beside the node, with the node's time apart", () => {
    const node = ofKind("node");
    expect(node.map(({ stage, samples }) => [stage, samples])).to.deep.equal([
      ["mined to verdict", 3],
      ["of it the node", 3],
      ["of it the keeper", 3],
    ]);
  });

  it("measures how the chain is taken in, with the sum of all balances", () => {
    const [keeper, parts, ...others] = ofKind("index");
    expect(others).to.deep.equal([]);
    expect(keeper).to.include({ system: "lockstep, the whole keeper", total: null });
    expect(parts!.system).to.equal("lockstep");
    expect(parts!.events).to.equal(keeper!.events);
    expect(BigInt(parts!.total!) > 0n).to.equal(true);
  });

  it("shows a table for each kind, aligned", () => {
    const tables = renderRows(rows).split("\n\n");
    expect(tables.map((table) => table.split("\n").length)).to.deep.equal([4, 3, 5, 4]);
    for (const table of tables) expect(new Set(table.split("\n").map((line) => line.length)).size).to.equal(1);
  });

  describe("the targets", () => {
    function withPeer(system: string, eventsPerSecond: number): Row[] {
      const own = ofKind("index").find((row) => row.system === "lockstep")!;
      return [
        { ...own, eventsPerSecond: 100 },
        { ...own, system, eventsPerSecond },
      ];
    }

    it("say nothing of what was not measured", () => {
      expect(checkTargets(rows).map(({ isMet }) => isMet)).to.deep.equal([null, null, null]);
      expect(renderTargets(checkTargets(rows))).to.equal("");
    });

    it("compare the rates with each peer's", () => {
      expect(checkTargets(withPeer("@subsquid/evm-processor 1.27.3", 50))[1]).to.include({ value: 2, isMet: true });
      expect(checkTargets(withPeer("@subsquid/evm-processor 1.27.3", 51))[1]).to.include({ isMet: false });
      expect(checkTargets(withPeer("ponder 0.16.10", 5))[2]).to.include({ value: 20, isMet: true });
    });

    it("hold the verdict at a million slots to 5 ms of processor time", () => {
      const [row] = ofKind("verdict");
      const at = (slots: number, medianCpuMs: number): Row[] => [{ ...row!, slots, medianCpuMs }];
      expect(checkTargets(at(1_000_000, 5))[0]).to.include({ isMet: true });
      expect(checkTargets(at(1_000_000, 5.1))[0]).to.include({ isMet: false });
      expect(checkTargets(at(999_999, 6))[0]).to.include({ isMet: null });
    });
  });
});
