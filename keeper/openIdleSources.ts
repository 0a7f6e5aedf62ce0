import { createSource } from "./chain/sources/createSource.ts";
import type { Source, SourceOptions } from "./chain/sources/Source.ts";

/** Nothing is asked of them more often than this without need. */
const IDLE_MS = 15_000;
const nothing = (): void => undefined;

/** Connections beside those of the core: of these no head is wanted, and nothing is kept as evidence. They end with the signal. */
export function openIdleSources(all: readonly SourceOptions[], now: () => number, signal: AbortSignal): Source[] {
  return all.map((options) => {
    const source = createSource(options, { now, pollIntervalMs: IDLE_MS, heartbeatMs: IDLE_MS });
    source.open({ onHead: nothing, onUp: nothing, onDown: nothing }, signal);
    return source;
  });
}
