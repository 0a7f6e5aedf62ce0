import { chmod, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";

import { KeeperError } from "../errors/KeeperError.ts";
import { toJson } from "../lib/toJson.ts";
import { controlPath } from "./controlPath.ts";
import { readOrder, type OrderOutcome, type SignedOrder } from "../domain/Order.ts";

/** What a control server is made with. */
export interface ControlServerOptions {
  /** Locked by this process, so that a socket found there is a dead one's. */
  readonly dataDirectory: string;
  /** Does what is ordered; resolves with what came of it. */
  readonly perform: (order: SignedOrder) => Promise<OrderOutcome>;
}

/** Longest order, in bytes, and the time in which it must have arrived. */
const MAX_BYTES = 16_384;
const READ_MS = 2_000;

/**
 * Takes orders of the operator over a socket in the data directory, which only this user may open: whoever may read the keys may give
 * orders. One order a connection, one JSON line each way. The HTTP API cannot act; this is the only way in.
 */
export class ControlServer {
  readonly #server: Server;
  readonly #path: string;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  /** @throws KeeperError `ControlPathTooLong`, or `ControlFailed` when the socket cannot be made */
  static async start({ dataDirectory, perform }: ControlServerOptions): Promise<ControlServer> {
    const path = controlPath(dataDirectory);
    const server = createServer((socket) => {
      serve(socket, perform).catch(() => socket.destroy());
    });
    server.maxConnections = 8;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    try {
      await rm(path, { force: true });
      server.listen(path, resolve);
      await promise;
      await chmod(path, 0o600);
    } catch (error: unknown) {
      server.close();
      const message = `no operator commands: the socket ${path} cannot be made`;
      throw new KeeperError("ControlFailed", message, { path }, { cause: error });
    }
    server.off("error", reject);
    return new ControlServer(server, path);
  }

  /** Ends what is open, and removes the socket. Idempotent. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => {
      resolve();
    });
    for (const socket of this.#sockets) socket.destroy();
    await promise;
    await rm(this.#path, { force: true });
  }
}

async function serve(socket: Socket, perform: ControlServerOptions["perform"]): Promise<void> {
  socket.on("error", () => socket.destroy());
  const line = await readLine(socket);
  if (line === null) {
    socket.destroy();
    return;
  }
  socket.end(`${toJson(await outcomeOf(line, perform)) ?? "null"}\n`);
}

async function outcomeOf(line: string, perform: ControlServerOptions["perform"]): Promise<OrderOutcome> {
  let order: SignedOrder | null;
  try {
    order = readOrder(JSON.parse(line));
  } catch {
    order = null;
  }
  if (order === null)
    return { isDone: false, detail: "this keeper does not understand the order: is it an older one?" };
  try {
    return await perform(order);
  } catch (error: unknown) {
    const detail = KeeperError.is(error) ? error.message : "the keeper failed at it; its log says why";
    return { isDone: false, detail };
  }
}

/** The first line that comes; null when none comes in time, or too much. */
async function readLine(socket: Socket): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  let text = "";
  const timer = setTimeout(() => {
    resolve(null);
  }, READ_MS);
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    text += chunk;
    const end = text.indexOf("\n");
    if (end >= 0) resolve(text.slice(0, end));
    else if (text.length > MAX_BYTES) resolve(null);
  });
  socket.once("close", () => {
    resolve(null);
  });
  const line = await promise;
  clearTimeout(timer);
  return line;
}
