import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A JSON-RPC call. */
export interface ScriptedCall {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** An HTTP endpoint whose every answer a test writes, as the text of the body; null for none at all. */
export class ScriptedNode {
  readonly url: string;
  /** How many calls each message had. */
  readonly sizes: number[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(
    answer: (calls: readonly ScriptedCall[], isBatch: boolean) => string | null,
  ): Promise<ScriptedNode> {
    const server = createServer((request, response) => {
      void text(request).then((asked) => {
        const message = JSON.parse(asked) as ScriptedCall | ScriptedCall[];
        const calls = [message].flat();
        node.sizes.push(calls.length);
        const body = answer(calls, Array.isArray(message));
        if (body !== null) response.end(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const node = new ScriptedNode(server);
    return node;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The same JSON text as the result of each call. */
export function resultsOf(calls: readonly ScriptedCall[], isBatch: boolean, result: string): string {
  const replies = calls.map(({ id }) => `{"jsonrpc":"2.0","id":${id},"result":${result}}`);
  return isBatch ? `[${replies.join(",")}]` : replies.join("");
}

/** The same JSON text as the error of each call. */
export function errorsOf(calls: readonly ScriptedCall[], isBatch: boolean, error: string): string {
  const replies = calls.map(({ id }) => `{"jsonrpc":"2.0","id":${id},"error":${error}}`);
  return isBatch ? `[${replies.join(",")}]` : replies.join("");
}
