import { boundsOf } from "./chain/sources/answerBounds.ts";
import { HttpPoster, type PostOutcome } from "./chain/sources/HttpPoster.ts";
import { malformed, parseWithin, readReply } from "./chain/sources/jsonRpc.ts";
import { masksOf, type Masks } from "./chain/sources/masksOf.ts";
import { maskFault, type SourceFault } from "./chain/sources/SourceFault.ts";
import type { RelayConfig } from "./config/KeeperConfig.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import { redactUrl } from "./lib/redact.ts";

/** Bounds of one question. */
export interface RelayRequest {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** More connections than transactions can be under way, so that none waits for one that hangs. */
const MAX_SOCKETS = 16;
/** The methods that a relay is asked have answers of a word, whatever this is. */
const MAX_ANSWER_BYTES = 64 * 1_024;

/**
 * JSON-RPC to an endpoint that takes transactions. It has no connection until it is first asked; redirects are not followed, no
 * answer is read beyond a word's size, and every question ends by its deadline. What its URL hides is in no error.
 *
 * Errors are those of a source under a name of their own: `RelayTimeout`, `RelayClosed` (no connection, or broken off),
 * `RelayAborted`, `RelayRateLimited`, `RelayRpcError` (it answered with an error), `RelayMalformed`, `RelayHttpStatus` (in `payload.status`).
 */
export class Relay {
  readonly id: string;
  readonly redactedUrl: string;
  readonly #poster: HttpPoster;
  readonly #masks: Masks;
  #nextId = 1;

  constructor({ id, url }: RelayConfig) {
    this.id = id;
    this.redactedUrl = redactUrl(url);
    this.#masks = masksOf(url);
    this.#poster = new HttpPoster(new URL(url), MAX_SOCKETS);
  }

  /** The result of one call, as the relay claims it. Rejects with its `KeeperError`. */
  async ask(method: string, params: readonly unknown[], { deadlineMs, signal }: RelayRequest): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const fail = (fault: SourceFault): void => reject(this.#errorOf(fault, method));
    const onAbort = (): void => fail({ code: "SourceAborted", reason: "cancelled" });
    if (signal?.aborted === true) {
      onAbort();
      return promise;
    }
    const id = this.#nextId++;
    const bounds = boundsOf([{ method, params }], MAX_ANSWER_BYTES);
    const text = JSON.stringify({ jsonrpc: "2.0", id, method, params });
    const cancel = this.#poster.post(text, bounds.bytes, (outcome) => {
      const result = readResult(outcome, id, bounds);
      if (result.ok) resolve(result.result);
      else fail(result.fault);
    });
    const timer = setTimeout(() => {
      fail({ code: "SourceTimeout", reason: `no answer within ${deadlineMs} ms` });
      // What is kept for the next call may be just as dead, without having been closed.
      this.#poster.dropIdle();
    }, deadlineMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      cancel();
    }
  }

  /** Closes every connection. */
  close(): void {
    this.#poster.close();
  }

  #errorOf(fault: SourceFault, method: string): KeeperError {
    const { code, reason, payload } = maskFault(fault, this.#masks.message);
    const message = `${method} at relay ${this.id}: ${reason}`;
    return new KeeperError(code.replace("Source", "Relay"), message, { relay: this.id, method, ...payload });
  }
}

type Result = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly fault: SourceFault };

function readResult(outcome: PostOutcome, id: number, bounds: ReturnType<typeof boundsOf>): Result {
  if (!outcome.ok) return outcome;
  const parsed = parseWithin(outcome.text, bounds);
  if (!parsed.ok) return parsed;
  const reply = readReply(parsed.value);
  // Without an id it says that it could not read the call, which can only be this one.
  const isOurs = reply?.id === id || (reply?.id === null && !reply.outcome.ok);
  return isOurs ? reply.outcome : { ok: false, fault: malformed("the answer is no JSON-RPC reply to this call") };
}
