import { Agent as HttpAgent, request as httpRequest } from "node:http";
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { SourceFault } from "./SourceFault.ts";
import { quote, toConnectionFault } from "./SourceFault.ts";
import { rateLimited, retryAfterOfHeaders, retryAfterOfPage } from "./rateLimited.ts";
import { decodeUtf8, tooLong } from "./jsonRpc.ts";

/** What became of one POST. */
export type PostOutcome =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly fault: SourceFault };

/** Longest part of an error page that is kept. */
const MAX_ERROR_PAGE_BYTES = 4_096;

/** POSTs JSON to one URL over kept-alive connections. Redirects are not followed, compression is not asked for. */
export class HttpPoster {
  readonly #url: URL;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(url: URL, maxSockets: number) {
    this.#url = url;
    const options = { keepAlive: true, maxSockets, scheduling: "lifo" as const };
    this.#agent = url.protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /**
   * Starts a POST. `onOutcome` is called once, unless the returned function, which cancels, is called before. An answer above
   * `maxAnswerBytes` is not read to its end.
   */
  post(text: string, maxAnswerBytes: number, onOutcome: (outcome: PostOutcome) => void): () => void {
    let isOver = false;
    let request: ClientRequest | undefined;
    const finish = (outcome: PostOutcome): void => {
      if (isOver) return;
      isOver = true;
      if (!outcome.ok) request?.destroy();
      onOutcome(outcome);
    };
    const start = (isRetry: boolean): void => {
      const current = this.#start(text, maxAnswerBytes, finish);
      request = current;
      current.on("error", (error: Error & { code?: unknown }) => {
        // A server may close an idle connection just as it is used again; nothing was processed then (Node.js docs,
        // `request.reusedSocket`).
        if (!isOver && !isRetry && current.reusedSocket && error.code === "ECONNRESET") start(true);
        else finish({ ok: false, fault: toConnectionFault(error) });
      });
    };
    start(false);
    return () => {
      isOver = true;
      request?.destroy();
    };
  }

  /** Drops the connections that are kept for the next call: they may be dead without having been closed. */
  dropIdle(): void {
    for (const socket of Object.values(this.#agent.freeSockets).flat()) socket?.destroy();
  }

  /** Closes every connection. */
  close(): void {
    this.#agent.destroy();
  }

  #start(text: string, maxAnswerBytes: number, finish: (outcome: PostOutcome) => void): ClientRequest {
    const send = this.#url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = send(this.#url, {
      method: "POST",
      agent: this.#agent,
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        "content-length": Buffer.byteLength(text),
      },
    });
    request.on("response", (response) => this.#receive(response, maxAnswerBytes, finish));
    request.end(text);
    return request;
  }

  #receive(response: IncomingMessage, maxAnswerBytes: number, finish: (outcome: PostOutcome) => void): void {
    const status = response.statusCode ?? 0;
    const isSuccess = status >= 200 && status < 300;
    const maxBytes = isSuccess ? maxAnswerBytes : MAX_ERROR_PAGE_BYTES;
    if (isSuccess && Number(response.headers["content-length"]) > maxBytes) {
      finish({ ok: false, fault: tooLong(maxBytes) });
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const failWithStatus = (): void => {
      const page = Buffer.concat(chunks).toString("utf8");
      const words = quote(page);
      const reason = `HTTP ${status}${words === "" ? "" : `: ${words}`}`;
      finish({ ok: false, fault: toStatusFault(status, reason, response.headers, page) });
    };
    response.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else if (!isSuccess) failWithStatus();
      else finish({ ok: false, fault: tooLong(maxBytes) });
    });
    response.on("end", () => {
      if (isSuccess) finish(decodeUtf8(Buffer.concat(chunks)));
      else failWithStatus();
    });
    response.on("error", (error) => {
      finish({ ok: false, fault: { code: "SourceClosed", reason: `the answer broke off: ${quote(error.message)}` } });
    });
  }
}

/** The fault behind an HTTP status that is no success: 429, or 503 with the time to wait, say that it is asked too often. */
export function toStatusFault(status: number, reason: string, headers: IncomingHttpHeaders, page: string): SourceFault {
  const retryAfterMs = retryAfterOfHeaders(headers["retry-after"], headers.date) ?? retryAfterOfPage(page);
  const isLimit = status === 429 || (status === 503 && retryAfterMs !== undefined);
  if (isLimit) return rateLimited(reason, { status }, retryAfterMs);
  return { code: "SourceHttpStatus", reason, payload: { status } };
}
