import { CallGroup } from "./CallGroup.ts";
import type { Masks } from "./masksOf.ts";
import { RateLimit, type RateLimitOptions } from "./RateLimit.ts";
import type { BatchItem, Exchange, RequestOptions, SourceCall } from "./Source.ts";

/** Puts groups on a transport. */
export interface Carrier {
  /** Starts the group; the carrier settles it, now or later. An urgent one is worth a new connection. */
  send(group: CallGroup, isUrgent: boolean): void;
  /** The group needs no answer any more, settled by whomever. */
  forget(group: CallGroup): void;
}

/** Bounds of a runner. */
export interface CallRunnerOptions extends RateLimitOptions {
  readonly source: string;
  readonly maxInFlight: number;
  readonly maxQueued: number;
  /** For what is shown of a server's words. */
  readonly masks: Masks;
  /** Sees each group once, when it has settled. */
  readonly onExchange?: (exchange: Exchange) => void;
}

/** Urgent calls under way at once: one transaction and its replacements, with room; a flood of them is no better than any other. */
export const MAX_URGENT = 8;

/** Only ordinary calls are held to the limit, the slots and the queue. */
type Lane = "ordinary" | "probe" | "urgent";

/**
 * Runs calls over a carrier with a deadline, a cancellation signal and a bounded number on the wire, and leaves a source alone
 * that says it is asked too often; only probes and urgent calls go on.
 *
 * Invariant: each group settles exactly once and gives its slot back exactly once, whatever the carrier does.
 */
export class CallRunner {
  readonly #carrier: Carrier;
  readonly #options: CallRunnerOptions;
  readonly #queue = new Set<CallGroup>();
  readonly #live = new Set<CallGroup>();
  readonly #onWire = new Set<CallGroup>();
  readonly #urgent = new Set<CallGroup>();
  readonly #limit: RateLimit;
  /** The call that tries whether a limited source answers again. */
  #trial: CallGroup | null = null;
  #nextId = 1;

  constructor(carrier: Carrier, options: CallRunnerOptions) {
    this.#carrier = carrier;
    this.#options = options;
    this.#limit = new RateLimit(options);
  }

  /** Id of the source whose calls these are. */
  get source(): string {
    return this.#options.source;
  }

  /** One call. Rejects with its `KeeperError`. */
  async call(method: string, params: readonly unknown[], options: RequestOptions): Promise<unknown> {
    return unwrap(await this.#run([{ method, params }], false, laneOf(options), options));
  }

  /** One call of the source about itself, which does not wait behind the callers' traffic. */
  async probe(method: string, params: readonly unknown[], options: RequestOptions): Promise<unknown> {
    return unwrap(await this.#run([{ method, params }], false, "probe", options));
  }

  /** Several calls in one message. Never rejects. */
  async batch(calls: readonly SourceCall[], options: RequestOptions): Promise<BatchItem[]> {
    return calls.length === 0 ? [] : this.#run(calls, true, laneOf(options), options);
  }

  /** Settles everything that waits, queued or on the wire. */
  failAll(reason: string): void {
    for (const group of [...this.#live]) group.fail({ code: "SourceClosed", reason });
  }

  async #run(
    calls: readonly SourceCall[],
    isBatch: boolean,
    wanted: Lane,
    { deadlineMs, signal }: RequestOptions,
  ): Promise<BatchItem[]> {
    const { source, masks } = this.#options;
    const group = new CallGroup(source, this.#nextId, calls, isBatch, { limit: this.#limit, masks });
    this.#nextId += calls.length;
    const onAbort = (): void => group.fail({ code: "SourceAborted", reason: "cancelled", cause: signal?.reason });
    if (signal?.aborted === true) {
      onAbort();
      this.#tap(group);
      return group.done;
    }
    const onDeadline = (): void =>
      group.fail({ code: "SourceTimeout", reason: `no answer within ${deadlineMs} ms`, payload: { deadlineMs } });
    // An answer whose bytes are here wins over its deadline: after a stall of this process timers run before sockets.
    const timer = setTimeout(() => setImmediate(onDeadline), deadlineMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#live.add(group);
    const lane = wanted === "urgent" && this.#urgent.size >= MAX_URGENT ? "ordinary" : wanted;
    if (lane === "urgent") this.#urgent.add(group);
    if (lane === "ordinary") this.#admit(group);
    else this.#carrier.send(group, lane === "urgent");
    const items = await group.done;
    this.#tap(group);
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    this.#live.delete(group);
    this.#urgent.delete(group);
    if (lane === "ordinary") this.#release(group);
    else this.#carrier.forget(group);
    return items;
  }

  #tap(group: CallGroup): void {
    const { onExchange, now } = this.#options;
    onExchange?.(group.toExchange(now()));
  }

  #admit(group: CallGroup): void {
    if (this.#limit.remainingMs > 0) this.#refuse(group);
    else if (this.#onWire.size < this.#options.maxInFlight) this.#start(group);
    else if (this.#queue.size < this.#options.maxQueued) this.#queue.add(group);
    else group.fail({ code: "SourceBusy", reason: `${this.#options.maxQueued} calls already wait` });
  }

  #start(group: CallGroup): void {
    this.#onWire.add(group);
    if (this.#limit.begin()) this.#trial = group;
    this.#carrier.send(group, false);
  }

  /** At once, so that the caller asks somebody else. */
  #refuse(group: CallGroup): void {
    const retryAfterMs = this.#limit.remainingMs;
    const reason = `it was asked too often, and is left alone for another ${retryAfterMs} ms`;
    group.fail({ code: "SourceRateLimited", reason, payload: { retryAfterMs }, isOwn: true });
  }

  #release(group: CallGroup): void {
    this.#queue.delete(group);
    if (this.#onWire.delete(group)) this.#carrier.forget(group);
    if (group.isAnswered) this.#limit.answered();
    if (group === this.#trial) {
      this.#trial = null;
      this.#limit.over();
    }
    for (const next of this.#queue) {
      if (this.#onWire.size >= this.#options.maxInFlight) return;
      if (next.isSettled) continue;
      if (this.#limit.remainingMs > 0) this.#refuse(next);
      else {
        this.#queue.delete(next);
        this.#start(next);
      }
    }
  }
}

function laneOf({ isUrgent }: RequestOptions): Lane {
  return isUrgent === true ? "urgent" : "ordinary";
}

function unwrap(items: readonly BatchItem[]): unknown {
  const item = items[0];
  if (item === undefined) return undefined;
  if (!item.ok) throw item.error;
  return item.result;
}
