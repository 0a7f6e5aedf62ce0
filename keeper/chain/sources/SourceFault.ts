import { KeeperError } from "../../errors/KeeperError.ts";
import { maskDeep, type Mask } from "./masksOf.ts";
import { quoteForeign } from "../../lib/quoteForeign.ts";

/** The codes of everything that can go wrong between the keeper and a source. */
export type SourceFaultCode =
  | "SourceTimeout"
  | "SourceClosed"
  | "SourceAborted"
  | "SourceBusy"
  | "SourceRateLimited"
  | "SourceRpcError"
  | "SourceMalformed"
  | "SourceHttpStatus";

/** A fault before it is known which call it hits: one broken connection fails many calls. */
export interface SourceFault {
  readonly code: SourceFaultCode;
  /** What happened, without the source and the method; redacted. */
  readonly reason: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** Nobody was asked: the source itself refuses because of what it learned before. */
  readonly isOwn?: true;
}

/** Longest piece of a server's own words that is repeated in a message. */
const MAX_QUOTED = 300;

/** The error which the caller of `method` at source `source` gets for a fault. */
export function toSourceError(fault: SourceFault, source: string, method: string): KeeperError {
  const message = `${method} at source ${source}: ${fault.reason}`;
  const payload = { source, method, ...fault.payload };
  return new KeeperError(fault.code, message, payload, "cause" in fault ? { cause: fault.cause } : {});
}

/** The fault without what the source's URL hides. */
export function maskFault(fault: SourceFault, mask: Mask): SourceFault {
  const { payload } = fault;
  const masked = payload === undefined ? {} : { payload: maskDeep(payload, mask) as Record<string, unknown> };
  return { ...fault, reason: mask(fault.reason), ...masked };
}

/** How long the fault asks to be left alone, milliseconds; 0 when it does not. */
export function retryAfterOf({ payload }: { readonly payload?: Readonly<Record<string, unknown>> }): number {
  const retryAfterMs = payload?.["retryAfterMs"];
  return typeof retryAfterMs === "number" ? retryAfterMs : 0;
}

/**
 * Words of a server or library, made safe to show: URLs redacted, length capped, without characters that are not seen or that
 * reorder others.
 */
export function quote(text: string): string {
  return quoteForeign(text, MAX_QUOTED);
}

/** The fault behind an error of a socket; the library's error object is not kept, as it may hold the raw URL. */
export function toConnectionFault(error: Error & { code?: unknown }): SourceFault {
  const systemCode = typeof error.code === "string" ? error.code : undefined;
  const reason = quote(error.message === "" ? (systemCode ?? error.name) : error.message);
  return { code: "SourceClosed", reason, payload: systemCode === undefined ? {} : { systemCode } };
}
