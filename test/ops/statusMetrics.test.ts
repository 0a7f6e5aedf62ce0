import { expect } from "chai";

import { ActingStatus } from "../../keeper/ActingStatus.ts";
import type { AlertHealth } from "../../keeper/alerts/AlertDesk.ts";
import type { SourceReport } from "../../keeper/chain/agree/SourceBoard.ts";
import { ChainStatus } from "../../keeper/ChainStatus.ts";
import { IncidentStatus } from "../../keeper/IncidentStatus.ts";
import type { Effect, IncidentReport } from "../../keeper/loop/ports.ts";
import { Metrics } from "../../keeper/telemetry/Metrics.ts";
import { hashOf } from "../helpers/keeper/blockTree.ts";

const PAUSE = hashOf("pause");

function report(state: IncidentReport["state"], transaction = false): Effect {
  return {
    type: "incident",
    report: {
      ...{ id: hashOf("incident"), state, cause: "illegal", contract: "PositionLedger", blockNumber: 7 },
      ...{ blockHash: hashOf("7"), detail: "", transaction: transaction ? PAUSE : null, containedIn: null },
    },
  };
}

describe("The metrics of incidents", () => {
  let metrics: Metrics;
  let status: IncidentStatus;

  beforeEach(() => {
    metrics = new Metrics();
    status = new IncidentStatus(metrics);
  });

  function see(effect: Effect, atMs: number): void {
    status.see(effect, atMs, null);
  }

  it("measure each stage of a pause once, from the first of its transactions", () => {
    see(report("opened"), 1_000);
    see({ type: "broadcast", purpose: "soft-pause", raw: "0x", hash: PAUSE }, 1_020);
    see(report("acting", true), 1_020);
    status.accepted(PAUSE, 1_120);
    status.accepted(PAUSE, 9_000);
    see({ type: "broadcast", purpose: "soft-pause", raw: "0x", hash: PAUSE }, 9_000);
    see(report("contained", true), 4_020);
    see(report("contained", true), 9_000);
    const text = metrics.render();
    expect(text)
      .to.include("lockstep_decision_latency_seconds_sum 0.02\n")
      .and.to.include("decision_latency_seconds_count 1\n");
    expect(text)
      .to.include("lockstep_broadcast_latency_seconds_sum 0.1\n")
      .and.to.include("broadcast_latency_seconds_count 1\n");
    expect(text)
      .to.include("lockstep_inclusion_latency_seconds_sum 3\n")
      .and.to.include("inclusion_latency_seconds_count 1\n");
  });

  it("tell in which state incidents are, and how many there were", () => {
    see(report("opened"), 0);
    see(report("failed"), 1);
    const text = metrics.render();
    expect(text)
      .to.include('lockstep_incidents{state="opened"} 0\n')
      .and.to.include('lockstep_incidents{state="failed"} 1\n');
    expect(text).to.include('lockstep_incidents_total{cause="illegal"} 1\n');
  });

  it("do not measure what another keeper, or an earlier run, has sent", () => {
    see(report("contained", true), 5);
    status.accepted(PAUSE, 6);
    const text = metrics.render();
    expect(text).to.include("lockstep_inclusion_latency_seconds_count 0\n");
    expect(text).to.include("lockstep_broadcast_latency_seconds_count 0\n");
  });
});

describe("The metrics of sources", () => {
  it("tell who is not believed, how far and how fast each is, and how many operators are needed", () => {
    const metrics = new Metrics();
    const status = new ChainStatus(metrics);
    const plain = { reason: "", score: 100, latencyMs: null, head: null };
    const sources: SourceReport[] = [
      { ...plain, id: "a", operator: "x", state: "up", latencyMs: 12, head: { number: 9, hash: hashOf("9") } },
      { ...plain, id: "b", operator: "x", state: "quarantined" },
      { ...plain, id: "c", operator: "y", state: "down" },
      { ...plain, id: "d", operator: "z", state: "foreign" },
    ];
    status.watch({ sources: () => sources, conditions: [], finalBlock: null });
    const text = metrics.render();
    const quarantined = [...text.matchAll(/lockstep_source_quarantined\{source="(\w)",operator="\w"\} 1/g)];
    expect(quarantined.map(([, source]) => source)).to.deep.equal(["b", "d"]);
    expect(text).to.include('lockstep_source_head_number{source="a",operator="x"} 9\n');
    expect(text).to.include('lockstep_source_latency_seconds{source="a",operator="x"} 0.012\n');
    expect(text).not.to.match(/lockstep_source_(?:head_number|latency_seconds)\{source="b"/);
    expect(text).to.include("lockstep_operator_quorum 2\n");
  });
});

describe("The metrics of keys and of telling people", () => {
  it("tell a key that cannot sign, sinks that fail and alerts that stand", () => {
    const metrics = new Metrics();
    const status = new ActingStatus(metrics);
    expect(metrics.render()).to.include("lockstep_signing_ready 1\n").and.to.include('standing{level="critical"} 0\n');
    status.signing({ problem: "the pause key cannot sign: SignerUnreachable" });
    const sink = { name: "json", sent: 0, failed: 1, dropped: 0, refused: 0, waiting: 1, lastSuccessAtMs: null };
    const health = {
      ...{ sinks: [{ ...sink, failingSinceMs: 5, lastError: "answered 404" }], keptBack: 0 },
      standing: [{ level: "critical" }, { level: "warning" }, { level: "critical" }],
    };
    status.alerting({ health: () => health as unknown as AlertHealth });
    const text = metrics.render();
    expect(text).to.include("lockstep_signing_ready 0\n");
    expect(text).to.include('lockstep_alerts_failing{sink="json"} 1\n');
    expect(text).to.include('lockstep_alerts_standing{level="critical"} 2\n');
    expect(text).to.include('lockstep_alerts_standing{level="warning"} 1\n');
  });
});
