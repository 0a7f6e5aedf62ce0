import { INCIDENT_STATE_NAMES, type IncidentState } from "./domain/incidentState.ts";
import type { Hash } from "./lib/hex.ts";
import type { BlockReport, Effect, IncidentReport } from "./loop/ports.ts";
import { openIncident, type IncidentRecord } from "./telemetry/IncidentRecord.ts";
import type { Metrics } from "./telemetry/Metrics.ts";
import type { RebuildRecord } from "./telemetry/RebuildRecord.ts";

const MAX_INCIDENTS = 100;

/** What operators see of the incidents, and how long each stage of their pauses took. */
export class IncidentStatus {
  readonly records = new Map<Hash, IncidentRecord>();
  readonly #opened;
  readonly #decision;
  readonly #broadcast;
  readonly #inclusion;

  constructor(metrics: Metrics) {
    this.#opened = metrics.counter({
      name: "lockstep_incidents_total",
      help: "Incidents that were opened, by cause.",
      labels: ["cause"],
    });
    const byState = metrics.gauge({
      name: "lockstep_incidents",
      help: "Incidents since the start, by the state in which they are now.",
      labels: ["state"],
    });
    this.#decision = metrics.histogram({
      name: "lockstep_decision_latency_seconds",
      help: "Verdict to signed pause, the durable intent included.",
    });
    this.#broadcast = metrics.histogram({
      name: "lockstep_broadcast_latency_seconds",
      help: "Signed pause to the first source or relay that took it.",
    });
    this.#inclusion = metrics.histogram({
      name: "lockstep_inclusion_latency_seconds",
      help: "Pause broadcast to its proven effect.",
    });
    metrics.onCollect(() => {
      for (const state of INCIDENT_STATE_NAMES) byState.set(this.#count(state), { state });
    });
  }

  /** Whether any incident is in this state now. */
  isAny(state: IncidentState): boolean {
    return this.#count(state) > 0;
  }

  /** Takes an effect in as it is performed; `last` is the newest report of a block. */
  see(effect: Effect, nowMs: number, last: BlockReport | null): void {
    if (effect.type === "incident") this.#change(effect.report, nowMs, last);
    if (effect.type === "broadcast") this.#stampBroadcast(effect.hash, nowMs);
    if (effect.type === "located") {
      const incident = this.records.get(effect.incidentId);
      if (incident === undefined) return;
      const { slots: located, note: locateNote, isFinal: isLocated, isComplete, isTruncated } = effect;
      Object.assign(incident, { located, locateNote, isLocated, isComplete, isTruncated });
    }
  }

  /** How far the rebuild because of an incident is, or what came of it. */
  rebuilding(record: RebuildRecord): void {
    const incident = this.records.get(record.incidentId);
    if (incident !== undefined) incident.rebuild = record;
  }

  /** A source or a relay took a transaction. */
  accepted(hash: string, nowMs: number): void {
    for (const { transaction, times } of this.records.values()) {
      if (transaction !== hash || times.acceptedAt !== null) continue;
      times.acceptedAt = nowMs;
      observe(this.#broadcast, times.signedAt, nowMs);
    }
  }

  #count(state: IncidentState): number {
    return [...this.records.values()].filter((incident) => incident.state === state).length;
  }

  #change(report: IncidentReport, nowMs: number, last: BlockReport | null): void {
    if (!this.records.has(report.id)) this.#open(report, nowMs, last);
    const incident = this.records.get(report.id);
    if (incident === undefined) return;
    incident.state = report.state;
    incident.transaction = report.transaction;
    incident.containedIn = report.containedIn;
    if (report.state !== "contained" || incident.times.containedAt !== null) return;
    incident.times.containedAt = nowMs;
    observe(this.#inclusion, incident.times.broadcastAt, nowMs);
  }

  #open(report: IncidentReport, nowMs: number, last: BlockReport | null): void {
    const [oldest] = this.records.keys();
    if (this.records.size >= MAX_INCIDENTS && oldest !== undefined) this.records.delete(oldest);
    const { headAtMs: headAt = null, factsAtMs: factsAt = null } = last ?? {};
    this.records.set(report.id, openIncident(report, { headAt, factsAt, verdictAt: nowMs }));
    this.#opened.add({ cause: report.cause });
  }

  /** Broadcast follows the signature in the same step: one stamp serves both. */
  #stampBroadcast(hash: Hash, nowMs: number): void {
    for (const incident of this.records.values()) {
      if (incident.state !== "opened" && incident.transaction !== hash) continue;
      if (incident.times.signedAt === null) observe(this.#decision, incident.times.verdictAt, nowMs);
      incident.times.signedAt ??= nowMs;
      incident.times.broadcastAt ??= nowMs;
      incident.transaction ??= hash;
    }
  }
}

function observe(histogram: { observe(value: number): void }, fromMs: number | null, toMs: number): void {
  if (fromMs !== null) histogram.observe(Math.max(0, toMs - fromMs) / 1_000);
}
