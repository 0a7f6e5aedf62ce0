import { WebSocket } from "ws";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { monotonicMs } from "./monotonicMs.ts";

interface Pushed {
  readonly method?: string;
  readonly params?: { readonly result: { readonly number: string } };
}

const OPEN_MS = 5_000;

/** When the node announced which block, by the clock that all processes share. */
export class HeadWatch {
  readonly #socket: WebSocket;
  readonly #announcedMs = new Map<number, number>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      const atMs = monotonicMs();
      const { method, params } = JSON.parse(data.toString("utf8")) as Pushed;
      if (method === "eth_subscription" && params !== undefined)
        this.#announcedMs.set(Number(params.result.number), atMs);
    });
  }

  /** @throws KeeperError `NodeUnreachable` */
  static async open(wsUrl: string): Promise<HeadWatch> {
    const socket = new WebSocket(wsUrl);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      reject(new KeeperError("NodeUnreachable", `no WebSocket at ${wsUrl} within ${OPEN_MS / 1_000} s`));
    }, OPEN_MS);
    socket.once("error", reject);
    socket.once("open", () => {
      socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_subscribe", params: ["newHeads"] }));
    });
    const watch = new HeadWatch(socket);
    socket.once("message", () => resolve());
    try {
      await promise;
      return watch;
    } catch (error: unknown) {
      socket.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Milliseconds of `monotonicMs`; undefined while the block has not been announced. */
  announcedAt(number: number): number | undefined {
    return this.#announcedMs.get(number);
  }

  /** The chain goes back: the same numbers will be announced again. */
  forget(): void {
    this.#announcedMs.clear();
  }

  close(): void {
    this.#socket.removeAllListeners("error");
    this.#socket.on("error", () => undefined);
    this.#socket.terminate();
  }
}
