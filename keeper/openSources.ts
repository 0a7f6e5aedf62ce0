import { createSource } from "./chain/sources/createSource.ts";
import type { Source } from "./chain/sources/Source.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import type { EvidenceRoom } from "./EvidenceRoom.ts";
import type { HeadInbox } from "./HeadInbox.ts";
import type { Input } from "./loop/ports.ts";
import type { Logger } from "./telemetry/log.ts";

/** What opening the sources needs of the service. */
export interface OpenSourcesOptions {
  readonly config: KeeperConfig;
  readonly log: Logger;
  readonly evidence: EvidenceRoom;
  readonly heads: HeadInbox;
  readonly deliver: (input: Input) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Opens the configured sources into `sources`, by id; what they announce is delivered from then on. */
export function openSources(sources: Map<string, Source>, options: OpenSourcesOptions): void {
  const { config, log, evidence, heads, deliver, now, signal } = options;
  for (const settings of config.sources) {
    const source = createSource(settings, { now, onExchange: evidence.take });
    sources.set(source.id, source);
    source.open(
      {
        onHead: ({ number, hash, receivedAtMs }) => {
          heads.take({ type: "head", source: source.id, number, hash, nowMs: receivedAtMs });
        },
        onUp: () => {
          log.info("source-up", { source: source.id, url: source.redactedUrl });
          deliver({ type: "source-up", source: source.id, nowMs: now() });
        },
        onDown: (reason) => {
          heads.forget(source.id);
          log.warn("source-down", { source: source.id, reason });
          deliver({ type: "source-down", source: source.id, reason, nowMs: now() });
        },
      },
      signal,
    );
  }
}
