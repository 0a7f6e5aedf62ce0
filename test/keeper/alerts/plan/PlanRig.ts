import type { AlertRecord } from "../../../../keeper/alerts/plan/alertRecords.ts";
import { AlertPlan, type Dispatch } from "../../../../keeper/alerts/plan/AlertPlan.ts";
import { EffectReader } from "../../../../keeper/alerts/plan/EffectReader.ts";
import type { Notice } from "../../../../keeper/alerts/plan/Notice.ts";
import type { Effect } from "../../../../keeper/loop/ports.ts";
import { WALL_MS } from "../notices.ts";

/** Minutes in milliseconds. */
export const MINUTE = 60_000;

/** A plan with its reader, a clock that stands still by itself, and a journal that survives restarts. */
export class PlanRig {
  readonly sinks: readonly string[];
  readonly records: AlertRecord[] = [];
  readonly notices: Notice[] = [];
  nowMs = 1_000;
  wallMs = WALL_MS;
  plan: AlertPlan;
  #reader = new EffectReader();

  constructor(sinks: readonly string[] = ["slack"]) {
    this.sinks = sinks;
    this.plan = this.#create();
  }

  get states(): string[] {
    return this.notices.map(({ state, reminder }) => (reminder === 0 ? state : `${state} +${reminder}`));
  }

  /** Something happens, and every sink takes what is sent. Returns the states of the new notices. */
  say(...effects: readonly Effect[]): string[] {
    const before = this.notices.length;
    for (const effect of effects) {
      for (const draft of this.#reader.read(effect)) this.#send(this.plan.take(draft, this));
    }
    return this.states.slice(before);
  }

  /** Time passes in steps of ten seconds. Returns the states of the new notices. */
  pass(ms: number): string[] {
    const before = this.notices.length;
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      const step = Math.min(10_000, endMs - this.nowMs);
      this.nowMs += step;
      this.wallMs += step;
      this.#send(this.plan.tick(this));
    }
    return this.states.slice(before);
  }

  acknowledge(key: string): boolean {
    const dispatch = this.plan.acknowledge(key, "ann", "on it", this);
    if (dispatch === null) return false;
    const body = { key, by: "ann", reason: "on it", atMs: this.wallMs };
    this.records.push({ kind: "alert-acknowledged", body });
    this.#send([dispatch]);
    return true;
  }

  /** The process ends, and another begins after some time, with a monotonic clock of its own. Returns what is sent at once. */
  restart(downMs = 0): string[] {
    this.wallMs += downMs;
    this.nowMs = 5;
    this.plan = this.#create();
    this.#reader = new EffectReader();
    const before = this.notices.length;
    const left = this.plan.restore(JSON.parse(JSON.stringify(this.records)) as AlertRecord[], this);
    this.notices.push(...left.map(({ notice }) => notice));
    return this.states.slice(before);
  }

  #create(): AlertPlan {
    return new AlertPlan({ sinks: this.sinks, remindAfterMs: 5 * MINUTE });
  }

  #send(dispatches: readonly Dispatch[]): void {
    for (const { notice, sinks } of dispatches) {
      this.notices.push(notice);
      this.records.push({ kind: "alert-raised", body: { notice, sinks } });
      for (const sink of sinks)
        this.records.push({ kind: "alert-sent", body: { id: notice.id, sink, outcome: "sent" } });
    }
  }
}
