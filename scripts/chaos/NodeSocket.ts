import { WebSocket } from "ws";

import type { NodeAnswer } from "./answerCalls.ts";
import { isRecord, parseJson, type Call } from "./rpcMessage.ts";

/** A node that refused the upgrade to a WebSocket. */
export class UpgradeRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the upgrade was answered with HTTP ${status}`);
    this.name = "UpgradeRefused";
    this.status = status;
  }
}

/** How a socket to a node is opened. */
export interface NodeSocketOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Longest message. */
  readonly maxBytes: number;
  /** Aborted when nobody needs it any more. */
  readonly signal: AbortSignal;
}

const HANDSHAKE_MS = 30_000;
/** Asked calls that wait for their answers at a time. */
const MAX_WAITING = 10_000;
/** Ids that no client uses. */
const OWN_ID = "chaos-rpc:";

interface Waiting {
  readonly calls: readonly Call[];
  readonly firstId: number;
  readonly resolve: (answer: NodeAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** A WebSocket to a node: what a client says and hears over it, and calls of our own in between. */
export class NodeSocket {
  /** Everything but the answers to own calls. */
  onText: (data: Buffer, isBinary: boolean) => void = () => undefined;
  onClose: (code: number, reason: Buffer) => void = () => undefined;
  readonly socket: WebSocket;
  /** By the number of each of their calls. */
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer, isBinary) => {
      if (this.#waiting.size === 0 || !this.#settle(data)) this.onText(data, isBinary);
    });
    socket.on("close", (code, reason) => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the upstream's socket closed"));
      this.#waiting.clear();
      this.onClose(code, reason);
    });
  }

  /** Rejects when the socket does not open, or the signal aborts first; with {@link UpgradeRefused} when the node refuses. */
  static open(url: URL, { headers, maxBytes, signal }: NodeSocketOptions): Promise<NodeSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<NodeSocket>();
    const handshakeTimeout = HANDSHAKE_MS;
    const socket = new WebSocket(url, { headers, perMessageDeflate: false, maxPayload: maxBytes, handshakeTimeout });
    const onAbort = (): void => socket.terminate();
    signal.addEventListener("abort", onAbort, { once: true });
    const forget = (): void => signal.removeEventListener("abort", onAbort);
    promise.then(forget, forget);
    socket.on("unexpected-response", (request, response) => {
      reject(new UpgradeRefused(response.statusCode ?? 502));
      request.destroy();
    });
    // The listener stays: an error later closes the socket, and that is heard.
    socket.on("error", reject);
    socket.on("open", () => resolve(new NodeSocket(socket)));
    return promise;
  }

  /** Asks under ids of our own; the replies carry the callers'. */
  ask(calls: readonly Call[], isBatch: boolean): Promise<NodeAnswer> {
    if (calls.length === 0) return Promise.resolve({ replies: [] });
    if (this.#waiting.size > MAX_WAITING) return Promise.reject(new Error(`more than ${MAX_WAITING} calls wait`));
    const firstId = this.#nextId;
    this.#nextId += calls.length;
    const items = calls.map(({ item, id }, index) =>
      id === undefined ? item : { ...item, id: OWN_ID + String(firstId + index) },
    );
    const { promise, resolve, reject } = Promise.withResolvers<NodeAnswer>();
    for (const [index, { id }] of calls.entries()) {
      if (id !== undefined) this.#waiting.set(firstId + index, { calls, firstId, resolve, reject });
    }
    this.socket.send(JSON.stringify(isBatch ? items : items[0]), (error) => {
      if (error != null) reject(error);
    });
    return promise;
  }

  terminate(): void {
    this.socket.terminate();
  }

  /** Whether the message answers own calls, which are settled then. */
  #settle(data: Buffer): boolean {
    const value = parseJson(data.toString("utf8"));
    const replies = (Array.isArray(value) ? (value as unknown[]) : [value]).filter(isRecord);
    const own = replies.find(({ id }) => typeof id === "string" && id.startsWith(OWN_ID));
    const waiting = own === undefined ? undefined : this.#waiting.get(numberOf(own["id"]));
    if (waiting === undefined) return false;
    const { calls, firstId, resolve } = waiting;
    for (const index of calls.keys()) this.#waiting.delete(firstId + index);
    resolve({ replies: replies.map((reply) => ({ ...reply, id: calls[numberOf(reply["id"]) - firstId]?.id })) });
    return true;
  }
}

function numberOf(id: unknown): number {
  return Number(String(id).slice(OWN_ID.length));
}
