import type { SourceFault } from "./SourceFault.ts";
import { parseStrictJson } from "./strictJson.ts";

/** JSON-RPC error codes by which servers refuse for the rate: EIP-1474 "limit exceeded", and what providers use. */
const LIMIT_CODES: ReadonlySet<number> = new Set([-32_005, -32_029, 429]);
/** Codes that some providers use for it, and others for something else: only when the message says so. */
const PERHAPS_LIMIT_CODES: ReadonlySet<number> = new Set([-32_012, -32_016]);
const SAYS_LIMIT = /limit|too many/i;
/** A limit on one answer, which waiting does not lift. */
const SAYS_SIZE = /results|block range|response size/i;

/** Whether an error object of a node says that it is asked too often. */
export function isRateLimit(code: number, message: string): boolean {
  if (SAYS_SIZE.test(message)) return false;
  return LIMIT_CODES.has(code) || (PERHAPS_LIMIT_CODES.has(code) && SAYS_LIMIT.test(message));
}

/** The fault of a source that is asked too often. `retryAfterMs` is what it named, if anything. */
export function rateLimited(
  reason: string,
  payload: Readonly<Record<string, unknown>>,
  retryAfterMs: number | undefined,
): SourceFault {
  return {
    code: "SourceRateLimited",
    reason,
    payload: { ...payload, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  };
}

/** What the data of an error names in milliseconds; Infura writes `{rate: {backoff_seconds}}`. */
export function retryAfterOfData(data: unknown): number | undefined {
  const rate = memberOf(data, "rate");
  const seconds = memberOf(rate, "backoff_seconds");
  return typeof seconds === "number" && Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined;
}

/**
 * What the headers of an HTTP answer name in milliseconds: seconds, or a date (RFC 9110, 10.2.3), which is read against the
 * answer's own date, as clocks differ.
 */
export function retryAfterOfHeaders(retryAfter: string | undefined, date: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  if (!/^[A-Z][a-z]{2}, .* GMT$/.test(retryAfter)) return undefined;
  const waitMs = Date.parse(retryAfter) - Date.parse(date ?? "");
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
}

/** What the body of an HTTP refusal names, if it is a JSON-RPC error. */
export function retryAfterOfPage(page: string): number | undefined {
  const parsed = parseStrictJson(page);
  return parsed.ok ? retryAfterOfData(memberOf(memberOf(parsed.value, "error"), "data")) : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
