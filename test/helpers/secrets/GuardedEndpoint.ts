import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { Planted } from "./Planted.ts";

/** How an endpoint answers: it hands the call on, or refuses by an error page, by a JSON-RPC error, or with a document that is none. */
export type Manner = "forward" | "page" | "error" | "nonsense";

/**
 * An endpoint whose URL has secrets in user info, path and query, in front of a node. It asks for all of them, and when it refuses it
 * repeats what it was asked, and its secrets.
 */
export class GuardedEndpoint {
  manner: Manner;
  /** Requests that had all secrets. */
  served = 0;
  /** Requests that were refused. */
  refused = 0;
  readonly url: string;
  readonly #server: Server;
  readonly #upstream: string;
  readonly #secrets: readonly string[];

  private constructor(server: Server, upstream: string, planted: Planted, name: string, manner: Manner) {
    const { port } = server.address() as AddressInfo;
    this.#server = server;
    this.#upstream = upstream;
    this.manner = manner;
    const [key, user] = [planted.key(`${name}: key in the path`), planted.key(`${name}: user`)];
    const [password, token] = [planted.password(`${name}: password`), planted.password(`${name}: key in the query`)];
    this.#secrets = [key, user, password, token];
    const url = new URL(`http://127.0.0.1:${port}/v2/${key}`);
    url.username = user;
    // A URL takes a `%` as it comes.
    url.password = encodeURIComponent(password);
    url.searchParams.set("token", token);
    // Lists of settings are separated by these.
    this.url = url.href.replaceAll(",", "%2C").replaceAll("|", "%7C");
  }

  static async open(upstream: string, planted: Planted, name: string, manner: Manner): Promise<GuardedEndpoint> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = new GuardedEndpoint(server, upstream, planted, name, manner);
    server.on("request", (request, response) => {
      void endpoint.#take(request, response).catch(() => response.destroy());
    });
    return endpoint;
  }

  /** Without user info, for callers that cannot send any. */
  get bareUrl(): string {
    const url = new URL(this.url);
    url.username = url.password = "";
    return url.href;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { pathname, search, username, password } = new URL(this.url);
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const isKnown = request.headers.authorization === `Basic ${Buffer.from(pair).toString("base64")}`;
    if (this.manner === "forward" && isKnown && request.url === pathname + search) {
      this.served += 1;
      const headers = { "content-type": "application/json" };
      const answer = await fetch(this.#upstream, { method: "POST", headers, body });
      response.writeHead(answer.status, headers).end(await answer.text());
      return;
    }
    this.refused += 1;
    const words = `${request.method} ${this.url} ${request.url} ${request.headers.authorization} ${pair} ${this.#secrets.join(" ")}`;
    if (this.manner === "error") refuse(response, body, words);
    else if (this.manner === "nonsense") {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ [words]: words }));
    } else response.writeHead(403, { "content-type": "text/html" }).end(`<h1>Forbidden</h1>${words}`);
  }
}

/** An error of JSON-RPC to each call of a batch, with the words in its message and its data. */
function refuse(response: ServerResponse, body: Buffer, words: string): void {
  const calls: unknown = JSON.parse(body.toString("utf8"));
  const answer = (call: unknown): unknown => {
    const { id = null } = call as { readonly id?: unknown };
    return { jsonrpc: "2.0", id, error: { code: -32_000, message: `no quota for ${words}`, data: { request: words } } };
  };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(Array.isArray(calls) ? calls.map(answer) : answer(calls)));
}
