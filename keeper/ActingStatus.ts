import type { AlertHealth } from "./alerts/AlertDesk.ts";
import type { Effect } from "./loop/ports.ts";
import { PeerStatus } from "./PeerStatus.ts";
import type { ProbeResult } from "./probes/Probe.ts";
import { RelayStatus } from "./RelayStatus.ts";
import type { Metrics } from "./telemetry/Metrics.ts";

/** Whoever alerts people. */
export interface Alerting {
  health(): AlertHealth;
}

/** Whoever watches the keys. */
export interface Signing {
  /** Why a key cannot sign now; null when all can. */
  readonly problem: string | null;
}

/** What operators see of whether the keeper could act, and of whether people are told. */
export class ActingStatus {
  #alerting: Alerting | null = null;
  #signing: Signing | null = null;
  #readiness: { readonly results: readonly ProbeResult[]; readonly blockNumber: number } | null = null;
  readonly #ready;
  readonly #signed;
  readonly #sent;
  readonly #disagreements;
  readonly relays: RelayStatus;
  readonly peers: PeerStatus;

  constructor(metrics: Metrics) {
    this.relays = new RelayStatus(metrics);
    this.peers = new PeerStatus(metrics);
    this.#ready = metrics.gauge({
      name: "lockstep_ready_check",
      help: "Whether a check of readiness passed when it was last made: 1, or 0 where it failed.",
      labels: ["check"],
    });
    const signing = metrics.gauge({
      name: "lockstep_signing_ready",
      help: "1 while every key can sign, 0 while a remote signer does not answer for one.",
    });
    this.#signed = metrics.counter({
      name: "lockstep_statements_signed_total",
      help: "Statements for the other keepers that were handed to the signer.",
      labels: ["kind"],
    });
    this.#sent = metrics.counter({
      name: "lockstep_transactions_sent_total",
      help: "Transactions handed to the sources, those that are sent again too.",
      labels: ["purpose"],
    });
    this.#disagreements = metrics.counter({
      name: "lockstep_disagreements_total",
      help: "Times that this keeper and another said what cannot both be true.",
    });
    const labels = ["sink"];
    const waiting = metrics.gauge({ name: "lockstep_alerts_waiting", help: "Notices that wait for a sink.", labels });
    const sent = metrics.counter({ name: "lockstep_alerts_sent_total", help: "Notices that a sink took.", labels });
    const failed = metrics.counter({
      name: "lockstep_alerts_failed_total",
      help: "Attempts that a sink did not take.",
      labels,
    });
    const dropped = metrics.counter({ name: "lockstep_alerts_dropped_total", help: "Notices given up.", labels });
    const failing = metrics.gauge({
      name: "lockstep_alerts_failing",
      help: "1 while the newest attempt of a sink failed.",
      labels,
    });
    const standing = metrics.gauge({
      name: "lockstep_alerts_standing",
      help: "Alerts that were raised and have not ended, by level, whether or not somebody was told.",
      labels: ["level"],
    });
    const before = new Map<string, { sent: number; failed: number; dropped: number }>();
    metrics.onCollect(() => {
      signing.set((this.#signing?.problem ?? null) === null ? 1 : 0);
      const health = this.#alerting?.health();
      for (const level of ["warning", "critical"] as const) {
        standing.set(health?.standing.filter((alert) => alert.level === level).length ?? 0, { level });
      }
      for (const { name: sink, ...now } of health?.sinks ?? []) {
        failing.set(now.failingSinceMs === null ? 0 : 1, { sink });
        const last = before.get(sink) ?? { sent: 0, failed: 0, dropped: 0 };
        waiting.set(now.waiting, { sink });
        sent.add({ sink }, now.sent - last.sent);
        failed.add({ sink }, now.failed - last.failed);
        dropped.add({ sink }, now.dropped - last.dropped);
        before.set(sink, { sent: now.sent, failed: now.failed, dropped: now.dropped });
      }
    });
  }

  /** Takes an effect in as it is performed. */
  see(effect: Effect): void {
    if (effect.type === "sign-typed-data") this.#signed.add({ kind: effect.statement.kind });
    if (effect.type === "broadcast") this.#sent.add({ purpose: effect.purpose });
    if (effect.type === "alert" && effect.event === "keepers-disagree") this.#disagreements.add();
  }

  alerting(alerting: Alerting): void {
    this.#alerting = alerting;
  }

  signing(signing: Signing): void {
    this.#signing = signing;
  }

  /** Readiness was proved, or found wanting, at a block. */
  provedReady(results: readonly ProbeResult[], blockNumber: number): void {
    this.#readiness = { results, blockNumber };
    for (const { name, status } of results) this.#ready.set(status === "fail" ? 0 : 1, { check: name });
  }

  /** Why the keeper could not act when that was last tried; null when it could, or was not tried. */
  get problem(): string | null {
    const failed = this.#readiness?.results.find(({ status }) => status === "fail");
    return failed === undefined ? (this.#signing?.problem ?? null) : `${failed.name}: ${failed.detail}`;
  }

  toJson(): Readonly<Record<string, unknown>> {
    return {
      readiness: this.#readiness,
      alerts: this.#alerting?.health() ?? null,
      relays: this.relays.toJson(),
      peers: this.peers.toJson(),
    };
  }
}
