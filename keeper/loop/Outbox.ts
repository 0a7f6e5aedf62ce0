import type { Effect, RpcCall } from "./ports.ts";

/** Collects the effects of one step, in order, and numbers what will be answered. */
export class Outbox {
  #effects: Effect[] = [];
  #nextId = 1;

  newId(): number {
    return this.#nextId++;
  }

  emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** Asks a source; the answers come back as an input with the returned id. */
  request(source: string, calls: readonly RpcCall[], deadlineMs: number): number {
    const id = this.newId();
    this.emit({ type: "request", id, source, calls, deadlineMs });
    return id;
  }

  /** The effects since the last call. */
  take(): Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}
