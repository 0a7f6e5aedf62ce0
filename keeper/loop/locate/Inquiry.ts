import type { Outbox } from "../Outbox.ts";
import type { RpcAnswer, RpcCall } from "../ports.ts";

/** How long a source may take, and when another is asked as well. */
export interface InquiryTimes {
  readonly requestDeadlineMs: number;
  readonly hedgeMs: number;
}

/** A question at a source. */
interface Open {
  readonly source: string;
  readonly atMs: number;
}

/** Sources asked the same at once. */
const MAX_OPEN = 2;

/**
 * Asks one question after the other, each of the sources in turn until one answers: the next one when a source fails or was
 * refused, and beside one that takes long. Who was refused is asked nothing more.
 */
export class Inquiry {
  readonly #times: InquiryTimes;
  readonly #outbox: Outbox;
  readonly #open = new Map<number, Open>();
  /** Of questions that have been answered meanwhile: what comes for them is of no use. */
  readonly #late = new Set<number>();
  readonly #tried = new Set<string>();
  readonly #refused = new Set<string>();
  #calls: readonly RpcCall[] | null = null;
  /** Who answered last is asked first. */
  #favourite: string | null = null;
  #requests = 0;
  /** Why the last source had no answer. */
  failure = "no source may be asked";

  constructor(times: InquiryTimes, outbox: Outbox) {
    this.#times = times;
    this.#outbox = outbox;
  }

  /** Requests sent so far. */
  get requests(): number {
    return this.#requests;
  }

  /** A question waits for its answer. */
  get isAsking(): boolean {
    return this.#calls !== null;
  }

  /** A question waits, and nobody is left who could answer it. */
  get isStuck(): boolean {
    return this.#calls !== null && this.#open.size === 0;
  }

  /** Asks something new, of one of these sources, best first. */
  ask(calls: readonly RpcCall[], sources: readonly string[], nowMs: number): void {
    this.drop();
    this.#calls = calls;
    this.#tried.clear();
    this.#askNext(sources, nowMs);
  }

  /** Asks the same again, of all that were not refused. */
  askAgain(sources: readonly string[], nowMs: number): void {
    if (this.#calls !== null) this.ask(this.#calls, sources, nowMs);
  }

  /** The question is of no interest any more. */
  drop(): void {
    for (const id of this.#open.keys()) this.#late.add(id);
    this.#open.clear();
    this.#calls = null;
  }

  /** Lets time pass: another source is asked beside one that is slow, and instead of one that is gone. */
  tick(sources: readonly string[], nowMs: number): void {
    for (const [id, { atMs }] of this.#open) {
      // An answer comes at the deadline at the latest, if only to say so; this is for one that was lost.
      if (nowMs - atMs <= 2 * this.#times.requestDeadlineMs) continue;
      this.#open.delete(id);
      this.#late.add(id);
      this.failure = "no answer";
    }
    const isSlow = [...this.#open.values()].every(({ atMs }) => nowMs - atMs > this.#times.hedgeMs);
    if (this.#calls !== null && isSlow) this.#askNext(sources, nowMs);
  }

  /** Whether the id is that of an own request. */
  owns(id: number): boolean {
    return this.#open.has(id) || this.#late.has(id);
  }

  /**
   * Takes the answers to an own request: with their source if they are of use. The question stays open until
   * {@link accept}.
   */
  take(id: number, answers: readonly RpcAnswer[]): { readonly source: string; readonly values: unknown[] } | null {
    this.#late.delete(id);
    const open = this.#open.get(id);
    if (open === undefined) return null;
    this.#open.delete(id);
    const values = answers.map((answer) => (answer.ok ? answer.value : null));
    const failed = answers.find((answer) => !answer.ok || answer.value == null);
    if (failed === undefined && answers.length === this.#calls?.length) return { source: open.source, values };
    this.failure = `${open.source}: ${failed?.ok === false ? failed.message : "it does not have it"}`;
    return null;
  }

  /** The question has its answer, from this source. */
  accept(source: string): void {
    this.#favourite = source;
    this.drop();
  }

  /** The answer of this source was false: it is asked nothing more. */
  refuse(source: string, reason: string): void {
    this.#refused.add(source);
    this.failure = `${source}: ${reason}`;
  }

  #askNext(sources: readonly string[], nowMs: number): void {
    const { requestDeadlineMs } = this.#times;
    if (this.#calls === null || this.#open.size >= MAX_OPEN) return;
    const left = sources.filter((source) => !this.#tried.has(source) && !this.#refused.has(source));
    const next = left.find((source) => source === this.#favourite) ?? left[0];
    if (next === undefined) return;
    this.#tried.add(next);
    this.#requests += 1;
    this.#open.set(this.#outbox.request(next, this.#calls, requestDeadlineMs), { source: next, atMs: nowMs });
  }
}
