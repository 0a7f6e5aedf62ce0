import type { BookName } from "../../keeper/domain/bookSet.ts";
import type { Address } from "../../keeper/lib/hex.ts";
import { encodeEvent, type EventValue, type RawLog } from "./encodeEvent.ts";
import type { Execution } from "./Execution.ts";

/** Collects logs of one call. */
export class Emitter {
  readonly logs: RawLog[] = [];
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  emit(book: BookName, name: string, values: Readonly<Record<string, EventValue>>): void {
    this.emitFrom(this.#execution.contracts.addresses[book], name, values);
  }

  /** In the name of a contract that is no book. */
  emitFrom(address: Address, name: string, values: Readonly<Record<string, EventValue>>): void {
    this.logs.push(encodeEvent(address, name, values));
  }
}
