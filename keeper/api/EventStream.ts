import type { ServerResponse } from "node:http";

import { wireJson } from "./wireJson.ts";

/** What happens to a keeper, for those who watch it. */
export interface ApiEvent {
  readonly event:
    "status" | "verdict" | "unknown" | "incident" | "condition" | "source" | "checkpoint" | "drill" | "heartbeat";
  readonly data: unknown;
}

/** How a stream is kept. */
export interface EventStreamOptions {
  /** Told to every client first: the status at that moment. */
  readonly snapshot: () => unknown;
  /** Told to all every few seconds: who hears nothing for longer is cut off. */
  readonly heartbeat: () => unknown;
  readonly heartbeatMs?: number;
  readonly maxClients?: number;
  /** Bytes that may wait for one client; who reads slower is cut off. */
  readonly maxWaiting?: number;
}

const HEARTBEAT_MS = 5_000;
const MAX_CLIENTS = 512;
const MAX_WAITING = 262_144;

/**
 * Server-sent events (WHATWG HTML, 9.2) to many clients. What a client has not read is bounded, and nothing is kept for those
 * who come back: each begins with the status as it is.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #clients = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | null = null;
  #sequence = 0;
  #cutOff = 0;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** Clients that were cut off because they did not read. */
  get cutOffCount(): number {
    return this.#cutOff;
  }

  get isFull(): boolean {
    return this.#clients.size >= (this.#options.maxClients ?? MAX_CLIENTS);
  }

  /** Streams to a client until it goes, or is cut off. The response has to be fresh. */
  open(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
    response.writeHead(200, {
      ...headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
    });
    response.socket?.setNoDelay(true);
    this.#clients.add(response);
    response.on("close", () => {
      this.#clients.delete(response);
      if (this.#clients.size === 0) this.#stop();
    });
    response.on("error", () => undefined);
    // A client that lost its connection comes back after so long.
    response.write("retry: 1000\n\n");
    this.#write(response, this.#frame({ event: "status", data: this.#options.snapshot() }));
    this.#timer ??= setInterval(() => {
      this.publish({ event: "heartbeat", data: this.#options.heartbeat() });
    }, this.#options.heartbeatMs ?? HEARTBEAT_MS);
    this.#timer.unref();
  }

  /** Tells all clients. Costs nothing where there are none. */
  publish(event: ApiEvent): void {
    if (this.#clients.size === 0) return;
    const frame = this.#frame(event);
    for (const client of this.#clients) this.#write(client, frame);
  }

  /** Ends every stream. */
  close(): void {
    this.#stop();
    for (const client of this.#clients) client.end();
  }

  #frame({ event, data }: ApiEvent): string {
    this.#sequence += 1;
    // JSON has no raw line feeds: one data line holds it whole.
    return `id: ${this.#sequence}\nevent: ${event}\ndata: ${wireJson(data)}\n\n`;
  }

  #write(client: ServerResponse, frame: string): void {
    if (client.writableLength + frame.length <= (this.#options.maxWaiting ?? MAX_WAITING)) {
      client.write(frame);
      return;
    }
    this.#cutOff += 1;
    client.destroy();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
