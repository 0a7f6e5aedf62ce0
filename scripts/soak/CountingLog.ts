import type { Logger } from "../../keeper/telemetry/log.ts";

/** Counts what the keeper logs, and writes none of it. */
export class CountingLog implements Logger {
  readonly counts = new Map<string, number>();

  debug(event: string): void {
    this.#count(event);
  }

  info(event: string): void {
    this.#count(event);
  }

  warn(event: string): void {
    this.#count(event);
  }

  error(event: string): void {
    this.#count(event);
  }

  child(): Logger {
    return this;
  }

  #count(event: string): void {
    this.counts.set(event, (this.counts.get(event) ?? 0) + 1);
  }
}
