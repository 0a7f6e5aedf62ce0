import type { KeeperError } from "../../errors/KeeperError.ts";
import type { Hash } from "../../lib/hex.ts";

/** One configured RPC endpoint. */
export interface SourceOptions {
  /** Short name, unique among the configured sources; used in logs, metrics and evidence. */
  readonly id: string;
  /** `http(s)://`, `ws(s)://`, or the path of an IPC socket. May hold secrets: never shown. */
  readonly url: string;
  /** Who runs the endpoint: votes are counted by operator. */
  readonly operator: string;
  /** Which execution client it runs, such as `geth`. */
  readonly client: string;
}

/** What a source says its head is: a claim, to be verified by whoever uses it. */
export interface HeadAnnouncement {
  readonly number: number;
  readonly hash: Hash;
  /** Monotonic milliseconds at which the announcement's bytes had arrived. */
  readonly receivedAtMs: number;
}

/** What an opened source reports. None of these is called after its signal has aborted or `close` was called. */
export interface SourceHandlers {
  /** The head changed: each change once, in the order the source told it. */
  onHead(head: HeadAnnouncement): void;
  /** The source answers again. Alternates with `onDown`, and comes before the first head of a connection. */
  onUp(): void;
  /** The source stopped answering, or could not be reached at first; it is being reconnected. */
  onDown(reason: string): void;
}

/** One JSON-RPC call. */
export interface SourceCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Bounds of one call. */
export interface RequestOptions {
  /** The call settles within this time, waiting for a connection or a free slot included. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /**
   * Goes out at once, past the queue and even while the source says that it is asked too often; a connection that waits for
   * its next attempt is tried now. For what cannot be asked of somebody else later, such as the transaction of a pause. A few
   * may be under way at once, more are ordinary calls.
   */
  readonly isUrgent?: boolean;
}

/**
 * Calls that the keeper puts into one message: the header of a block, an account proof of each book contract and of each key of
 * its own, and some to spare. Providers bound the number, some at 20.
 */
export const MAX_BATCH_CALLS = 16;

/** The outcome of one item of a batch. */
export type BatchItem =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: KeeperError };

/**
 * One RPC endpoint, over whatever transport.
 *
 * Every failure is a `KeeperError`: `SourceTimeout` (deadline), `SourceClosed` (not connected, or lost while waiting),
 * `SourceAborted` (the caller's signal), `SourceBusy` (too many calls wait), `SourceRateLimited` (it is asked too often:
 * payload `retryAfterMs`, before which every call is refused at once: ask another source), `SourceRpcError` (the node answered with
 * an error object: payload `rpcCode`, `rpcMessage`, `data`), `SourceMalformed` (the answer is no JSON-RPC, or larger than an answer to
 * this call can be: payload `maxAnswerBytes`), `SourceHttpStatus` (payload `status`). Each payload names the source by `source` and the call by
 * `method`; none holds the raw URL.
 */
export interface Source {
  readonly id: string;
  readonly operator: string;
  readonly client: string;
  /** The URL, safe to show. */
  readonly redactedUrl: string;

  /** Connects and stays connected until the signal aborts. Called once, before any request. */
  open(handlers: SourceHandlers, signal: AbortSignal): void;

  /** The node's `result`, `null` included; rejects with the faults above. */
  request(method: string, params: readonly unknown[], options: RequestOptions): Promise<unknown>;

  /** The outcome of each call, in the order of `calls`. Never rejects: a fault of the whole is a fault of each item. */
  batch(calls: readonly SourceCall[], options: RequestOptions): Promise<BatchItem[]>;

  /** Ends every wait with `SourceClosed` and releases the sockets. Idempotent. */
  close(): Promise<void>;
}

/**
 * What passed between the keeper and a source, as evidence: one group of calls from its start to its end, or one text
 * that came unasked. Holds no URL.
 */
export interface Exchange {
  readonly source: string;
  /** `push` is a text that answers no call: a pushed head, or garbage that ended the connection. */
  readonly kind: "call" | "batch" | "push";
  /** What was asked; empty for a push. */
  readonly calls: readonly SourceCall[];
  /** Id of the first call on the wire; the call at index `i` has `firstId + i`. 0 for a push. */
  readonly firstId: number;
  /**
   * Monotonic milliseconds at which the calls went on the wire, or were given up without; for a push, at which it
   * came.
   */
  readonly sentAtMs: number;
  /** When the last byte of the answer was here; null when none came. */
  readonly receivedAtMs: number | null;
  /** When the calls were settled: by their answer, their deadline or the end of the connection. */
  readonly settledAtMs: number;
  /**
   * The answer byte for byte as UTF-8 text; null when none came, and for an HTTP status that is no success. When a
   * node answered the items of a batch one by one, its texts one after another.
   */
  readonly text: string | null;
  /** How long the source is not to be asked, when it refused one of the calls for that; milliseconds. */
  readonly retryAfterMs?: number;
  /** Code of the fault that ended the calls which no reply settled; null when each had its reply, even an error. */
  readonly fault: string | null;
}

/** What a source is given by its composer; only the clock is required. */
export interface SourceDeps {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Draws from [0, 1), for the jitter of reconnects. */
  readonly random?: () => number;
  /** Time between polls where the transport cannot push. */
  readonly pollIntervalMs?: number;
  /** A connection without a new head for this long is asked for its head. */
  readonly heartbeatMs?: number;
  /** How long connecting, subscribing and each heartbeat or poll may take. */
  readonly probeDeadlineMs?: number;
  /** First and longest wait between reconnects. */
  readonly reconnectBaseMs?: number;
  readonly reconnectMaxMs?: number;
  /** First wait when the source says that it is asked too often and not for how long; it doubles. */
  readonly rateLimitBaseMs?: number;
  /** Longest answer accepted, whatever was asked; most methods have a lower cap, see `boundsOf`. */
  readonly maxAnswerBytes?: number;
  /** Calls on the wire at once; a batch counts as one. */
  readonly maxInFlight?: number;
  /** Calls that may wait for a slot; beyond it they are refused with `SourceBusy`. */
  readonly maxQueued?: number;
  /**
   * Sees every exchange once, when it settles and before its caller does: heartbeats and polls included. Must not
   * throw.
   */
  readonly onExchange?: (exchange: Exchange) => void;
}
