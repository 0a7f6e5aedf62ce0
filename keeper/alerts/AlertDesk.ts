import { describeError } from "../lib/describeError.ts";
import type { Effect } from "../loop/ports.ts";
import type { Logger } from "../telemetry/log.ts";
import { Courier, type SinkHealth } from "./Courier.ts";
import type { AlertRecord, AlertRecordKind } from "./plan/alertRecords.ts";
import { AlertPlan, type Dispatch, type Moment, type StandingAlert } from "./plan/AlertPlan.ts";
import { EffectReader } from "./plan/EffectReader.ts";
import { cleanText } from "./plan/cleanText.ts";
import { makeDraft } from "./plan/makeDraft.ts";
import type { NoticeDraft } from "./plan/Notice.ts";
import type { Sink } from "./Sink.ts";

/** What the desk is made of. */
export interface AlertDeskOptions {
  /** Names differ. None: everything is decided, and nothing sent. */
  readonly sinks: readonly Sink[];
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly wallNow: () => number;
  /** A number in [0, 1), for the spread of retries. */
  readonly random: () => number;
  readonly log: Logger;
  /** Plain values to be journalled, and handed to `restore` at the next start. */
  readonly onRecord: (kind: AlertRecordKind, body: unknown) => void;
  /** Time to the first reminder; later ones come after 3, 6 and 12 times as long, an hour at most. */
  readonly remindAfterMs: number;
  /** Where the evidence of an incident lies. */
  readonly evidenceOf?: (incidentId: string) => string | undefined;
  /** Longest time for one attempt. */
  readonly deadlineMs?: number;
  /** Notices that may wait for one sink. */
  readonly maxWaiting?: number;
  /** A sink that fails for so long is told to the others. */
  readonly failingAfterMs?: number;
  /** What waits at the end is given so long. */
  readonly closeMs?: number;
}

/** How alerting is doing, for `/status`: plain values. */
export interface AlertHealth {
  readonly sinks: readonly SinkHealth[];
  /** What was told and has not ended. */
  readonly standing: readonly StandingAlert[];
  /** Changes that came too fast to be told one by one. */
  readonly keptBack: number;
}

const DEADLINE_MS = 10_000;
const MAX_WAITING = 256;
const FAILING_AFTER_MS = 300_000;
const CLOSE_MS = 5_000;
const CLOSE_STEP_MS = 20;
const MAX_BY = 64;
const MAX_REASON = 500;

/**
 * From what the keeper does to what people are told. Independent of the chain: it needs nothing but effects and time, and
 * works when every source is down and when nothing can be sent to the chain.
 *
 * No call waits or throws: whatever goes wrong here, the keeper goes on. `tick` must be called a few times a second, also while
 * the keeper itself is not up yet.
 */
export class AlertDesk {
  readonly #options: AlertDeskOptions;
  readonly #plan: AlertPlan;
  readonly #reader: EffectReader;
  readonly #couriers: readonly Courier[];
  readonly #failing = new Set<string>();
  #isClosed = false;

