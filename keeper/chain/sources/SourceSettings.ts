import { masksOf, type Masks } from "./masksOf.ts";
import type { SourceDeps } from "./Source.ts";

/** The dependencies of a source with every default filled in; the tap has none. */
export type SourceSettings = Readonly<Required<Omit<SourceDeps, "onExchange">>> &
  Pick<SourceDeps, "onExchange"> & { readonly masks: Masks };

const MEBIBYTE = 1024 * 1024;

/** Fills the defaults, for a source with this URL. */
export function toSourceSettings(deps: SourceDeps, url: string): SourceSettings {
  return {
    masks: masksOf(url),
    now: deps.now,
    random: deps.random ?? Math.random,
    pollIntervalMs: deps.pollIntervalMs ?? 250,
    heartbeatMs: deps.heartbeatMs ?? 3_000,
    probeDeadlineMs: deps.probeDeadlineMs ?? 2_000,
    reconnectBaseMs: deps.reconnectBaseMs ?? 100,
    reconnectMaxMs: deps.reconnectMaxMs ?? 10_000,
    rateLimitBaseMs: deps.rateLimitBaseMs ?? 1_000,
    maxAnswerBytes: deps.maxAnswerBytes ?? 64 * MEBIBYTE,
    maxInFlight: deps.maxInFlight ?? 64,
    maxQueued: deps.maxQueued ?? 4_096,
    ...(deps.onExchange === undefined ? {} : { onExchange: deps.onExchange }),
  };
}
