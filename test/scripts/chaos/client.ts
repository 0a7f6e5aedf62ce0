import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { once } from "node:events";

import { WebSocket } from "ws";

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** The error that ended it before its end. */
  readonly broke: string | undefined;
  readonly chunks: number;
}

/** A JSON-RPC call with id 1, or another. */
export function call(method: string, params: readonly unknown[] = [], id: unknown = 1): Record<string, unknown> {
  return { jsonrpc: "2.0", id, method, params };
}

/** POSTs a text, or a value as JSON, over a connection of its own. Rejects when no answer begins. */
export function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const options = {
    method: "POST",
    agent: false as const,
    headers: { "content-type": "application/json", ...headers },
  };
  const request = httpRequest(url, signal === undefined ? options : { ...options, signal }, (response) => {
    const chunks: Buffer[] = [];
    const finish = (broke: string | undefined): void => {
      const bytes = Buffer.concat(chunks);
      resolve({
        ...{ status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString("utf8") },
        ...{ broke, chunks: chunks.length },
      });
    };
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => finish(undefined));
    response.on("error", (error: Error & { code?: string }) => finish(error.code ?? error.message));
  });
  request.on("error", reject);
  request.end(text);
  return promise;
}

/** The parsed answer to a call, or to several in one request. */
export async function ask(url: string, body: unknown, headers: Record<string, string> = {}): Promise<unknown> {
  return JSON.parse((await post(url, body, headers)).text) as unknown;
}

/** The result of one call; its error when it has none. */
export async function resultOf(url: string, method: string, params: readonly unknown[] = []): Promise<unknown> {
  const reply = (await ask(url, call(method, params))) as { result?: unknown; error?: unknown };
  return "result" in reply ? reply.result : reply.error;
}

/** A WebSocket that keeps what it hears. */
export class Listener {
  readonly socket: WebSocket;
  readonly heard: string[] = [];
  /** The close code, once closed. */
  closed: number | undefined;
  pongs = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    const tell = (): void => {
      for (const check of this.#waiting) check();
    };
    socket.on("message", (data: Buffer) => {
      this.heard.push(data.toString("utf8"));
      tell();
    });
    socket.on("pong", () => {
      this.pongs += 1;
      tell();
    });
    socket.on("close", (code) => {
      this.closed = code;
      tell();
    });
    socket.on("error", () => undefined);
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<Listener> {
    const socket = new WebSocket(url, { headers, perMessageDeflate: false });
    const listener = new Listener(socket);
    await once(socket, "open");
    return listener;
  }

  /** Resolves when the condition holds, which is looked at whenever something is heard. */
  async until(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (isTrue()) resolve();
    };
    this.#waiting.add(check);
    await promise;
    this.#waiting.delete(check);
  }

  send(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Sends, and resolves with the parsed message that has the call's id, or with the next list for a batch. */
  async ask(message: unknown): Promise<unknown> {
    const isAnswer = (value: unknown): boolean => {
      if (Array.isArray(message)) return Array.isArray(value);
      return (value as { id?: unknown }).id === (message as { id?: unknown }).id;
    };
    const from = this.heard.length;
    this.send(message);
    const find = (): unknown => this.messages(from).find(isAnswer);
    await this.until(() => find() !== undefined);
    return find();
  }

  /** The result of one call. */
  async resultOf(method: string, params: readonly unknown[] = []): Promise<unknown> {
    const reply = (await this.ask(call(method, params, `${method}-${this.heard.length}`))) as Record<string, unknown>;
    return "result" in reply ? reply["result"] : reply["error"];
  }

  messages(from = 0): unknown[] {
    return this.heard.slice(from).map((text) => JSON.parse(text) as unknown);
  }

  /** Numbers of the heads pushed so far, of any subscription or of one. */
  heads(subscription?: unknown): number[] {
    return this.messages().flatMap((message) => {
      const { params } = message as { params?: { subscription: string; result: { number: string } } };
      const isWanted = params !== undefined && (subscription === undefined || params.subscription === subscription);
      return isWanted ? [Number(params.result.number)] : [];
    });
  }

  end(): void {
    this.socket.terminate();
  }
}
