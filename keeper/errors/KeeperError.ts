/** The offending values of a fault. Never holds a secret or a URL that was not redacted. */
export type KeeperErrorPayload = Readonly<Record<string, unknown>>;

/**
 * A fault: something outside the keeper's control did not do what was asked (a source, a disk, an operator's input).
 *
 * Faults are never divergences (those are values) and never bugs (those are assertions). Callers branch on `code`
 * and read `payload`; the message is for people and is no part of the contract.
 */
export class KeeperError extends Error {
  /** Stable name of the violated fact, such as `SourceTimeout`. */
  readonly code: string;
  /** The offending values. */
  readonly payload: KeeperErrorPayload;

  constructor(code: string, message: string, payload: KeeperErrorPayload = {}, options: { cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "KeeperError";
    this.code = code;
    this.payload = payload;
  }

  /** True when `error` is a fault, and one with this code if a code is given. */
  static is(error: unknown, code?: string): error is KeeperError {
    return error instanceof KeeperError && (code === undefined || error.code === code);
  }
}

/** Codes whose cause can pass by itself. */
const RETRYABLE_CODES: ReadonlySet<string> = new Set([
  "SourceTimeout",
  "SourceClosed",
  "SourceBusy",
  "SourceRateLimited",
  "SignerUnreachable",
  "SignerTimeout",
  "StoreUnavailable",
  // The next start is as a standby.
  "StoreFenced",
  // The next start begins without the snapshot.
  "SnapshotOrphaned",
  "SnapshotRefuted",
]);

/** Answers of a server that is overloaded or restarting rather than refusing. */
const RETRYABLE_HTTP_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** JSON-RPC errors that say "not now": EIP-1474 limit exceeded and resource unavailable, and internal error. */
const RETRYABLE_RPC_CODES: ReadonlySet<number> = new Set([-32005, -32002, -32603]);

/** Socket errors of the operating system, for library errors that were not translated. */
const RETRYABLE_SYSTEM_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
]);

/**
 * Whether the same call may succeed when repeated later. Total: any value has an answer, and what is not known to
 * pass by itself does not. A malformed or oversized answer is not retryable: it is evidence against its source.
 */
export function isRetryable(error: unknown): boolean {
  if (error instanceof KeeperError) {
    if (error.code === "SourceHttpStatus") return RETRYABLE_HTTP_STATUS.has(Number(error.payload["status"]));
    if (error.code === "SourceRpcError") return RETRYABLE_RPC_CODES.has(Number(error.payload["rpcCode"]));
    return RETRYABLE_CODES.has(error.code);
  }
  if (!(error instanceof Error) || !("code" in error)) return false;
  return typeof error.code === "string" && RETRYABLE_SYSTEM_CODES.has(error.code);
}
