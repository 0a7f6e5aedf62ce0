import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { BUILD } from "./build.ts";
import { BundleRoom } from "./BundleRoom.ts";
import type { Exchange } from "./chain/sources/Source.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import { toPlain } from "./evidence/codec.ts";
import { ExchangeRing } from "./evidence/ExchangeRing.ts";
import { Recorder } from "./evidence/Recorder.ts";
import type { KeeperOptions } from "./loop/KeeperOptions.ts";
import type { Effect, IncidentReport, Input } from "./loop/ports.ts";
import type { Logger } from "./telemetry/log.ts";

const MEBIBYTE = 1024 * 1024;
/** Folders of incidents that are kept: each holds at most twice the ring. */
const MAX_INCIDENTS = 32;
/** Digits of the sources' newest answers that a bundle takes with it. */
const BUNDLED_TEXT = 1_048_576;
/** The states of an incident at which the newest answers are written down. */
const DUMPED: ReadonlySet<IncidentReport["state"]> = new Set(["opened", "contained", "failed"]);

/** What an evidence room is made with. */
export interface EvidenceRoomOptions {
  readonly config: Pick<KeeperConfig, "dataDirectory" | "record" | "recordMaxMegabytes">;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly wallNow: () => number;
}

/**
 * Keeps what sources answered, byte for byte and with its time, of long texts the beginning and the digest: always the newest in memory, from which each incident gets a
 * folder `evidence/<incident>/<state>` in the data directory, beside the bundle that a third party can verify; with `record`,
 * everything from the start, to be decided again.
 * Nothing here can end the keeper: what cannot be written is said.
 */
export class EvidenceRoom {
  readonly #options: EvidenceRoomOptions;
  readonly #ring = new ExchangeRing();
  readonly #recorder: Recorder | null;
  readonly #bundles: BundleRoom;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: EvidenceRoomOptions, recorder: Recorder | null) {
    this.#options = options;
    this.#recorder = recorder;
    const { config, log, now } = options;
    const folder = join(config.dataDirectory, "evidence");
    this.#bundles = new BundleRoom({ folder, log, now, exchanges: () => this.#newest() });
  }

  /** @throws KeeperError `RecorderFailed` when a recording is wanted and cannot be begun */
  static async open(options: EvidenceRoomOptions): Promise<EvidenceRoom> {
    const { config, log, now, wallNow } = options;
    if (config.record === undefined) return new EvidenceRoom(options, null);
    const recorder = await Recorder.open({
      directory: config.record,
      maxBytes: config.recordMaxMegabytes * MEBIBYTE,
      now,
      wallNow,
      onStop: (stop) => {
        log.warn("recording-ended", { ...stop });
      },
    });
    log.info("recording", { directory: recorder.directory });
    return new EvidenceRoom(options, recorder);
  }

  /** For every source's `onExchange`. */
  readonly take = (exchange: Exchange): void => {
    this.#ring.add(exchange);
    this.#recorder?.exchange(exchange);
  };

  /** The core is made. */
  begin(options: KeeperOptions): void {
    this.#recorder?.start(options, BUILD);
  }

  /** Told before the core's step. */
  input(input: Input): void {
    this.#recorder?.input(input);
  }

  /** Told of every effect as it is performed. */
  see(effect: Effect): void {
    this.#recorder?.effect(effect);
    this.#bundles.see(effect);
    if (effect.type === "incident" && DUMPED.has(effect.report.state)) this.#dump(effect.report);
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    await Promise.all([this.#writing, this.#bundles.close(), this.#recorder?.close()]);
  }

  /** The newest exchanges, as many as a bundle takes. */
  #newest(): unknown[] {
    const kept: unknown[] = [];
    let left = BUNDLED_TEXT;
    for (const exchange of this.#ring.exchanges().reverse()) {
      const plain = toPlain(exchange);
      left -= JSON.stringify(plain).length;
      if (left < 0) break;
      kept.unshift(plain);
    }
    return kept;
  }

  #dump({ id, state }: IncidentReport): void {
    const { config, now, wallNow, log } = this.#options;
    const folder = join(config.dataDirectory, "evidence");
    const times = { build: BUILD, wallMs: wallNow(), atMs: now() };
    this.#writing = this.#writing
      .then(async () => {
        const file = await this.#ring.dump(join(folder, id, state), times);
        log.info("evidence", { incidentId: id, file });
        await prune(folder);
      })
      .catch((error: unknown) => {
        log.warn("evidence-failed", { incidentId: id, error });
      });
  }
}

/** Removes the oldest folders beyond the bound. */
async function prune(folder: string): Promise<void> {
  const names = await readdir(folder);
  const aged = await Promise.all(
    names.map(async (name) => ({ path: join(folder, name), ms: (await stat(join(folder, name))).mtimeMs })),
  );
  const oldest = aged.sort((one, other) => other.ms - one.ms).slice(MAX_INCIDENTS);
  for (const { path } of oldest) await rm(path, { recursive: true, force: true });
}
