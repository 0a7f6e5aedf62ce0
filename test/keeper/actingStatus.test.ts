import { expect } from "chai";

import { ActingStatus } from "../../keeper/ActingStatus.ts";
import type { AlertHealth } from "../../keeper/alerts/AlertDesk.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { Effect } from "../../keeper/loop/ports.ts";
import { Metrics } from "../../keeper/telemetry/Metrics.ts";

type Sink = AlertHealth["sinks"][number];

const SINK: Sink = {
  ...{ name: "slack", sent: 0, failed: 0, dropped: 0, refused: 0, waiting: 0 },
  ...{ lastSuccessAtMs: null, failingSinceMs: null, lastError: null },
};

describe("ActingStatus", () => {
  it("counts what is signed for others, what is sent, and what keepers disagree on", () => {
    const metrics = new Metrics();
    const status = new ActingStatus(metrics);
    const effects = [
      { type: "sign-typed-data", statement: { kind: "pause" } },
      { type: "broadcast", purpose: "soft-pause", raw: "0x", hash: "0x" },
      { type: "broadcast", purpose: "soft-pause", raw: "0x", hash: "0x" },
      { type: "alert", level: "critical", event: "keepers-disagree", detail: "" },
      { type: "alert", level: "critical", event: "diverged", detail: "" },
    ] as unknown as Effect[];
    for (const effect of effects) status.see(effect);
    const text = metrics.render();
    expect(text).to.include('lockstep_statements_signed_total{kind="pause"} 1\n');
    expect(text).to.include('lockstep_transactions_sent_total{purpose="soft-pause"} 2\n');
    expect(text).to.include("lockstep_disagreements_total 1\n");
  });

  it("tells how each sink does, and counts only what is new since it was asked", () => {
    const metrics = new Metrics();
    const status = new ActingStatus(metrics);
    let sinks: Sink[] = [{ ...SINK, sent: 3, failed: 1, waiting: 2 }];
    status.alerting({ health: () => ({ sinks, standing: [], keptBack: 0 }) });
    expect(metrics.render()).to.include('lockstep_alerts_sent_total{sink="slack"} 3\n');
    sinks = [{ ...SINK, sent: 5, failed: 1 }];
    const text = metrics.render();
    expect(text).to.include('lockstep_alerts_sent_total{sink="slack"} 5\n');
    expect(text).to.include('lockstep_alerts_failed_total{sink="slack"} 1\n');
    expect(text).to.include('lockstep_alerts_waiting{sink="slack"} 0\n');
  });

  it("tells of each peer whether its newest answer could be used, and why not", () => {
    const metrics = new Metrics();
    const { peers } = new ActingStatus(metrics);
    peers.watch([{ name: "b" }, { name: "c" }]);
    expect(metrics.render()).to.include('lockstep_peer_up{peer="b"} 0\n');
    peers.answered("b", null);
    peers.answered("c", new KeeperError("PeerForged", "not signed by whom it says"));
    const text = metrics.render();
    expect(text).to.include('lockstep_peer_up{peer="b"} 1\n');
    expect(text).to.include('lockstep_peer_up{peer="c"} 0\n');
    expect(peers.toJson()).to.deep.equal([
      { name: "b", isUp: true, fault: null },
      { name: "c", isUp: false, fault: { code: "PeerForged", detail: "not signed by whom it says" } },
    ]);
  });

  it("names what the keeper could not act for: a failed check first, then a key that cannot sign", () => {
    const metrics = new Metrics();
    const status = new ActingStatus(metrics);
    expect(status.problem).to.equal(null);
    status.signing({ problem: "the pause key cannot sign: SignerTimeout" });
    expect(status.problem).to.equal("the pause key cannot sign: SignerTimeout");
    status.provedReady([{ name: "pause balance", status: "fail", detail: "0 ETH" }], 7);
    expect(status.problem).to.equal("pause balance: 0 ETH");
    expect(metrics.render()).to.include('lockstep_ready_check{check="pause balance"} 0\n');
    status.provedReady([{ name: "pause balance", status: "ok", detail: "1 ETH" }], 8);
    expect(metrics.render()).to.include('lockstep_ready_check{check="pause balance"} 1\n');
  });
});
