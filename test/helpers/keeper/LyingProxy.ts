import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { WebSocket, WebSocketServer } from "ws";

/** What is done to the answer of a call. */
export type Rule =
  /** The call is answered by nothing, the others of its batch are. */
  | { readonly action: "drop" }
  /** The whole request is never answered. */
  | { readonly action: "hang" }
  | { readonly action: "delay"; readonly ms: number }
  | { readonly action: "error"; readonly code: number; readonly message: string }
  /** The result is another one. */
  | { readonly action: "replace"; readonly change: (result: unknown, params: readonly unknown[]) => unknown }
  /** `latest` is so many blocks ago, and pushed heads stop. */
  | { readonly action: "stale"; readonly blocks: number };

interface Call {
  readonly jsonrpc: "2.0";
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Applies to every method. */
const ANY = "*";
const NEW_HEADS = "eth_subscription";

/** A node's HTTP and WebSocket endpoint with a liar in between, who follows rules by method. */
export class LyingProxy {
  /** How often each method was called. */
  readonly calls = new Map<string, number>();
  readonly #upstream: string;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #rules = new Map<string, Rule>();

  private constructor(upstream: string) {
    this.#upstream = upstream;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#sockets = new WebSocketServer({ server: this.#server });
    this.#sockets.on("connection", (client) => {
      this.#connect(client);
    });
  }

  /** @param upstream HTTP URL of the node, which serves WebSocket at the same port */
  static async start(upstream: string): Promise<LyingProxy> {
    const proxy = new LyingProxy(upstream);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get wsUrl(): string {
    return this.url.replace("http", "ws");
  }

  /** Sets the rule of a method, `*` for those without one, `eth_subscription` for pushed heads. */
  rule(method: string, rule: Rule): void {
    this.#rules.set(method, rule);
  }

  /** Tells the truth again. */
  clear(): void {
    this.#rules.clear();
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #ruleOf(method: string): Rule | undefined {
    return this.#rules.get(method) ?? this.#rules.get(ANY);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const answer = await this.#answer(JSON.parse(body) as Call | Call[]);
    if (answer === null) return;
    response.setHeader("content-type", "application/json");
    response.end(answer);
  }

  /** The text of the answer; null for none at all. */
  async #answer(message: Call | Call[]): Promise<string | null> {
    const calls = Array.isArray(message) ? message : [message];
    for (const { method } of calls) this.calls.set(method, (this.calls.get(method) ?? 0) + 1);
    const rules = calls.map(({ method }) => this.#ruleOf(method));
    if (rules.some((rule) => rule?.action === "hang")) return null;
    const delays = rules.map((rule) => (rule?.action === "delay" ? rule.ms : 0));
    await new Promise((resolve) => setTimeout(resolve, Math.max(...delays)));

    const stale = rules.find((rule) => rule?.action === "stale");
    const sent = stale?.action === "stale" ? await this.#takeBack(calls, stale.blocks) : calls;
    const replies = new Map((await this.#ask(sent)).map((reply) => [reply["id"], reply]));
    const answers = calls.flatMap((call, index) => lie(replies.get(call.id), call, rules[index]));
    if (answers.length === 0) return null;
    return JSON.stringify(Array.isArray(message) ? answers : answers[0]);
  }

  async #ask(calls: readonly Call[]): Promise<Record<string, unknown>[]> {
    const body = JSON.stringify(calls);
    const headers = { "content-type": "application/json" };
    const response = await fetch(this.#upstream, { method: "POST", headers, body });
    return (await response.json()) as Record<string, unknown>[];
  }

  /** The same calls with an older block in place of `latest`. */
  async #takeBack(calls: readonly Call[], blocks: number): Promise<Call[]> {
    const [reply] = await this.#ask([{ jsonrpc: "2.0", id: 0, method: "eth_blockNumber", params: [] }]);
    const tag = `0x${(Number(reply?.["result"]) - blocks).toString(16)}`;
    return calls.map((call) => ({ ...call, params: call.params.map((param) => (param === "latest" ? tag : param)) }));
  }

  #connect(client: WebSocket): void {
    const node = new WebSocket(this.#upstream.replace("http", "ws"));
    const waiting: string[] = [];
    const subscribing = new Set<unknown>();
    node.on("open", () => {
      for (const message of waiting.splice(0)) node.send(message);
    });
    // Only what concerns subscriptions goes through the node's own socket; the rest is answered as over HTTP.
    node.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Record<string, unknown>;
      const isPush = message["method"] === NEW_HEADS;
      if (isPush && this.#ruleOf(NEW_HEADS) !== undefined) return;
      if (isPush || subscribing.delete(message["id"])) client.send(data.toString());
    });
    client.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Call | Call[];
      if (!Array.isArray(message) && message.method === "eth_subscribe") {
        subscribing.add(message.id);
        if (node.readyState === WebSocket.OPEN) node.send(data.toString());
        else waiting.push(data.toString());
        return;
      }
      void this.#answer(message).then((answer) => {
        if (answer !== null) client.send(answer);
      });
    });
    client.on("close", () => {
      node.terminate();
    });
    node.on("error", () => {
      client.terminate();
    });
  }
}

/** The reply as the rule has it; none when it is dropped. */
function lie(reply: Record<string, unknown> | undefined, call: Call, rule: Rule | undefined): unknown[] {
  if (reply === undefined || rule?.action === "drop") return [];
  const { jsonrpc, id } = call;
  if (rule?.action === "error") return [{ jsonrpc, id, error: { code: rule.code, message: rule.message } }];
  if (rule?.action !== "replace" || !("result" in reply)) return [reply];
  return [{ jsonrpc, id, result: rule.change(reply["result"], call.params) }];
}
