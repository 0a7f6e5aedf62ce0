import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";

import { wait } from "../../keeper/chain/sources/wait.ts";
import { answerCalls, type Ask, type Delivery, type Outcome } from "./answerCalls.ts";
import { clientOf } from "./clientOf.ts";
import { keepHeaders, type NodeHttp } from "./NodeHttp.ts";
import type { ProxyParts } from "./ProxyParts.ts";
import { readBody } from "./readBody.ts";
import { describeUnreachable, UNREACHABLE } from "./reachability.ts";
import { errorReply, parseRequest, type RpcMessage } from "./rpcMessage.ts";
import { dripChunks, hugeChunks, type Chunk } from "./textChunks.ts";

/** JSON-RPC 2.0, 5.1. */
const INVALID_REQUEST = -32_600;

/** Answers HTTP requests: with the node's own bytes, streamed, unless a rule applies to one of the calls. */
export class HttpFront {
  readonly #parts: ProxyParts;
  readonly #nodes: NodeHttp;

  constructor(parts: ProxyParts, nodes: NodeHttp) {
    this.#parts = parts;
    this.#nodes = nodes;
  }

  /** Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const end = new AbortController();
    // Also when the client leaves first: nothing is asked for nobody.
    response.once("close", () => end.abort());
    const { signal } = end;
    let message: RpcMessage | undefined;
    try {
      const body = await readBody(request, this.#parts.maxBytes);
      if (body === undefined) {
        // The server throws away what still comes, so that a client that is sending sees the answer.
        const reply = errorReply(null, INVALID_REQUEST, `chaos-rpc: the request exceeds ${this.#parts.maxBytes} bytes`);
        response.writeHead(413, { "content-type": "application/json", connection: "close" }).end(JSON.stringify(reply));
        return;
      }
      message = request.method === "POST" ? parseRequest(body.toString("utf8")) : undefined;
      await this.#answer(request, body, message, response, signal);
    } catch (error: unknown) {
      if (signal.aborted || response.headersSent) response.destroy();
      else answerUnreachable(response, message, error);
    }
  }

  async #answer(
    request: IncomingMessage,
    body: Buffer,
    message: RpcMessage | undefined,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const { upstreams } = this.#parts;
    const decisions = message === undefined ? [] : this.#parts.decide(message, "http", clientOf(request));
    const delayMs = Math.max(0, ...decisions.map((decision) => decision.delayMs));
    if (delayMs > 0) await wait(delayMs, signal);
    signal.throwIfAborted();
    if (message === undefined || decisions.every(({ lie }) => lie === undefined)) {
      const sent = { method: request.method ?? "POST", rawHeaders: request.rawHeaders, body };
      const answer = await this.#nodes.send(upstreams.get(upstreams.current).http, sent, signal);
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, keepHeaders(answer.rawHeaders));
      await pipeline(answer, response);
      return;
    }
    const ask: Ask = (index, calls, isBatch) =>
      this.#nodes.ask(upstreams.get(index).http, calls, isBatch, request.rawHeaders, signal);
    await send(response, await answerCalls(message.calls, decisions, message.isBatch, upstreams, ask), signal);
  }
}

async function send(response: ServerResponse, outcome: Outcome, signal: AbortSignal): Promise<void> {
  switch (outcome.type) {
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "status": {
      const { status, retryAfter } = outcome;
      const headers = {
        "content-type": "text/plain",
        ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
      };
      response.writeHead(status, headers).end();
      return;
    }
    case "foreign":
      response.writeHead(outcome.status, { "content-type": outcome.contentType }).end(outcome.body);
      return;
    case "huge":
      response.writeHead(200, { "content-type": "application/json" });
      await writeChunks(response, hugeChunks(outcome.id, outcome.bytes), signal);
      response.end();
      return;
    case "text":
      await sendText(response, Buffer.from(outcome.text), outcome.delivery, signal);
      return;
    case "silence":
    case "close":
    case "mute":
      // Held until the client leaves.
      return;
  }
}

async function sendText(
  response: ServerResponse,
  bytes: Buffer,
  { bytesPerSecond, cutAfter }: Delivery,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { "content-type": "application/json", "content-length": bytes.length });
  const isCut = cutAfter !== undefined && cutAfter < bytes.length;
  const sent = isCut ? bytes.subarray(0, cutAfter) : bytes;
  if (bytesPerSecond !== undefined) await writeChunks(response, dripChunks(sent, bytesPerSecond), signal);
  else if (isCut) await writeChunks(response, [{ waitMs: 0, bytes: sent }], signal);
  else response.end(sent);
  if (isCut) response.destroy();
  else response.end();
}

async function writeChunks(response: ServerResponse, chunks: Iterable<Chunk>, signal: AbortSignal): Promise<void> {
  response.flushHeaders();
  for (const { waitMs, bytes } of chunks) {
    if (waitMs > 0) await wait(waitMs, signal);
    signal.throwIfAborted();
    // Until it has left: a slow client slows what is made for it.
    await new Promise<void>((resolve) => response.write(bytes, () => resolve()));
  }
}

function answerUnreachable(response: ServerResponse, message: RpcMessage | undefined, error: unknown): void {
  const replies = (message?.calls ?? [{ id: null }]).map(({ id }) =>
    errorReply(id, UNREACHABLE, describeUnreachable(error)),
  );
  response.writeHead(502, { "content-type": "application/json" });
  response.end(JSON.stringify(message?.isBatch === true ? replies : replies[0]));
}
