import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";

import { wait } from "../../../../keeper/chain/sources/wait.ts";

/** A JSON-RPC call. */
export interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** How the bytes of an answer leave: whole, a byte at a time, broken off in the middle, or never. */
export type Wire = "whole" | "drip" | "cut" | "hang";

/** A node's HTTP endpoint that bends what goes through it on the level of calls and of bytes. */
export class BentProxy {
  wire: Wire = "whole";
  refusesBatches = false;
  delayMs = 0;
  /** Requests that hold such a call are never answered. */
  hangs: (call: Call) => boolean = () => false;
  /** `latest` is so many blocks ago. */
  staleBlocks = 0;
  /** The result that is told instead of the node's. */
  bend: (call: Call, result: unknown) => unknown = (_, result) => result;
  /** An error message instead of the node's answer. */
  refuse: (call: Call) => string | undefined = () => undefined;
  /** Requests under way. */
  open = 0;
  /** Requests that the client gave up. */
  cancelled = 0;
  readonly #upstream: string;
  readonly #server: Server;
  /** How often each method was called. */
  readonly calls = new Map<string, number>();
  readonly #end = new AbortController();
  readonly #drips = new Set<NodeJS.Timeout>();

  private constructor(upstream: string) {
    this.#upstream = upstream;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(upstream: string): Promise<BentProxy> {
    const proxy = new BentProxy(upstream);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Bends the results of one method. */
  lie(method: string, change: (result: never, call: Call) => unknown): void {
    const before = this.bend;
    this.bend = (call, result) => {
      const told = before(call, result);
      return call.method === method ? change(told as never, call) : told;
    };
  }

  async close(): Promise<void> {
    this.#end.abort();
    for (const drip of this.#drips) clearInterval(drip);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.open++;
    response.once("close", () => {
      this.open--;
      if (!response.writableFinished) this.cancelled++;
    });
    let answer: string;
    try {
      const message = JSON.parse(await text(request)) as Call | Call[];
      if ([message].flat().some((call) => this.hangs(call))) return;
      answer = await this.#answer(message);
      await wait(this.delayMs, this.#end.signal);
    } catch {
      // The client or the node has gone.
      response.destroy();
      return;
    }
    if (response.destroyed) return;
    switch (this.wire) {
      case "whole":
        response.end(answer);
        return;
      case "drip":
        this.#drip(response, answer);
        return;
      case "cut":
        response.writeHead(200, { "content-length": answer.length });
        response.write(answer.slice(0, answer.length / 2), () => (response.socket as Socket | null)?.destroy());
        return;
      case "hang":
    }
  }

  async #answer(message: Call | Call[]): Promise<string> {
    if (Array.isArray(message) && this.refusesBatches) return errorOf(null, "batches are not supported");
    const calls = Array.isArray(message) ? message : [message];
    for (const { method } of calls) this.calls.set(method, (this.calls.get(method) ?? 0) + 1);
    const replies = await this.#ask(await this.#takeBack(calls));
    const bent = calls.map((call, index) => {
      const refusal = this.refuse(call);
      if (refusal !== undefined) return errorOf(call.id, refusal);
      const reply = replies[index];
      if (reply === undefined || !("result" in reply)) return JSON.stringify(reply);
      return JSON.stringify({ jsonrpc: "2.0", id: call.id, result: this.bend(call, reply.result) });
    });
    return Array.isArray(message) ? `[${bent.join(",")}]` : bent[0]!;
  }

  async #ask(calls: readonly Call[]): Promise<{ readonly id: number; readonly result?: unknown }[]> {
    const response = await fetch(this.#upstream, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(calls.map((call) => ({ jsonrpc: "2.0", ...call }))),
      signal: this.#end.signal,
    });
    const replies = (await response.json()) as { id: number; result?: unknown }[];
    return calls.map((call) => replies.find(({ id }) => id === call.id)!);
  }

  async #takeBack(calls: readonly Call[]): Promise<readonly Call[]> {
    if (this.staleBlocks === 0) return calls;
    const [head] = await this.#ask([{ id: 0, method: "eth_blockNumber", params: [] }]);
    const tag = `0x${(Number(head?.result) - this.staleBlocks).toString(16)}`;
    return calls.map((call) => ({ ...call, params: call.params.map((param) => (param === "latest" ? tag : param)) }));
  }

  /** Slow enough to outlast every deadline, quick enough to look alive. */
  #drip(response: ServerResponse, answer: string): void {
    let at = 0;
    const drip = setInterval(() => response.write(answer[at++ % answer.length]!), 10);
    this.#drips.add(drip);
    response.once("close", () => {
      clearInterval(drip);
      this.#drips.delete(drip);
    });
  }
}

function errorOf(id: number | null, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32_602, message } });
}
