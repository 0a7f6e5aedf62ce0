import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { keccak256, SigningKey } from "ethers";

import type { Certificates } from "./certificates.ts";

/** One request, as the server took it. */
export interface SignerRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** What answers in the place of the honest server; `undefined` lets the honest one answer. */
export type SignerLie = (request: SignerRequest, response: ServerResponse) => unknown;

/** How a server is started. */
export interface SignerServerOptions {
  /** Private keys that it holds. */
  readonly keys: readonly string[];
  /** With these it speaks HTTPS, and demands a client certificate of their authority. */
  readonly certificates?: Certificates;
  readonly identity?: "server" | "misnamed";
}

/**
 * A signer with Web3Signer's eth1 API over ethers' keys, which honours what it is asked unless it is told to lie. Written
 * from the API's description and sharing no code with the client.
 */
export class SignerServer {
  readonly requests: SignerRequest[] = [];
  /** Connections that were ever opened. */
  connectionCount = 0;
  lie: SignerLie | null = null;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #keys: ReadonlyMap<string, SigningKey>;
  readonly #isSecure: boolean;

  private constructor({ keys, certificates, identity = "server" }: SignerServerOptions) {
    const pairs = keys.map((key) => new SigningKey(key));
    // Web3Signer names keys by the 64 bytes of the point, without the prefix of uncompressed keys.
    this.#keys = new Map(pairs.map((key) => [`0x${key.publicKey.slice(4)}`, key]));
    this.#isSecure = certificates !== undefined;
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#take(request, response);
    };
    if (certificates === undefined) this.#server = createHttpServer(take);
    else {
      const { key, cert } = certificates[identity];
      const ca = certificates.ca.cert;
      this.#server = createHttpsServer({ key, cert, ca, requestCert: true, rejectUnauthorized: true }, take);
    }
    this.#server.on("connection", (socket: Socket) => {
      this.connectionCount += 1;
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** Starts one on a free port of this machine. */
  static async start(options: SignerServerOptions): Promise<SignerServer> {
    const server = new SignerServer(options);
    const { promise, resolve } = Promise.withResolvers<void>();
    server.#server.listen(0, "127.0.0.1", resolve);
    await promise;
    return server;
  }

  get url(): string {
    return `${this.#isSecure ? "https" : "http"}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts every connection, as a restart does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    await promise;
  }

  /** The signature of a key over the hash of data: r, s, v. */
  static sign(key: string | SigningKey, data: string): string {
    const signer = typeof key === "string" ? new SigningKey(key) : key;
    return signer.sign(keccak256(data)).serialized;
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = "", url: path = "" } = incoming;
    const request = { method, path, body: Buffer.concat(chunks).toString("utf8") };
    this.requests.push(request);
    if (this.lie !== null && this.lie(request, response) !== undefined) return;
    this.#answer(request, response);
  }

  #answer({ method, path, body }: SignerRequest, response: ServerResponse): void {
    const [, , , , verb, identifier = ""] = path.split("/");
    if (method === "GET" && path === "/upcheck") {
      response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end("OK");
    } else if (method === "GET" && path === "/api/v1/eth1/publicKeys") {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify([...this.#keys.keys()]));
    } else if (method === "POST" && verb === "sign") {
      const key = this.#keys.get(identifier);
      if (key === undefined) response.writeHead(404).end("Public Key not found");
      else {
        const { data } = JSON.parse(body) as { data: string };
        response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end(SignerServer.sign(key, data));
      }
    } else response.writeHead(404).end("Resource not found");
  }
}
