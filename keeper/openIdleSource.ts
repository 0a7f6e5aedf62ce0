import { createSource } from "./chain/sources/createSource.ts";
import type { Source, SourceOptions } from "./chain/sources/Source.ts";

/** Nothing is asked of it more often than this without need. */
const IDLE_MS = 15_000;
const nothing = (): void => undefined;

/** A connection beside the core's: of this one no head is wanted, and nothing is kept as evidence. It ends with the signal. */
export function openIdleSource(options: SourceOptions, now: () => number, signal: AbortSignal): Source {
  const source = createSource(options, { now, pollIntervalMs: IDLE_MS, heartbeatMs: IDLE_MS });
  source.open({ onHead: nothing, onUp: nothing, onDown: nothing }, signal);
  return source;
}