  constructor(options: AlertDeskOptions) {
    const { sinks, remindAfterMs, evidenceOf, now, wallNow, random, log } = options;
    this.#options = options;
    this.#plan = new AlertPlan({ sinks: sinks.map(({ name }) => name), remindAfterMs });
    this.#reader = new EffectReader(evidenceOf === undefined ? {} : { evidenceOf });
    this.#couriers = sinks.map(
      (sink) =>
        new Courier({
          ...{ sink, now, wallNow, random, log },
          deadlineMs: options.deadlineMs ?? DEADLINE_MS,
          maxWaiting: options.maxWaiting ?? MAX_WAITING,
          onDone: ({ id }, outcome) => {
            this.#record("alert-sent", { id, sink: sink.name, outcome });
          },
        }),
    );
  }

  /**
   * Takes up what earlier runs recorded, oldest first; records of other kinds are ignored. Nothing that was sent is sent again;
   * what was decided and has not reached a sink goes there now.
   */
  restore(records: Iterable<AlertRecord>): void {
    this.#guard(() => {
      for (const dispatch of this.#plan.restore(records, this.#moment())) this.#hand(dispatch);
    });
  }

  /** Something happened. */
  take(effect: Effect): void {
    this.#guard(() => {
      for (const draft of this.#reader.read(effect)) this.#say(draft);
    });
  }

  /** Time passes. */
  tick(): void {
    this.#guard(() => {
      for (const courier of this.#couriers) courier.tick();
      this.#watchSinks();
      for (const dispatch of this.#plan.tick(this.#moment())) this.#send(dispatch);
    });
  }

  /**
   * A person takes the matter on: the sinks are told, and there are no more reminders until it gets worse.
   *
   * @returns false when nothing stands under this key, or somebody has it already.
   */
  acknowledge(key: string, by: string, reason: string): boolean {
    const person = cleanText(by, MAX_BY);
    const words = cleanText(reason, MAX_REASON);
    const at = this.#moment();
    const dispatch = this.#isClosed ? null : this.#plan.acknowledge(key, person, words, at);
    if (dispatch === null) return false;
    this.#record("alert-acknowledged", { key, by: person, reason: words, atMs: at.wallMs });
    this.#send(dispatch);
    return true;
  }

  /** How it is doing. */
  health(): AlertHealth {
    return {
      sinks: this.#couriers.map(({ health }) => health),
      standing: this.#plan.standing,
      keptBack: this.#plan.keptBack,
    };
  }

  /** Gives what waits a bounded time, then ends. What is left is in the records, and is sent after the next start. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const untilMs = this.#options.now() + (this.#options.closeMs ?? CLOSE_MS);
    for (const courier of this.#couriers) courier.hurry();
    while (this.#couriers.some(({ isIdle }) => !isIdle) && this.#options.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, CLOSE_STEP_MS));
      for (const courier of this.#couriers) courier.tick();
    }
    for (const courier of this.#couriers) courier.stop();
    const left = this.#couriers.reduce((sum, { health }) => sum + health.waiting, 0);
    if (left > 0) this.#options.log.warn("alerts-left", { waiting: left });
  }

  #say(draft: NoticeDraft): void {
    for (const dispatch of this.#plan.take(draft, this.#moment())) this.#send(dispatch);
  }

  #send(dispatch: Dispatch): void {
    const { notice, sinks } = dispatch;
    if (sinks.length > 0) this.#record("alert-raised", { notice, sinks });
    this.#hand(dispatch);
  }

  #hand({ notice, sinks }: Dispatch): void {
    for (const courier of this.#couriers) if (sinks.includes(courier.name)) courier.take(notice);
  }

  /** A sink that fails for long is a condition of its own, told to the others. */
  #watchSinks(): void {
    const limitMs = this.#options.failingAfterMs ?? FAILING_AFTER_MS;
    for (const { name, failingForMs, health } of this.#couriers) {
      const isFailing = failingForMs >= limitMs;
      const isKnown = this.#failing.has(name);
      // One that recovers and fails again at once has not recovered.
      if (isFailing === isKnown || (isKnown && failingForMs > 0)) continue;
      if (isFailing) this.#failing.add(name);
      else this.#failing.delete(name);
      const { failed, waiting, lastError } = health;
      if (isFailing) this.#options.log.error("alert-sink-failing", { sink: name, failed, waiting, reason: lastError });
      this.#say(
        makeDraft({
          key: `condition:alert-sink-failing:${name}`,
          ...{ kind: "condition", level: "warning", event: "alert-sink-failing", notTo: name },
          ...{ state: isFailing ? "begin" : "end", isEnd: !isFailing },
          title: isFailing ? `Alerts do not reach ${name}` : `Alerts reach ${name} again`,
          detail: isFailing ? (lastError ?? "") : "",
          fields: { sink: name, waiting },
        }),
      );
    }
  }

  #moment(): Moment {
    return { nowMs: this.#options.now(), wallMs: this.#options.wallNow() };
  }

  #record(kind: AlertRecordKind, body: unknown): void {
    try {
      this.#options.onRecord(kind, body);
    } catch (error: unknown) {
      this.#options.log.error("alert-record-failed", { kind, reason: describeError(error) });
    }
  }

  /** Even a bug of this path must not end what proves and pauses: it is told, loudly, and the keeper goes on. */
  #guard(step: () => void): void {
    if (this.#isClosed) return;
    try {
      step();
    } catch (error: unknown) {
      this.#options.log.error("alert-desk-failed", { error });
    }
  }
}
