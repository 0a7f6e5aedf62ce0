import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { SeededRandom } from "../local/SeededRandom.ts";
import type { Client, Subject } from "./canApply.ts";
import { checkRule } from "./checkRule.ts";
import { HttpFront } from "./HttpFront.ts";
import { NodeHttp } from "./NodeHttp.ts";
import { parseRule } from "./parseRule.ts";
import type { ProxyParts } from "./ProxyParts.ts";
import type { Rule } from "./Rule.ts";
import { RuleBook, type Decision, type ToldRule } from "./RuleBook.ts";
import type { RpcMessage } from "./rpcMessage.ts";
import { Upstreams, type UpstreamUrl } from "./Upstreams.ts";
import { WsFront } from "./WsFront.ts";

/** A rule, or the text of one as `parseRule` reads it. */
export type RuleInput = Rule | string;

/** How to start a proxy. */
export interface ChaosRpcOptions {
  /** The nodes behind it; the first answers unless a rule says otherwise. */
  readonly upstreams: readonly UpstreamUrl[];
  readonly rules?: readonly RuleInput[];
  /** Of everything left to chance; default: drawn, see {@link ChaosRpc.seed}. */
  readonly seed?: number;
  /** Default 0: the system chooses. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Longest request, and longest answer that is held in memory to be lied about. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Told of every lie. */
  readonly onLie?: (rule: ToldRule, subject: Subject) => void;
}

const DEFAULT_MAX_BYTES = 64 * 1_048_576;
/** Longer than clients keep an idle connection, so that it is they who close it. */
const KEEP_ALIVE_MS = 75_000;

/**
 * A JSON-RPC endpoint, over HTTP and WebSocket at one port, that lies by rules about the nodes behind it. What no rule
 * applies to is passed on as it came, byte for byte, in both directions.
 */
export class ChaosRpc {
  /** How often each method was called, over either transport. */
  readonly calls = new Map<string, number>();
  /** The seed that this run can be repeated with. */
  readonly seed: number;
  readonly #server: Server;
  readonly #host: string;
  readonly #connections = new Set<Socket>();
  readonly #book: RuleBook;
  readonly #upstreams: Upstreams;
  readonly #nodes: NodeHttp;
  readonly #sockets: WsFront;
  #port: number;

  private constructor(options: ChaosRpcOptions) {
    const { upstreams, rules = [], seed = randomInt(2 ** 31), port = 0, host = "127.0.0.1" } = options;
    const { maxBytes = DEFAULT_MAX_BYTES, onLie = () => undefined } = options;
    this.seed = seed;
    this.#host = host;
    this.#port = port;
    this.#upstreams = new Upstreams(upstreams);
    this.#book = new RuleBook(seed, onLie);
    for (const rule of rules) this.#book.add(this.#check(rule));
    this.#nodes = new NodeHttp(maxBytes);
    const parts: ProxyParts = {
      book: this.#book,
      upstreams: this.#upstreams,
      maxBytes,
      decide: (message, transport, client) => this.#decide(message, transport, client),
    };
    const random = new SeededRandom(seed);
    this.#sockets = new WsFront(parts, () => random.next());
    const http = new HttpFront(parts, this.#nodes);
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      void http.serve(request, response);
    });
    this.#server.on("upgrade", (request, socket, head) => void this.#sockets.upgrade(request, socket, head));
    this.#server.on("connection", (socket) => {
      this.#connections.add(socket);
      socket.once("close", () => this.#connections.delete(socket));
    });
  }

  /**
   * Starts to listen.
   *
   * @throws KeeperError `ChaosUpstream`, `ChaosRule`, `ChaosPort`
   */
  static async start(options: ChaosRpcOptions): Promise<ChaosRpc> {
    const proxy = new ChaosRpc(options);
    await proxy.comeBack();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://${this.#host.includes(":") ? `[${this.#host}]` : this.#host}:${this.#port}`;
  }

  get wsUrl(): string {
    return this.url.replace("http", "ws");
  }

  /** The rules in use, and how many lies each has told. */
  get rules(): readonly ToldRule[] {
    return this.#book.rules;
  }

  /**
   * Adds a rule, after those that are there.
   *
   * @throws KeeperError `ChaosRule`
   */
  rule(rule: RuleInput): ToldRule {
    return this.#book.add(this.#check(rule));
  }

  /**
   * Puts these rules in place of those that are there, all or none. Counts start again.
   *
   * @throws KeeperError `ChaosRule`
   */
  setRules(rules: readonly RuleInput[]): void {
    const checked = rules.map((rule) => this.#check(rule));
    this.#book.clear();
    for (const rule of checked) this.#book.add(rule);
    this.#sockets.flush();
  }

  /** Takes one rule back. */
  removeRule(rule: ToldRule): void {
    this.#book.remove(rule);
    this.#sockets.flush();
  }

  /** Tells the truth again. A socket that was made mute stays mute. */
  clear(): void {
    this.setRules([]);
  }

  /**
   * Lets another node answer: the upstream at an index, or a new one in place of the current one. Open WebSockets go
   * over to it with their subscriptions, and keep the ids of these. Resolves when they have; one that the new node
   * does not take is ended.
   *
   * @throws KeeperError `ChaosUpstream`
   */
  async setUpstream(upstream: number | UpstreamUrl): Promise<void> {
    this.#upstreams.set(upstream);
    await this.#sockets.move();
  }

  /** Stops listening and resets every connection: whoever comes is refused. */
  async goDown(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#connections) socket.resetAndDestroy();
    await closed;
  }

  /**
   * Listens again, at the same port.
   *
   * @throws KeeperError `ChaosPort` when it cannot be had
   */
  async comeBack(): Promise<void> {
    if (this.#server.listening) return;
    await new Promise<void>((resolve, reject) => {
      const onError = (cause: Error): void => {
        const where = `port ${this.#port} of ${this.#host}`;
        reject(
          new KeeperError("ChaosPort", `${where} cannot be had: ${cause.message}`, { port: this.#port }, { cause }),
        );
      };
      this.#server.once("error", onError);
      this.#server.listen(this.#port, this.#host, () => {
        this.#server.off("error", onError);
        resolve();
      });
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends everything that this proxy holds open. Any number of times. */
  async close(): Promise<void> {
    await this.goDown();
    this.#nodes.close();
  }

  #check(rule: RuleInput): Rule {
    const checked = typeof rule === "string" ? parseRule(rule) : checkRule(rule);
    const indices = checked.action === "upstream" ? [checked.index] : checked.action === "pool" ? checked.indices : [];
    for (const index of indices ?? []) this.#upstreams.get(index);
    return checked;
  }

  #decide({ calls, isBatch }: RpcMessage, transport: "http" | "ws", client: Client): Decision[] {
    const batchSize = calls.length;
    return calls.map(({ method, params }) => {
      this.calls.set(method, (this.calls.get(method) ?? 0) + 1);
      return this.#book.decide({ kind: "call", transport, isBatch, batchSize, method, params, client });
    });
  }
}
