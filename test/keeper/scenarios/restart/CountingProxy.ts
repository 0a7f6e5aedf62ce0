import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Passes calls on to a node over HTTP and remembers each. */
export class CountingProxy {
  readonly calls: Call[] = [];
  /** Calls that are answered with an error. */
  refuses: (call: Call) => boolean = () => false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(target: string): Promise<CountingProxy> {
    const server = createServer();
    const proxy = new CountingProxy(server);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        const calls = ([JSON.parse(body)] as (Call | Call[])[]).flat();
        proxy.calls.push(...calls);
        if (calls.some((call) => proxy.refuses(call))) {
          const error = { code: -32_000, message: "not so old a state" };
          const answers = calls.map(({ id }) => ({ jsonrpc: "2.0", id, error }));
          response.setHeader("content-type", "application/json");
          response.end(JSON.stringify(body.startsWith("[") ? answers : answers[0]));
          return;
        }
        fetch(target, { method: "POST", body, headers: { "content-type": "application/json" } })
          .then(async (answer) => {
            response.setHeader("content-type", "application/json");
            response.end(await answer.text());
          })
          .catch(() => response.destroy());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Everything that was asked with one of these words in its parameters. */
  askedWith(words: ReadonlySet<string>): string[] {
    return this.calls
      .filter(({ params }) => {
        const text = JSON.stringify(params);
        return [...words].some((word) => text.includes(`"${word}"`));
      })
      .map(({ method, params }) => `${method} ${JSON.stringify(params)}`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
