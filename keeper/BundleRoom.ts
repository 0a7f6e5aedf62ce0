import { join } from "node:path";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";

import { BUILD } from "./build.ts";
import type { Bundle } from "./evidence/bundle/Bundle.ts";
import { buildBundle, type LocatedEffect } from "./evidence/bundle/buildBundle.ts";
import { storeBundle } from "./evidence/bundle/storeBundle.ts";
import type { Effect } from "./loop/ports.ts";
import type { Transition } from "./loop/Transition.ts";
import type { Logger } from "./telemetry/log.ts";

/** So long the making of a bundle keeps the event loop, at a time; milliseconds. */
const SLICE_MS = 4;
/** Before that the pause that was just sent has the event loop to itself: nodes answer, and may want a dearer one. */
const QUIET_MS = 250;
/** Incidents for which slots may still be located. */
const MAX_OPEN = 8;
/** The file that a third party is given. */
export const BUNDLE_FILE = "bundle.lockstep";

/** What a room writes with. */
export interface BundleRoomParts {
  /** Where incidents have their folders. */
  readonly folder: string;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** What sources answered lately, as JSON values, newest last. */
  readonly exchanges: () => readonly unknown[];
}

/**
 * Makes the bundle of each incident, `<incident>/bundle.lockstep`: at first of the step alone, again with the slots that were
 * located. A little between two of the core's steps, one at a time. Nothing here can end the keeper: what cannot be written is
 * said.
 */
export class BundleRoom {
  readonly #parts: BundleRoomParts;
  readonly #open: Transition[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: BundleRoomParts) {
    this.#parts = parts;
  }

  /** Told of every effect as it is performed. */
  see(effect: Effect): void {
    if (effect.type === "evidence") {
      // A replica that takes over hands it over once more.
      if (!this.#open.includes(effect.transition)) this.#open.push(effect.transition);
      if (this.#open.length > MAX_OPEN) this.#open.shift();
      this.#queue(effect.transition, null);
    }
    if (effect.type !== "located" || effect.slots.length === 0) return;
    const { incidentId: id } = effect;
    // Where there is no incident the search goes by the block.
    const transition = this.#open.findLast(({ incidentId, block }) => incidentId === id || block.hash === id);
    if (transition !== undefined) this.#queue(transition, effect);
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  #queue(transition: Transition, located: LocatedEffect | null): void {
    this.#writing = this.#writing.then(() => this.#write(transition, located));
  }

  async #write(transition: Transition, located: LocatedEffect | null): Promise<void> {
    const { folder, log, now } = this.#parts;
    const { incidentId } = transition;
    try {
      await delay(QUIET_MS);
      const startedAt = now();
      const file = join(folder, incidentId, BUNDLE_FILE);
      const bundle = await this.#build(transition, located);
      const { bytes, isWritten } = await storeBundle(file, bundle);
      const { level, lack } = bundle.manifest;
      const ms = Math.round(now() - startedAt);
      log.info("evidence-bundle", { incidentId, file, level, lack, bytes, isWritten, ms });
    } catch (error: unknown) {
      log.warn("evidence-failed", { incidentId, error });
    }
  }

  async #build(transition: Transition, located: LocatedEffect | null): Promise<Bundle> {
    const { now, exchanges } = this.#parts;
    const pieces = buildBundle({ transition, located, software: BUILD, exchanges: exchanges() });
    await turn();
    let since = now();
    for (let piece = pieces.next(); ; piece = pieces.next()) {
      if (piece.done === true) return piece.value;
      if (now() - since < SLICE_MS) continue;
      await turn();
      since = now();
    }
  }
}
