import { setImmediate as turn } from "node:timers/promises";

import { KeeperError } from "./errors/KeeperError.ts";
import type { Keeper } from "./loop/Keeper.ts";
import type { Effect, SnapshotOrder } from "./loop/ports.ts";
import { aboutSection, type SnapshotIdentity } from "./snapshotIdentity.ts";
import type { Section } from "./store/snapshots/snapshotFormat.ts";
import type { SnapshotStore } from "./store/snapshots/SnapshotStore.ts";
import type { Logger } from "./telemetry/log.ts";

/** So long the export keeps the event loop, at a time; milliseconds. */
const SLICE_MS = 4;

/** What a room writes with. */
export interface SnapshotRoomParts {
  readonly store: SnapshotStore;
  readonly keeper: Pick<Keeper, "books" | "judge" | "snapshotDue">;
  readonly identity: SnapshotIdentity;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** A snapshot is on disk. */
  readonly onWritten: (order: SnapshotOrder) => void;
}

/**
 * Writes the snapshots that the core orders, one at a time and a little between two of the core's steps. Nothing here can end the
 * keeper: what cannot be written is said.
 */
export class SnapshotRoom {
  readonly #parts: SnapshotRoomParts;
  #writing: Promise<void> | null = null;
  #isDiscarded = false;

  constructor(parts: SnapshotRoomParts) {
    this.#parts = parts;
  }

  /** Told of every effect as it is performed. */
  see(effect: Effect): void {
    if (effect.type !== "snapshot") return;
    if (this.#writing !== null) {
      this.#parts.log.warn("snapshot-skipped", {
        number: effect.order.number,
        detail: "the last one is still written",
      });
      return;
    }
    this.#writing = this.#write(effect.order).finally(() => {
      this.#writing = null;
    });
  }

  /** No snapshot led to where the chain is: none is used again. */
  discard(): void {
    this.#isDiscarded = true;
  }

  /**
   * Finishes what is being written, then writes what could be taken now; the core must not step any more.
   *
   * @param mayTake false after a failure: what the core holds then is not worth keeping
   */
  async close(mayTake: boolean): Promise<void> {
    const { keeper, store, log } = this.#parts;
    await this.#writing;
    if (this.#isDiscarded) {
      try {
        for (const file of await store.list()) log.warn("snapshot-discarded", { aside: await store.setAside(file) });
      } catch (error: unknown) {
        log.warn("snapshot-not-moved", { error });
      }
      return;
    }
    const order = mayTake ? keeper.snapshotDue : null;
    if (order !== null) await this.#write(order);
  }

  async #write(order: SnapshotOrder): Promise<void> {
    const { store, log, now, onWritten } = this.#parts;
    const startedAt = now();
    try {
      const { name, bytes } = await store.write(order.number, this.#sections(order));
      log.info("snapshot", { number: order.number, hash: order.hash, name, bytes, ms: Math.round(now() - startedAt) });
      onWritten(order);
    } catch (error: unknown) {
      const isOvertaken = KeeperError.is(error, "SnapshotOvertaken");
      log.warn(isOvertaken ? "snapshot-overtaken" : "snapshot-failed", { number: order.number, error });
    }
  }

  async *#sections({ hash, roots }: SnapshotOrder): AsyncGenerator<Section> {
    const { keeper, identity, now } = this.#parts;
    yield aboutSection(identity, keeper.judge.codeHashes);
    let since = now();
    for (const section of keeper.books.exportAt(hash, roots)) {
      yield section;
      if (now() - since < SLICE_MS) continue;
      await turn();
      since = now();
    }
  }
}
