import { KeeperError } from "../errors/KeeperError.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Logger } from "../telemetry/log.ts";
import { cleanText } from "./plan/cleanText.ts";
import { DeliveryQueue, type Removed } from "./plan/DeliveryQueue.ts";
import type { SinkOutcome } from "./plan/alertRecords.ts";
import type { Notice } from "./plan/Notice.ts";
import type { Sink } from "./Sink.ts";

const BACKOFF = { baseMs: 1_000, maxMs: 60_000 };
const MAX_ERROR = 300;

/** What a courier is given by its desk. */
export interface CourierOptions {
  readonly sink: Sink;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly wallNow: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Longest time for one attempt, whatever the sink does. */
  readonly deadlineMs: number;
  /** Notices that may wait. */
  readonly maxWaiting: number;
  /** The sink is done with a notice. */
  readonly onDone: (notice: Notice, outcome: SinkOutcome) => void;
}

/** How one sink is doing. Times are wall-clock milliseconds. */
export interface SinkHealth {
  readonly name: string;
  /** Notices that the sink took. */
  readonly sent: number;
  /** Attempts that failed. */
  readonly failed: number;
  /** Notices that were given up because too many waited. */
  readonly dropped: number;
  /** Notices that the sink refused for good. */
  readonly refused: number;
  readonly waiting: number;
  readonly lastSuccessAtMs: number | null;
  /** Since when every attempt has failed; null when the last one did not. */
  readonly failingSinceMs: number | null;
  readonly lastError: string | null;
}

/**
 * Brings notices to one sink, one at a time and in order, and tries again until it takes them. Waits for nobody and throws
 * nothing; what it waits for itself passes with `tick`.
 */
