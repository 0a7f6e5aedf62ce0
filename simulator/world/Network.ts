import type { Draw } from "../../scripts/histories/Draw.ts";
import type { Fault, FaultOf } from "../plan/Fault.ts";
import type { Coverage } from "../run/Coverage.ts";
import type { EventQueue } from "../run/EventQueue.ts";

type SpanKind = Extract<Fault, { fromMs: number }>["kind"];

const MIN_LATENCY_MS = 3;
const MAX_LATENCY_MS = 90;
const RELEASE_GAP_MS = 40;

/** What lies between keepers and sources: every message takes its time, and some do not arrive, late, twice or in another order. */
export class Network {
  readonly #queue: EventQueue;
  readonly #draw: Draw;
  readonly #coverage: Coverage;
  readonly #faults: readonly Fault[];
  /** Messages that wait for a clogged link, by the fault that clogs it. */
  readonly #clogged = new Map<Fault, (() => void)[]>();

  constructor(
    queue: EventQueue,
    parts: { readonly draw: Draw; readonly coverage: Coverage; readonly faults: readonly Fault[] },
  ) {
    this.#queue = queue;
    this.#draw = parts.draw;
    this.#coverage = parts.coverage;
    this.#faults = parts.faults;
  }

  /** The faults of a kind that are at work now at a keeper. */
  at<Kind extends SpanKind>(kind: Kind, keeper: number): FaultOf<Kind> | undefined {
    const { nowMs } = this.#queue;
    return this.#faults.find((fault): fault is FaultOf<Kind> => {
      if (fault.kind !== kind || !("fromMs" in fault)) return false;
      return fault.fromMs <= nowMs && nowMs < fault.toMs && (!("keeper" in fault) || fault.keeper === keeper);
    });
  }

  /** Brings a message from one side of a link to the other, perhaps. */
  send(keeper: number, source: number, deliver: () => void): void {
    const drop = this.at("drop", keeper);
    if (drop !== undefined && this.#draw.below(100) < drop.percent) {
      this.#coverage.hit("answer dropped");
      return;
    }
    const duplicate = this.at("duplicate", keeper);
    if (duplicate !== undefined && this.#draw.below(100) < duplicate.percent) {
      this.#coverage.hit("message duplicated");
      this.#bring(keeper, source, deliver);
    }
    this.#bring(keeper, source, deliver);
  }

  #bring(keeper: number, source: number, deliver: () => void): void {
    const clog = this.at("clog", keeper);
    if (clog?.sources.includes(source) === true) {
      this.#coverage.hit("link clogged");
      this.#hold(clog, deliver);
      return;
    }
    const delay = this.at("delay", keeper);
    const extraMs = delay === undefined ? 0 : this.#draw.below(delay.byMs);
    if (delay !== undefined) this.#coverage.hit("message delayed");
    this.#queue.after(this.#draw.between(MIN_LATENCY_MS, MAX_LATENCY_MS) + extraMs, deliver);
  }

  /** What is held is released one by one, in random order. */
  #hold(clog: FaultOf<"clog">, deliver: () => void): void {
    const held = this.#clogged.get(clog);
    if (held !== undefined) {
      held.push(deliver);
      return;
    }
    this.#clogged.set(clog, [deliver]);
    this.#queue.at(clog.toMs, () => {
      const waiting = this.#clogged.get(clog) ?? [];
      this.#clogged.delete(clog);
      this.#coverage.hit("clog released");
      let afterMs = 0;
      while (waiting.length > 0) {
        const [next] = waiting.splice(this.#draw.below(waiting.length), 1);
        afterMs += this.#draw.between(1, RELEASE_GAP_MS);
        if (next !== undefined) this.#queue.after(afterMs, next);
      }
    });
  }
}
