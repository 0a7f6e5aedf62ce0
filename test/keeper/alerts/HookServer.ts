import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How a server behaves to one request. */
export type Behaviour =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly page?: string }
  /** No answer, ever. */
  | "hang"
  /** The connection is closed without an answer. */
  | "close"
  /** The headers of a refusal, and a page that never ends. */
  | "drip";

/** A request as it came. */
export interface Hooked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const PATIENCE_MS = 10_000;

/** A real HTTP server on this machine that takes webhooks, or does not. */
export class HookServer {
  readonly received: Hooked[] = [];
  /** Of the next requests, by their number from 0. */
  behave: (index: number) => Behaviour = () => ({ status: 200, page: "ok" });
  readonly #server: Server;
  readonly #checks = new Set<() => void>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<HookServer> {
    const server = createServer();
    const hooks = new HookServer(server);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const body = JSON.parse(text) as Hooked["body"];
        const behaviour = hooks.behave(hooks.received.length);
        hooks.received.push({ path: request.url ?? "", headers: request.headers, text, body });
        answer(response, behaviour);
        for (const check of hooks.#checks) check();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return hooks;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The `state` of each body, in order. */
  get states(): unknown[] {
    return this.received.map(({ body }) => body["state"]);
  }

  /** Resolves as soon as so many requests have come. */
  async until(count: number): Promise<void> {
    await this.untilThat(`${count} requests`, () => this.received.length >= count);
  }

  async untilThat(what: string, condition: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (condition()) resolve();
    };
    const timer = setTimeout(() => {
      reject(new Error(`${what}: not in time, ${this.received.length} came: ${JSON.stringify(this.states)}`));
    }, PATIENCE_MS);
    this.#checks.add(check);
    check();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#checks.delete(check);
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function answer(response: ServerResponse, behaviour: Behaviour): void {
  if (behaviour === "hang") return;
  if (behaviour === "close") {
    response.destroy();
    return;
  }
  if (behaviour === "drip") {
    response.writeHead(429, { "retry-after": "30" });
    response.write("wait");
    return;
  }
  response.writeHead(behaviour.status, behaviour.headers);
  response.end(behaviour.page ?? "");
}
