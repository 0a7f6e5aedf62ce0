import { ActingStatus } from "./ActingStatus.ts";
import { ChainStatus, type Watched } from "./ChainStatus.ts";
import type { Hash } from "./lib/hex.ts";
import type { BlockReport, Effect } from "./loop/ports.ts";
import { openIncident, type IncidentRecord } from "./telemetry/IncidentRecord.ts";
import { Metrics } from "./telemetry/Metrics.ts";
import type { RebuildRecord } from "./telemetry/RebuildRecord.ts";

/** What the keeper is doing, in one word; see docs/architecture.md. */
export type KeeperState =
  | "STARTING"
  | "LAGGING"
  | "IN_SYNC"
  | "FINALITY_STALLED"
  | "SOURCE_DEGRADED"
  | "UNKNOWN"
  | "DIVERGED"
  | "PAUSED"
  | "REPAIRING"
  | "RESUME_GATE"
  | "OWN_FAULT"
  | "CONSENSUS_FAULT";

/** States in which the keeper does its work. */
const READY: readonly KeeperState[] = [
  "IN_SYNC",
  "FINALITY_STALLED",
  "SOURCE_DEGRADED",
  "DIVERGED",
  "PAUSED",
  "REPAIRING",
  "RESUME_GATE",
];

const MAX_INCIDENTS = 100;

