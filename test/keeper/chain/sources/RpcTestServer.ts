import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createSocketServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocketServer } from "ws";

/** The transports a source can use. */
export type Transport = "http" | "ws" | "ipc";

/** A call as the server received it. */
export interface ReceivedCall {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** How a script answers one message. */
export interface Wire {
  /** Sends a text, or bytes, as the whole answer. */
  send(text: string | Buffer): void;
  /** Sends a text and drops the connection before the answer is complete. */
  breakOff(text: string): void;
  /** Answers with an HTTP status; drops the connection on other transports. */
  status(code: number, text: string, headers?: Readonly<Record<string, string>>): void;
}

type Script = (calls: readonly ReceivedCall[], wire: Wire) => void;

/** A JSON-RPC server that answers as a node does, unless a test scripts a method otherwise. */
export interface RpcTestServer {
  readonly url: string;
  /** What the server says its head is. */
  head: { number: string; hash: string };
  /** Answers every message that holds a call to the method. */
  script(method: string, script: Script): void;
  unscript(method: string): void;
  /** How often a method was called. */
  countOf(method: string): number;
  /** How many connections are open. */
  readonly connectionCount: number;
  /** How many connections were ever opened. */
  readonly acceptedCount: number;
  /** Sends a text to everybody who is connected. */
  push(text: string): void;
  /** Announces the head to everybody who is connected. */
  pushHead(number: number, hash: string): void;
  dropAll(): void;
  /** Stops reading and writing on every connection without closing it. */
  freeze(): void;
  /** Answers again, what comes from now on. */
  thaw(): void;
  close(): Promise<void>;
}

/** A block hash made of one digit pair. */
export function hashOf(byte: number): `0x${string}` {
  return `0x${byte.toString(16).padStart(2, "0").repeat(32)}`;
}

/** The text of a successful reply. */
export function replyText(id: number | null, result: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}

interface Peer {
  send(text: string): void;
  drop(): void;
}

/** Starts a server on a free port or socket. */
export async function startRpcServer(transport: Transport): Promise<RpcTestServer> {
  const scripts = new Map<string, Script>();
  const counts = new Map<string, number>();
  const peers = new Set<Peer>();
  let isFrozen = false;
  let acceptedCount = 0;

  const receive = (text: string, wire: Wire): void => {
    if (isFrozen) return;
    const message = JSON.parse(text) as ReceivedCall | ReceivedCall[];
    const calls = Array.isArray(message) ? message : [message];
    for (const { method } of calls) counts.set(method, (counts.get(method) ?? 0) + 1);
    const script = calls.map(({ method }) => scripts.get(method)).find((found) => found !== undefined);
    if (script !== undefined) return script(calls, wire);
    const replies = calls.map(({ id, method, params }) => answer(id, method, params));
    wire.send(Array.isArray(message) ? `[${replies.join(",")}]` : replies[0]!);
  };

  const answer = (id: number, method: string, params: readonly unknown[]): string => {
    if (method === "eth_subscribe") return replyText(id, "0x1");
    if (method === "eth_getBlockByNumber") return replyText(id, server.head);
    return replyText(id, params);
  };

  const listener = await listen(transport, receive, (peer) => {
    acceptedCount++;
    peers.add(peer);
    return () => peers.delete(peer);
  });

  const server: RpcTestServer = {
    url: listener.url,
    head: { number: "0x1", hash: hashOf(1) },
    script: (method, script) => void scripts.set(method, script),
    unscript: (method) => void scripts.delete(method),
    countOf: (method) => counts.get(method) ?? 0,
    get connectionCount() {
      return peers.size;
    },
    get acceptedCount() {
      return acceptedCount;
    },
    push: (text) => peers.forEach((peer) => peer.send(text)),
    pushHead(number, hash) {
      server.head = { number: `0x${number.toString(16)}`, hash };
      const params = { subscription: "0x1", result: server.head };
      server.push(JSON.stringify({ jsonrpc: "2.0", method: "eth_subscription", params }));
    },
    dropAll: () => [...peers].forEach((peer) => peer.drop()),
    freeze: () => {
      isFrozen = true;
    },
    thaw: () => {
      isFrozen = false;
    },
    close: async () => {
      [...peers].forEach((peer) => peer.drop());
      await listener.close();
    },
  };
  return server;
}

type Receive = (text: string, wire: Wire) => void;
type Accept = (peer: Peer) => () => void;
interface Listener {
  readonly url: string;
  close(): Promise<void>;
}

function listen(transport: Transport, receive: Receive, accept: Accept): Promise<Listener> {
  if (transport === "http") return listenHttp(receive, accept);
  return transport === "ws" ? listenWebSocket(receive, accept) : listenIpc(receive, accept);
}

async function listenHttp(receive: Receive, accept: Accept): Promise<Listener> {
  const server = createHttpServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
    request.on("end", () =>
      receive(text, {
        send: (body) => void response.end(body),
        breakOff: (body) => {
          response.writeHead(200, { "content-length": Buffer.byteLength(body) + 1 });
          response.write(body, () => response.destroy());
        },
        status: (code, body, headers) => void response.writeHead(code, { ...headers }).end(body),
      }),
    );
  });
  server.on("connection", (socket) => {
    socket.on("close", accept({ send: () => undefined, drop: () => socket.destroy() }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

async function listenWebSocket(receive: Receive, accept: Accept): Promise<Listener> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (socket) => {
    const drop = (): void => socket.terminate();
    socket.on("close", accept({ send: (text) => socket.send(text), drop }));
    socket.on("message", (data: Buffer) =>
      receive(data.toString("utf8"), {
        // Bytes as a text message, whatever they are.
        send: (text) => socket.send(text, { binary: false }),
        breakOff: drop,
        status: drop,
      }),
    );
  });
  await new Promise<void>((resolve) => server.on("listening", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

async function listenIpc(receive: Receive, accept: Accept): Promise<Listener> {
  const directory = await mkdtemp(join(tmpdir(), "lockstep-ipc-"));
  const path = join(directory, "node.ipc");
  const server = createSocketServer((socket) => {
    const drop = (): void => void socket.destroy();
    socket.on("error", drop);
    socket.on("close", accept({ send: (text) => socket.write(text), drop }));
    let buffered = "";
    socket.on("data", (chunk) => {
      buffered += chunk.toString("utf8");
      const lines = buffered.split("\n");
      buffered = lines.pop() ?? "";
      for (const line of lines) {
        receive(line, {
          send: (text) => socket.write(text),
          breakOff: (text) => socket.write(text, drop),
          status: drop,
        });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const close = async (): Promise<void> => {
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await rm(directory, { recursive: true, force: true });
  };
  return { url: path, close };
}
