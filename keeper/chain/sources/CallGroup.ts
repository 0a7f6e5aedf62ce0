import { assert } from "../../lib/assert.ts";
import type { KeeperError } from "../../errors/KeeperError.ts";
import { NO_MASKS, type Masks } from "./masksOf.ts";
import type { RateLimit } from "./RateLimit.ts";
import type { BatchItem, Exchange, SourceCall } from "./Source.ts";
import type { SourceFault } from "./SourceFault.ts";
import { maskFault, toSourceError } from "./SourceFault.ts";
import type { RpcReply } from "./jsonRpc.ts";

/** What a group has in common with the others of its source. */
export interface CallContext {
  /** Learns of every refusal for the rate; null where there is nobody to be asked again. */
  readonly limit: RateLimit | null;
  /** For what is shown of the server's words. */
  readonly masks: Masks;
}

/** One JSON-RPC message on the wire: a single call, or the calls of a batch, each settled once. */
export class CallGroup {
  readonly isBatch: boolean;
  /** Ids are contiguous: the item at index `i` has the id `firstId + i`. */
  readonly firstId: number;
  readonly calls: readonly SourceCall[];
  /** Resolves when every item is settled; never rejects. */
  readonly done: Promise<BatchItem[]>;

  readonly #source: string;
  readonly #context: CallContext;
  readonly #items: (BatchItem | undefined)[];
  readonly #resolve: (items: BatchItem[]) => void;
  #open: number;
  #sentAtMs: number | null = null;
  #receivedAtMs: number | null = null;
  #text: string | null = null;
  #fault: string | null = null;
  #retryAfterMs: number | null = null;
  #isAnswered = false;

  constructor(
    source: string,
    firstId: number,
    calls: readonly SourceCall[],
    isBatch: boolean,
    context: CallContext = { limit: null, masks: NO_MASKS },
  ) {
    assert(calls.length > 0 && (isBatch || calls.length === 1), "a group has one call, or is a batch");
    this.#source = source;
    this.#context = context;
    this.firstId = firstId;
    this.calls = calls;
    this.isBatch = isBatch;
    this.#items = calls.map(() => undefined);
    this.#open = calls.length;
    const { promise, resolve } = Promise.withResolvers<BatchItem[]>();
    this.done = promise;
    this.#resolve = resolve;
  }

  /** True when no item waits any more. */
  get isSettled(): boolean {
    return this.#open === 0;
  }

  /** Code of the fault that settled what no reply did; null until then, and when there was none. */
  get fault(): string | null {
    return this.#fault;
  }

  /** True when the source replied to one of the calls, and not by refusing it for the rate. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** True when the id belongs to one of the calls. */
  owns(id: number): boolean {
    return Number.isInteger(id) && id >= this.firstId && id < this.firstId + this.calls.length;
  }

  /** The outcomes, once everything is settled. */
  get items(): BatchItem[] {
    const items = this.#items.filter((item) => item !== undefined);
    assert(items.length === this.calls.length, "the group is settled");
    return items;
  }

  /** True when a reply with this id would settle something; one without an id is meant for all that is open. */
  awaits(id: number | null): boolean {
    if (id === null) return !this.isSettled;
    return this.owns(id) && this.#items[id - this.firstId] === undefined;
  }

  /** The calls go on the wire. */
  noteSent(atMs: number): void {
    this.#sentAtMs = atMs;
  }

  /** A text of the server that settles something of this group; told before it does. */
  noteText(text: string, atMs: number): void {
    this.#text = this.#text === null ? text : `${this.#text}${text}`;
    this.#receivedAtMs = atMs;
  }

  /** What passed, once everything is settled. */
  toExchange(settledAtMs: number): Exchange {
    return {
      source: this.#source,
      kind: this.isBatch ? "batch" : "call",
      calls: this.calls,
      firstId: this.firstId,
      sentAtMs: this.#sentAtMs ?? settledAtMs,
      receivedAtMs: this.#receivedAtMs,
      settledAtMs,
      text: this.#text === null ? null : this.#context.masks.answer(this.#text),
      ...(this.#retryAfterMs === null ? {} : { retryAfterMs: this.#retryAfterMs }),
      fault: this.#fault,
    };
  }

  /** Settles one item by a reply with its id. A second reply to the same id is ignored. */
  settle(reply: RpcReply): void {
    assert(reply.id !== null && this.owns(reply.id), "the reply belongs to the group");
    const { outcome } = reply;
    if (outcome.ok || outcome.fault.code !== "SourceRateLimited") this.#isAnswered = true;
    const fault = outcome.ok ? null : this.#noteLimit(outcome.fault);
    this.#settleAt(reply.id - this.firstId, (method) =>
      outcome.ok
        ? { ok: true, result: outcome.result }
        : { ok: false, error: this.#toError(fault ?? outcome.fault, method) },
    );
  }

  /** Settles every item that still waits with the same fault. */
  fail(raw: SourceFault): void {
    if (this.isSettled) return;
    const fault = this.#noteLimit(raw);
    this.#fault = fault.code;
    for (let index = 0; index < this.calls.length; index++) {
      this.#settleAt(index, (method) => ({ ok: false, error: this.#toError(fault, method) }));
    }
  }

  /** A refusal for the rate, with the time for which the source is left alone because of it. */
  #noteLimit(fault: SourceFault): SourceFault {
    if (fault.code !== "SourceRateLimited" || this.isSettled) return fault;
    const asked = fault.payload?.["retryAfterMs"];
    const askedMs = typeof asked === "number" ? asked : undefined;
    const retryAfterMs = fault.isOwn === true ? askedMs : (this.#context.limit?.refused(askedMs) ?? askedMs);
    if (retryAfterMs === undefined) return fault;
    this.#retryAfterMs = Math.max(this.#retryAfterMs ?? 0, retryAfterMs);
    return { ...fault, payload: { ...fault.payload, retryAfterMs } };
  }

  #toError(fault: SourceFault, method: string): KeeperError {
    return toSourceError(maskFault(fault, this.#context.masks.message), this.#source, method);
  }

  #settleAt(index: number, make: (method: string) => BatchItem): void {
    const call = this.calls[index];
    if (this.#items[index] !== undefined || call === undefined) return;
    this.#items[index] = make(call.method);
    this.#open--;
    if (this.#open === 0) this.#resolve(this.items);
  }
}