/** What operators see of a running keeper: `/status`, `/readyz`, `/metrics`, and the incidents of the drills. */
export class Status {
  isDraining = false;
  /** Another replica of this keeper leads, or may. */
  isStandby = true;
  readonly incidents = new Map<Hash, IncidentRecord>();
  readonly #now: () => number;
  readonly #metrics = new Metrics();
  readonly #chain = new ChainStatus(this.#metrics);
  readonly acting = new ActingStatus(this.#metrics);
  readonly #verdicts = this.#metrics.counter({
    name: "lockstep_verdicts_total",
    help: "Verdicts on blocks, by kind.",
    labels: ["verdict"],
  });
  readonly #quarantines = this.#metrics.counter({
    name: "lockstep_source_quarantines_total",
    help: "Sources refused for an answer that did not verify.",
    labels: ["source"],
  });
  readonly #checkpoints = this.#metrics.counter({
    name: "lockstep_checkpoints_total",
    help: "Checkpoints sent.",
  });
  readonly #rollbacks = this.#metrics.counter({
    name: "lockstep_rolled_back_blocks_total",
    help: "Blocks taken back because of reorgs.",
  });
  readonly #height = this.#metrics.gauge({ name: "lockstep_block_number", help: "Newest judged block." });
  readonly #slots = this.#metrics.gauge({ name: "lockstep_book_slots", help: "Storage words in the books." });
  readonly #detection = this.#metrics.histogram({
    name: "lockstep_detection_latency_seconds",
    help: "Head announced to verdict.",
  });
  readonly #verdictTime = this.#metrics.histogram({
    name: "lockstep_verdict_latency_seconds",
    help: "Last needed byte to verdict.",
  });
  readonly #inclusion = this.#metrics.histogram({
    name: "lockstep_inclusion_latency_seconds",
    help: "Pause broadcast to its proven effect.",
  });
  readonly #rebuilds = this.#metrics.counter({
    name: "lockstep_rebuilds_total",
    help: "Rebuilds beside the running keeper, by outcome.",
    labels: ["outcome"],
  });
  /** The newest one; an own fault has no incident that could hold it. */
  #rebuild: RebuildRecord | null = null;
  #snapshot: { readonly number: number; readonly hash: Hash; readonly atMs: number } | null = null;
  #last: { readonly report: BlockReport; readonly atMs: number } | null = null;
  #unknown: { readonly reason: string; readonly detail: string } | null = null;
  #lastInSync: { readonly number: number; readonly hash: Hash } | null = null;

  constructor(now: () => number) {
    this.#now = now;
    const stall = this.#metrics.gauge({
      name: "lockstep_oldest_unchecked_seconds",
      help: "Age of the newest verdict: the stall alarm.",
    });
    const snapshotBlock = this.#metrics.gauge({
      name: "lockstep_snapshot_block",
      help: "Block of the newest snapshot of the books on disk; 0 without one.",
    });
    const snapshotAge = this.#metrics.gauge({
      name: "lockstep_snapshot_age_seconds",
      help: "Time since that snapshot was written, or used to start; since the start without one.",
    });
    const startedAtMs = now();
    this.#metrics.onCollect(() => {
      snapshotBlock.set(this.#snapshot?.number ?? 0);
      snapshotAge.set((now() - (this.#snapshot?.atMs ?? startedAtMs)) / 1_000);
      stall.set((now() - (this.#last?.atMs ?? startedAtMs)) / 1_000);
    });
  }

  /** The last block that was judged. */
  get lastReport(): BlockReport | null {
    return this.#last?.report ?? null;
  }

  /** The last verdict with the time of it, and why nothing can be said since; null where there is none. */
  get standing(): {
    readonly last: { readonly report: BlockReport; readonly atMs: number } | null;
    readonly unknown: { readonly reason: string; readonly detail: string } | null;
  } {
    return { last: this.#last, unknown: this.#unknown };
  }

  /** From now on the core is asked about its sources and the chain as well. */
  watch(watched: Watched): void {
    this.#chain.watch(watched);
  }

  get state(): KeeperState {
    if (this.#chain.holds("consensus-fault")) return "CONSENSUS_FAULT";
    if (this.#unknown !== null) return "UNKNOWN";
    if (this.#last === null) return "STARTING";
    switch (this.#last.report.verdict.kind) {
      case "InSync":
        if (this.#isAny("resuming")) return "RESUME_GATE";
        if (this.#chain.holds("burst")) return "LAGGING";
        if (this.#chain.holds("finality-stall")) return "FINALITY_STALLED";
        return this.#chain.holds("source-degraded") ? "SOURCE_DEGRADED" : "IN_SYNC";
      case "OwnFault":
        return "OWN_FAULT";
      case "Unknown":
        return "UNKNOWN";
      case "Diverged":
        if (this.#isAny("repairing")) return "REPAIRING";
        return this.#isAny("contained") ? "PAUSED" : "DIVERGED";
    }
  }

  #isAny(state: string): boolean {
    return [...this.incidents.values()].some((incident) => incident.state === state);
  }

  /** Takes an effect in as it is performed. */
  see(effect: Effect, nowMs: number): void {
    switch (effect.type) {
      case "block":
        this.#seeBlock(effect.report, nowMs);
        return;
      case "unknown":
        this.#unknown = { reason: effect.reason, detail: effect.detail };
        this.#verdicts.add({ verdict: "Unknown" });
        return;
      case "incident":
        this.#seeIncident(effect, nowMs);
        return;
      case "broadcast":
        return this.#stampBroadcast(effect.hash, nowMs);
      case "located": {
        const incident = this.incidents.get(effect.incidentId);
        if (incident === undefined) return;
        const { slots: located, note: locateNote, isFinal: isLocated, isComplete, isTruncated } = effect;
        Object.assign(incident, { located, locateNote, isLocated, isComplete, isTruncated });
        return;
      }
      case "quarantine":
        return this.#quarantines.add({ source: effect.source });
      case "finality":
        this.#chain.finality = effect.mode;
        return;
      case "checkpoint":
        return this.#checkpoints.add();
      case "rolled-back":
        return this.#rollbacks.add({}, effect.depth);
      default:
    }
  }

  /** A snapshot of the books at a block is on disk, since now. */
  kept({ number, hash }: { readonly number: number; readonly hash: Hash }): void {
    this.#snapshot = { number, hash, atMs: this.#now() };
  }

  /** How far a rebuild beside the core is, or what came of it. */
  rebuilding(record: RebuildRecord): void {
    this.#rebuild = record;
    const incident = this.incidents.get(record.incidentId);
    if (incident !== undefined) incident.rebuild = record;
    if (record.outcome !== null) this.#rebuilds.add({ outcome: record.outcome.kind });
  }

  /** A source or a relay took, or refused, a transaction. */
  sent(hash: string, isAccepted: boolean): void {
    if (!isAccepted) return;
    for (const { transaction, times } of this.incidents.values()) {
      if (transaction === hash) times.acceptedAt ??= this.#now();
    }
  }

  readiness(): { ready: boolean; reason: string } {
    if (this.isDraining) return { ready: false, reason: "draining" };
    if (this.isStandby) return { ready: false, reason: this.#last === null ? "starting" : "standby" };
    const { state } = this;
    const isReady = READY.includes(state);
    const { problem } = this.acting;
    if (isReady && problem !== null) return { ready: false, reason: problem };
    return { ready: isReady, reason: isReady ? "synced" : state.toLowerCase() };
  }

  toJson(): Readonly<Record<string, unknown>> {
    const last = this.#last;
    return {
      state: this.state,
      isLeading: !this.isStandby,
      block: last === null ? null : { number: last.report.number, hash: last.report.hash },
      verdict: last?.report.verdict ?? null,
      unknown: this.#unknown,
      lastInSync: this.#lastInSync,
      secondsSinceVerdict: last === null ? null : (this.#now() - last.atMs) / 1_000,
      votes: last?.report.votes ?? 0,
      quorum: last?.report.quorum ?? 0,
      slots: last?.report.slotCount ?? 0,
      snapshot: this.#snapshot === null ? null : aged(this.#snapshot, this.#now()),
      rebuild: this.#rebuild,
      ...this.#chain.toJson(),
      ...this.acting.toJson(),
    };
  }

  metrics(): string {
    return this.#metrics.render();
  }

  #seeBlock(report: BlockReport, nowMs: number): void {
    this.#last = { report, atMs: nowMs };
    this.#unknown = null;
    if (report.verdict.kind === "InSync") this.#lastInSync = { number: report.number, hash: report.hash };
    this.#verdicts.add({ verdict: report.verdict.kind });
    this.#height.set(report.number);
    this.#slots.set(report.slotCount);
    this.#detection.observe((nowMs - report.headAtMs) / 1_000);
    this.#verdictTime.observe((nowMs - report.factsAtMs) / 1_000);
  }

  #seeIncident({ report }: Extract<Effect, { type: "incident" }>, nowMs: number): void {
    const known = this.incidents.get(report.id);
    if (known === undefined) this.#open(report, nowMs);
    const incident = this.incidents.get(report.id);
    if (incident === undefined) return;
    incident.state = report.state;
    incident.transaction = report.transaction;
    incident.containedIn = report.containedIn;
    if (report.state !== "contained" || incident.times.containedAt !== null) return;
    incident.times.containedAt = nowMs;
    if (incident.times.broadcastAt !== null) this.#inclusion.observe((nowMs - incident.times.broadcastAt) / 1_000);
  }

  #open(report: Extract<Effect, { type: "incident" }>["report"], nowMs: number): void {
    const [oldest] = this.incidents.keys();
    if (this.incidents.size >= MAX_INCIDENTS && oldest !== undefined) this.incidents.delete(oldest);
    const { headAtMs: headAt = null, factsAtMs: factsAt = null } = this.#last?.report ?? {};
    const times = { headAt, factsAt, verdictAt: nowMs };
    this.incidents.set(report.id, openIncident(report, times));
  }

  /** Broadcast follows the signature in the same step: one stamp serves both. */
  #stampBroadcast(hash: Hash, nowMs: number): void {
    for (const incident of this.incidents.values()) {
      if (incident.state !== "opened" && incident.transaction !== hash) continue;
      incident.times.signedAt ??= nowMs;
      incident.times.broadcastAt ??= nowMs;
      incident.transaction ??= hash;
    }
  }
}

/** What was kept, with its age. */
function aged({ atMs, ...kept }: { readonly atMs: number }, nowMs: number): unknown {
  return { ...kept, ageSeconds: (nowMs - atMs) / 1_000 };
}
