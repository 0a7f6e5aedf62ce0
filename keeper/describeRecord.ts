import { stageTimes, type IncidentRecord } from "./telemetry/IncidentRecord.ts";

/** Words of an incident that a document shows. */
const MAX_SHOWN = 32;

/**
 * An incident as the API shows it: stages in place of this process's clock, and the first of the words that differ.
 *
 * @param wallAheadMs what the clock since the epoch shows at monotonic zero
 */
export function describeRecord(record: IncidentRecord, wallAheadMs: number) {
  const { times, located, ...rest } = record;
  return {
    ...rest,
    openedAt: Math.round(wallAheadMs + (times.verdictAt ?? 0)),
    located: located.slice(0, MAX_SHOWN),
    locatedCount: located.length,
    ms: stageTimes(record),
  };
}
