import { Agent as HttpAgent, request as httpRequest } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { KeeperError } from "../../errors/KeeperError.ts";
import { quoteForeign } from "../../lib/quoteForeign.ts";
import { redactUrl } from "../../lib/redact.ts";

/** PEM texts for mutual TLS; what is left out is the system's. */
export interface SignerTls {
  readonly cert?: string;
  readonly key?: string;
  /** Authorities that may have signed the server's certificate, instead of the system's. */
  readonly ca?: string;
}

/** How a remote signer is reached. */
export interface SignerClientOptions {
  readonly url: string;
  readonly deadlineMs: number;
  readonly tls?: SignerTls;
}

/** One call: without a body it is a GET. */
export interface SignerCall {
  readonly path: string;
  readonly body?: unknown;
  /** A longer answer is not read to its end. */
  readonly maxAnswerBytes: number;
}

/** More than one, so that a signature does not wait behind a health check that hangs. */
const MAX_SOCKETS = 8;
/** What is read of an answer that says no. */
const MAX_REFUSAL_BYTES = 4_096;
const MAX_QUOTED = 200;

/**
 * HTTP(S) to a remote signer, over connections that are kept alive. Redirects are not followed: what is to be signed goes to
 * the configured signer and nowhere else. Errors name the signer by its redacted URL:
 *
 * `SignerTimeout`, `SignerUnreachable` (no connection, TLS refused, answer broken off), `SignerRefused` (a status that is no
 * success, in `payload.status`), `SignerMalformed` (too long, or no UTF-8), `SignerClosed`.
 */
export class SignerClient {
  readonly redactedUrl: string;
  readonly #url: URL;
  readonly #deadlineMs: number;
  readonly #agent: HttpAgent | HttpsAgent;
  #isClosed = false;

  /** @throws Error when the certificates or the key are none. */
  constructor({ url, deadlineMs, tls = {} }: SignerClientOptions) {
    this.#url = new URL(url);
    this.redactedUrl = redactUrl(url);
    this.#deadlineMs = deadlineMs;
    const options = { keepAlive: true, maxSockets: MAX_SOCKETS, scheduling: "lifo" as const };
    this.#agent = this.#url.protocol === "https:" ? new HttpsAgent({ ...options, ...tls }) : new HttpAgent(options);
  }

  /** The answer's text. */
  async call(call: SignerCall): Promise<string> {
    if (this.#isClosed) throw this.#fault("SignerClosed", call, "closed");
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let request: ClientRequest | undefined;
    const start = (isRetry: boolean): void => {
      const current = this.#start(call, resolve, reject);
      request = current;
      current.on("error", (error: Error & { code?: unknown }) => {
        // A server may close an idle connection just as it is used again; nothing was processed then (Node.js docs,
        // `request.reusedSocket`). To sign the same twice does no harm in any case.
        if (!isRetry && !this.#isClosed && current.reusedSocket && error.code === "ECONNRESET") start(true);
        else reject(this.#unreachable(call, error));
      });
    };
    const deadline = setTimeout(() => {
      // What is kept for the next call may be just as dead, without having been closed.
      for (const socket of Object.values(this.#agent.freeSockets).flat()) socket?.destroy();
      reject(this.#fault("SignerTimeout", call, `no answer within ${this.#deadlineMs} ms`));
    }, this.#deadlineMs);
    try {
      start(false);
      return await promise;
    } catch (error: unknown) {
      request?.destroy();
      throw error;
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Closes every connection; calls that wait fail. */
  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  #start(call: SignerCall, resolve: (text: string) => void, reject: (fault: KeeperError) => void): ClientRequest {
    const url = new URL(this.#url);
    url.pathname = `${url.pathname.replace(/\/+$/, "")}${call.path}`;
    const text = call.body === undefined ? undefined : JSON.stringify(call.body);
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = send(url, {
      method: text === undefined ? "GET" : "POST",
      agent: this.#agent,
      headers: {
        accept: "text/plain, application/json",
        ...(text === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
      },
    });
    request.on("response", (response) => {
      this.#receive(call, response).then(resolve, reject);
    });
    request.end(text);
    return request;
  }

  async #receive(call: SignerCall, response: IncomingMessage): Promise<string> {
    const status = response.statusCode ?? 0;
    const isSuccess = status >= 200 && status < 300;
    const maxBytes = isSuccess ? call.maxAnswerBytes : MAX_REFUSAL_BYTES;
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        size += chunk.length;
        chunks.push(chunk);
        if (size > maxBytes) break;
      }
    } catch (error: unknown) {
      throw this.#unreachable(call, error);
    }
    if (!isSuccess) {
      const words = quoteForeign(Buffer.concat(chunks).toString("utf8"), MAX_QUOTED).trim();
      const reason = `HTTP ${status}${words === "" ? "" : `: ${words}`}`;
      throw this.#fault("SignerRefused", call, reason, { status });
    }
    if (size > maxBytes) throw this.#fault("SignerMalformed", call, `an answer of more than ${maxBytes} bytes`);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
    } catch {
      throw this.#fault("SignerMalformed", call, "an answer that is no UTF-8");
    }
  }

  #unreachable(call: SignerCall, error: unknown): KeeperError {
    if (this.#isClosed) return this.#fault("SignerClosed", call, "closed");
    const systemCode = error instanceof Error && "code" in error ? String(error.code) : undefined;
    const words = error instanceof Error && error.message !== "" ? error.message : (systemCode ?? String(error));
    // The library's error is no cause to keep: it may hold the URL as it is.
    return this.#fault(
      "SignerUnreachable",
      call,
      quoteForeign(words, MAX_QUOTED),
      systemCode === undefined ? {} : { systemCode },
    );
  }

  /** The path names a key by its public half, which is no secret and no help. */
  #fault(code: string, { path }: SignerCall, reason: string, payload: Record<string, unknown> = {}): KeeperError {
    const where = path.replace(/0x[0-9a-f]{20,}$/i, "…");
    return new KeeperError(code, `signer ${this.redactedUrl}${where}: ${reason}`, {
      url: this.redactedUrl,
      ...payload,
    });
  }
}