export class Courier {
  readonly #options: CourierOptions;
  readonly #queue: DeliveryQueue;
  readonly #abort = new AbortController();
  #isSending = false;
  #attempts = 0;
  /** Until when to wait by ourselves, and until when the sink wants to be left alone. */
  #backoffUntilMs = -Infinity;
  #askedUntilMs = -Infinity;
  #failingSince: { readonly nowMs: number; readonly wallMs: number } | null = null;
  #lastSuccessAtMs: number | null = null;
  #lastError: string | null = null;
  #untoldDrops = 0;
  readonly #counts = { sent: 0, failed: 0, dropped: 0, refused: 0 };

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#queue = new DeliveryQueue(options.maxWaiting);
  }

  get name(): string {
    return this.#options.sink.name;
  }

  /** Nothing waits and nothing is on its way. */
  get isIdle(): boolean {
    return !this.#isSending && this.#queue.length === 0;
  }

  /** For how long every attempt has failed; 0 when the last one did not. */
  get failingForMs(): number {
    return this.#failingSince === null ? 0 : this.#options.now() - this.#failingSince.nowMs;
  }

  get health(): SinkHealth {
    return {
      name: this.name,
      ...this.#counts,
      waiting: this.#queue.length + (this.#isSending ? 1 : 0),
      lastSuccessAtMs: this.#lastSuccessAtMs,
      failingSinceMs: this.#failingSince?.wallMs ?? null,
      lastError: this.#lastError,
    };
  }

  /** Takes a notice over, and sends it as soon as may be. */
  take(notice: Notice): void {
    this.#removed(this.#queue.push(notice));
    this.tick();
  }

  /** Time passes. */
  tick(): void {
    const notBeforeMs = Math.max(this.#backoffUntilMs, this.#askedUntilMs);
    if (this.#isSending || this.#abort.signal.aborted || this.#options.now() < notBeforeMs) return;
    const notice = this.#queue.shift();
    if (notice === undefined) return;
    this.#isSending = true;
    void this.#send(notice);
  }

  /** There is little time left: what waits for a next attempt gets it now, unless the sink wants to be left alone. */
  hurry(): void {
    this.#backoffUntilMs = -Infinity;
    this.tick();
  }

  /** Ends what is on its way. Nothing is sent any more. */
  stop(): void {
    this.#abort.abort();
  }

  async #send(notice: Notice): Promise<void> {
    const drops = this.#untoldDrops;
    const failure = await this.#attempt(drops === 0 ? notice : withDrops(notice, drops)).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    this.#isSending = false;
    if (failure === null) {
      this.#untoldDrops -= drops;
      this.#succeeded(notice);
    } else {
      this.#failed(notice, failure.error);
    }
    this.tick();
  }

  /** One attempt; ends at the deadline even if the sink heeds no signal. */
  async #attempt(notice: Notice): Promise<void> {
    const { sink, deadlineMs } = this.#options;
    const late = Promise.withResolvers<never>();
    const deadline = new AbortController();
    const timer = setTimeout(() => {
      late.reject(new KeeperError("AlertTimeout", `no answer within ${deadlineMs} ms`, { deadlineMs }));
      deadline.abort();
    }, deadlineMs);
    const stop = (): void => {
      late.reject(new KeeperError("AlertStopped", "the keeper stops"));
    };
    this.#abort.signal.addEventListener("abort", stop);
    try {
      const signal = AbortSignal.any([deadline.signal, this.#abort.signal]);
      await Promise.race([sink.send(notice, signal), late.promise]);
    } finally {
      clearTimeout(timer);
      this.#abort.signal.removeEventListener("abort", stop);
    }
  }

  #succeeded(notice: Notice): void {
    const { wallNow, log, onDone } = this.#options;
    if (this.#failingSince !== null) log.info("alert-sink-recovered", { sink: this.name, waiting: this.#queue.length });
    this.#counts.sent += 1;
    this.#attempts = 0;
    this.#failingSince = null;
    this.#lastError = null;
    this.#lastSuccessAtMs = wallNow();
    onDone(notice, "sent");
  }

  #failed(notice: Notice, error: unknown): void {
    const { now, wallNow, random, log, onDone } = this.#options;
    // Stopped: it is still to be sent, after the restart.
    if (this.#abort.signal.aborted) {
      this.#queue.unshift(notice);
      return;
    }
    const isRefused = KeeperError.is(error, "AlertRefused");
    const asked = KeeperError.is(error) ? error.payload["retryAfterMs"] : undefined;
    const waitMs = backoffMs(this.#attempts, random(), BACKOFF);
    this.#counts.failed += 1;
    this.#attempts += 1;
    this.#backoffUntilMs = now() + waitMs;
    if (typeof asked === "number") this.#askedUntilMs = now() + asked;
    this.#failingSince ??= { nowMs: now(), wallMs: wallNow() };
    // Only faults are made by code that knows what must not be said.
    this.#lastError = KeeperError.is(error)
      ? `${error.code}: ${cleanText(error.message, MAX_ERROR)}`
      : "the sink failed in an unexpected way";
    const fields = {
      sink: this.name,
      notice: notice.id,
      key: notice.key,
      state: notice.state,
      reason: this.#lastError,
    };
    if (isRefused) {
      this.#counts.refused += 1;
      log.error("alert-refused", fields);
      onDone(notice, "refused");
      return;
    }
    log.warn("alert-failed", { ...fields, waitMs: Math.round(Math.max(waitMs, this.#askedUntilMs - now())) });
    this.#removed(this.#queue.unshift(notice));
  }

  #removed(removed: readonly Removed[]): void {
    for (const { notice, outcome } of removed) {
      if (outcome === "dropped") {
        this.#counts.dropped += 1;
        this.#untoldDrops += 1;
        this.#options.log.error("alert-dropped", { sink: this.name, notice: notice.id, key: notice.key });
      }
      this.#options.onDone(notice, outcome);
    }
  }
}

function withDrops(notice: Notice, drops: number): Notice {
  const lost = `${drops} earlier messages were given up, because too many waited`;
  return { ...notice, fields: { lost, ...notice.fields } };
}
