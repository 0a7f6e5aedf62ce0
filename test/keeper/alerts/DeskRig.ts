import { AlertDesk, type AlertDeskOptions, type AlertHealth } from "../../../keeper/alerts/AlertDesk.ts";
import type { AlertRecord } from "../../../keeper/alerts/plan/alertRecords.ts";
import type { Effect } from "../../../keeper/loop/ports.ts";
import { decodeBody, encodeBody } from "../../../keeper/store/journalCodec.ts";
import { createLogger } from "../../../keeper/telemetry/log.ts";
import { WALL_MS } from "./notices.ts";

const PATIENCE_MS = 10_000;

/** A desk with clocks that stand still by themselves; what it writes into its log and its records is kept. */
export class DeskRig {
  readonly records: AlertRecord[];
  readonly lines: string[] = [];
  nowMs = 0;
  wallMs: number;
  readonly desk: AlertDesk;
  readonly #checks = new Set<() => void>();

  constructor(options: Pick<AlertDeskOptions, "sinks"> & Partial<AlertDeskOptions>, before?: DeskRig) {
    this.records = [...(before?.records ?? [])];
    this.wallMs = before?.wallMs ?? WALL_MS;
    const output = {
      write: (line: string): void => {
        this.lines.push(line);
        this.#wake();
      },
    };
    this.desk = new AlertDesk({
      now: () => this.nowMs,
      wallNow: () => this.wallMs,
      random: () => 1,
      log: createLogger({ level: "debug", now: () => this.wallMs, output }),
      onRecord: (kind, body) => {
        // As the journal keeps it.
        this.records.push({ kind, body: decodeBody(encodeBody(body)) });
        this.#wake();
      },
      remindAfterMs: 300_000,
      ...options,
    });
    if (before !== undefined) this.desk.restore(before.records);
  }

  take(...effects: readonly Effect[]): void {
    for (const effect of effects) this.desk.take(effect);
  }

  /** Time passes, and the desk is told once. */
  pass(ms: number): void {
    this.nowMs += ms;
    this.wallMs += ms;
    this.desk.tick();
  }

  sink(name: string): AlertHealth["sinks"][number] {
    const found = this.desk.health().sinks.find((sink) => sink.name === name);
    if (found === undefined) throw new Error(`no sink ${name}`);
    return found;
  }

  /** Lines of the log with this event. */
  logged(event: string): Record<string, unknown>[] {
    return this.lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line["event"] === event);
  }

  /** Resolves as soon as what is logged or recorded makes it true. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // After the step that logged has ended.
    const check = (): void => {
      setImmediate(() => {
        if (condition()) resolve();
      });
    };
    const timer = setTimeout(() => {
      reject(new Error(`${what}: not in time; ${JSON.stringify(this.desk.health())}`));
    }, PATIENCE_MS);
    this.#checks.add(check);
    check();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#checks.delete(check);
    }
  }

  async untilFailed(name: string, count: number): Promise<void> {
    await this.until(`${count} failures of ${name}`, () => this.sink(name).failed >= count);
  }

  async untilSent(name: string, count: number): Promise<void> {
    await this.until(`${count} sent to ${name}`, () => this.sink(name).sent >= count);
  }

  #wake(): void {
    for (const check of this.#checks) check();
  }
}
