import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A connection to PostgreSQL that can break between a commit and its answer. */
export class LossyProxy {
  /** Commits that the server answered and the client never heard of. */
  lost = 0;

  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isArmed = false;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(target: string): Promise<LossyProxy> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = new URL(target);
    const port = Number(url.port);
    url.port = String((server.address() as AddressInfo).port);
    const proxy = new LossyProxy(server, url.href);
    server.on("connection", (client) => proxy.#join(client, connect(port, "127.0.0.1")));
    return proxy;
  }

  loseNextCommit(): void {
    this.#isArmed = true;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(client: Socket, upstream: Socket): void {
    let isLossy = false;
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => other.destroy());
    }
    client.on("data", (chunk) => {
      isLossy = this.#isArmed && chunk.includes("commit");
      if (isLossy) this.#isArmed = false;
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (!isLossy) return client.write(chunk);
      this.lost += 1;
      return client.destroy();
    });
  }
}
