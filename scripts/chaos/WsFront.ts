import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

import { WebSocketServer } from "ws";

import { clientOf } from "./clientOf.ts";
import { NodeSocket, UpgradeRefused } from "./NodeSocket.ts";
import type { ProxyParts } from "./ProxyParts.ts";
import { WsSession } from "./WsSession.ts";

/** Headers of the client that its node sees. */
const PASSED_HEADERS = ["authorization", "user-agent", "origin", "cookie"];

/** Accepts WebSockets, each once the node behind it has accepted one. */
export class WsFront {
  readonly #parts: ProxyParts;
  readonly #draw: () => number;
  readonly #server: WebSocketServer;
  readonly #sessions = new Set<WsSession>();

  /** @param draw at least 0, below 1 */
  constructor(parts: ProxyParts, draw: () => number) {
    this.#parts = parts;
    this.#draw = draw;
    const maxPayload = parts.maxBytes;
    this.#server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload, autoPong: false });
  }

  /** Never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    const gone = new AbortController();
    socket.once("close", () => gone.abort());
    const { upstreams, maxBytes } = this.#parts;
    const headers = Object.fromEntries(
      PASSED_HEADERS.flatMap((name) => {
        const value = request.headers[name];
        return typeof value === "string" ? [[name, value] as const] : [];
      }),
    );
    const options = { headers, maxBytes, signal: gone.signal };
    const open = (index: number): Promise<NodeSocket> => NodeSocket.open(upstreams.get(index).ws, options);
    try {
      const index = upstreams.current;
      const node = await open(index);
      if (gone.signal.aborted) {
        node.terminate();
        return;
      }
      this.#server.handleUpgrade(request, socket, head, (client) => {
        const session = new WsSession(this.#parts, {
          client,
          who: clientOf(request),
          node,
          index,
          open,
          draw: this.#draw,
        });
        this.#sessions.add(session);
        client.once("close", () => this.#sessions.delete(session));
      });
    } catch (error: unknown) {
      const status = error instanceof UpgradeRefused ? error.status : 502;
      socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
  }

  /** The rules have changed. */
  flush(): void {
    for (const session of this.#sessions) session.flush();
  }

  /** The upstream has changed. Resolves when every socket is with it. */
  async move(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.move()));
  }
}
