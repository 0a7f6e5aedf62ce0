/** Longest time that a sink may ask to be left alone: an alert path that can be told to be silent for days is none. */
const MAX_MS = 900_000;

/**
 * What a Retry-After header asks for in milliseconds (RFC 9110, 10.2.3): seconds, or a date, which is read against the
 * answer's own date, as clocks differ. At most 15 minutes; undefined where it says nothing that is understood.
 */
export function retryAfter(header: string | undefined, date: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Math.min(MAX_MS, Number(header) * 1_000);
  if (!/^[A-Z][a-z]{2}, .* GMT$/.test(header)) return undefined;
  const waitMs = Date.parse(header) - Date.parse(date ?? "");
  return Number.isFinite(waitMs) ? Math.min(MAX_MS, Math.max(0, waitMs)) : undefined;
}
