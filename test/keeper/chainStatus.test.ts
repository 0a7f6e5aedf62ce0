import { expect } from "chai";

import type { SourceReport, SourceState } from "../../keeper/chain/agree/SourceBoard.ts";
import { ChainStatus, type Watched } from "../../keeper/ChainStatus.ts";
import { CONDITION_KINDS, type Condition } from "../../keeper/domain/conditions.ts";
import { Metrics } from "../../keeper/telemetry/Metrics.ts";
import { hashOf } from "../helpers/keeper/blockTree.ts";

const FINAL = { number: 900, hash: hashOf("final") };

describe("ChainStatus", () => {
  let metrics: Metrics;
  let status: ChainStatus;
  let conditions: Condition[];
  let sources: SourceReport[];

  beforeEach(() => {
    metrics = new Metrics();
    status = new ChainStatus(metrics);
    conditions = [];
    sources = [source("a", "up", 100), source("b", "quarantined", 37)];
  });

  function source(id: string, state: SourceState, score: number): SourceReport {
    return { id, operator: `op-${id}`, state, reason: "", score, latencyMs: null, head: null };
  }

  function watch(finalBlock: Watched["finalBlock"] = FINAL): void {
    status.watch({
      finalBlock,
      sources: () => sources,
      get conditions() {
        return conditions;
      },
    });
  }

  /** The values of a metric, by its labels. */
  function values(name: string): Record<string, number> {
    const lines = metrics.render().split("\n");
    const own = lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return Object.fromEntries(
      own.map((line) => {
        const at = line.lastIndexOf(" ");
        return [line.slice(name.length, at), Number(line.slice(at + 1))];
      }),
    );
  }

  it("knows nothing before the core is there, and says so", () => {
    expect(status.toJson()).to.deep.equal({ conditions: [], finality: { mode: null, block: null }, sources: [] });
    expect(CONDITION_KINDS.map((kind) => status.holds(kind))).to.not.include(true);
    expect(values("lockstep_source_up")).to.deep.equal({});
    expect(values("lockstep_final_block_number")).to.deep.equal({});
  });

  it("shows each source by operator: whether it has a say, and its score", () => {
    watch();
    expect(values("lockstep_source_up")).to.deep.equal({
      '{source="a",operator="op-a"}': 1,
      '{source="b",operator="op-b"}': 0,
    });
    expect(values("lockstep_source_score")).to.deep.equal({
      '{source="a",operator="op-a"}': 100,
      '{source="b",operator="op-b"}': 37,
    });
  });

  it("calls a source up only where its vote counts", () => {
    const states = ["up", "limited", "suspended", "quarantined", "foreign", "unidentified", "down"] as const;
    watch();
    for (const state of states) {
      sources = [source("a", state, 50)];
      expect(values("lockstep_source_up"), state).to.include({
        '{source="a",operator="op-a"}': state === "up" || state === "limited" ? 1 : 0,
      });
    }
  });

  it("shows every condition as 0 or 1, and takes it back when it ends", () => {
    watch();
    const shown = () =>
      Object.entries(values("lockstep_condition")).flatMap(([label, value]) => (value === 1 ? [label] : []));
    expect(Object.keys(values("lockstep_condition"))).to.deep.equal(
      CONDITION_KINDS.map((kind) => `{condition="${kind}"}`),
    );
    expect(shown()).to.deep.equal([]);
    for (const kind of CONDITION_KINDS) {
      conditions = [{ kind, detail: "why" }];
      expect(status.holds(kind)).to.equal(true);
      expect(shown()).to.deep.equal([`{condition="${kind}"}`]);
    }
    conditions = [];
    expect(shown()).to.deep.equal([]);
    expect(status.holds("split")).to.equal(false);
  });

  it("shows the final block once there is one", () => {
    watch(null);
    expect(values("lockstep_final_block_number")).to.deep.equal({});
    watch();
    expect(values("lockstep_final_block_number")).to.deep.equal({ "": 900 });
  });

  it("says in JSON what holds and why, how blocks become final, and what each source is", () => {
    conditions = [{ kind: "split", detail: "a at 5, b at 5" }];
    const mode = { policy: "depth", detail: "why", isWeak: true } as const;
    status.finality = mode;
    watch();
    expect(status.toJson()).to.deep.equal({ conditions, finality: { mode, block: FINAL }, sources });
  });
});
