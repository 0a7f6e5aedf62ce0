import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

import type { NodeAnswer } from "./answerCalls.ts";
import { readBody } from "./readBody.ts";
import { parseJson, type Call } from "./rpcMessage.ts";

/** What is sent to a node. */
export interface NodeRequest {
  readonly method: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** Headers of one connection, or that are written anew. */
const OF_CONNECTION = new Set([
  ...["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"],
  ...["transfer-encoding", "upgrade", "host", "expect"],
]);

/** HTTP to the nodes, over connections that are kept. */
export class NodeHttp {
  readonly #agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The head of the answer; its body is not read. Rejects when there is none, or the signal aborts. */
  send(url: URL, { method, rawHeaders, body }: NodeRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const isSecure = url.protocol === "https:";
    const agent = isSecure ? this.#agents.https : this.#agents.http;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const start = (isRetry: boolean): void => {
      const request = (isSecure ? httpsRequest : httpRequest)(url, { method, agent, signal });
      for (const [name, values] of groupHeaders(rawHeaders)) request.setHeader(name, values);
      request.setHeader("content-length", body.length);
      request.on("response", resolve);
      request.on("error", (error: Error & { code?: unknown }) => {
        // A node may close an idle connection just as it is used again; nothing was processed then (Node.js docs,
        // `request.reusedSocket`).
        if (!isRetry && request.reusedSocket && error.code === "ECONNRESET") start(true);
        else reject(error);
      });
      request.end(body);
    };
    start(false);
    return promise;
  }

  /** Asks in the client's name. Rejects as {@link NodeHttp.send}, or when the answer exceeds the cap. */
  async ask(
    url: URL,
    calls: readonly Call[],
    isBatch: boolean,
    rawHeaders: readonly string[],
    signal: AbortSignal,
  ): Promise<NodeAnswer> {
    const items = calls.map(({ item }) => item);
    const body = Buffer.from(JSON.stringify(isBatch ? items : items[0]));
    // What is to be edited must be readable.
    const headers = keepHeaders(rawHeaders, new Set(["accept-encoding", "content-type", "content-encoding"]));
    const plain = [...headers, "content-type", "application/json", "accept-encoding", "identity"];
    const response = await this.send(url, { method: "POST", rawHeaders: plain, body }, signal);
    const answer = await readBody(response, this.#maxBytes);
    if (answer === undefined) {
      response.destroy();
      throw new Error(`the upstream's answer exceeds ${this.#maxBytes} bytes`);
    }
    const status = response.statusCode ?? 502;
    const contentType = response.headers["content-type"] ?? "application/json";
    const value = status === 200 ? parseJson(answer.toString("utf8")) : undefined;
    if (value === undefined) return { status, contentType, body: answer };
    return { replies: Array.isArray(value) ? (value as unknown[]) : [value] };
  }

  /** Closes every connection. */
  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}

/** The headers, as names and values in turn, without those of a connection and those named, which are lower case. */
export function keepHeaders(rawHeaders: readonly string[], dropped: ReadonlySet<string> = new Set()): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
    const plain = name.toLowerCase();
    if (!OF_CONNECTION.has(plain) && !dropped.has(plain)) kept.push(name, value);
  }
  return kept;
}

function groupHeaders(rawHeaders: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  const kept = keepHeaders(rawHeaders, new Set(["content-length"]));
  for (let index = 0; index + 1 < kept.length; index += 2) {
    const name = (kept[index] ?? "").toLowerCase();
    groups.set(name, [...(groups.get(name) ?? []), kept[index + 1] ?? ""]);
  }
  return groups;
}
