import type { WebSocket } from "ws";

import { wait } from "../../keeper/chain/sources/wait.ts";
import { answerCalls, type Ask, type Outcome } from "./answerCalls.ts";
import type { Client } from "./canApply.ts";
import type { NodeSocket } from "./NodeSocket.ts";
import { HIGH_WATER_BYTES, Outbox } from "./Outbox.ts";
import type { ProxyParts } from "./ProxyParts.ts";
import { PushLies } from "./PushLies.ts";
import { describeUnreachable, UNREACHABLE } from "./reachability.ts";
import { errorReply, isRecord, parseJson, parseRequest, type RpcMessage } from "./rpcMessage.ts";
import { Subscriptions } from "./Subscriptions.ts";

/** Opens a socket to an upstream in the client's name. */
export type OpenNode = (index: number) => Promise<NodeSocket>;

/** RFC 6455, 7.4.1: the function of a rule has thrown. */
const INTERNAL_ERROR = 1_011;
/** Of a close frame's reason, in characters that may take four bytes each: RFC 6455, 5.5, allows 123 bytes. */
const MAX_REASON = 30;

/** Close codes that are never sent, and mean here that the socket just ends. */
const UNSENT_CODES = new Set([1_005, 1_006, 1_015]);

/** A client's WebSocket and the node behind it. */
export class WsSession {
  readonly #parts: ProxyParts;
  readonly #client: WebSocket;
  readonly #who: Client;
  readonly #open: OpenNode;
  readonly #outbox: Outbox;
  readonly #pushes: PushLies;
  readonly #subscriptions = new Subscriptions();
  readonly #end = new AbortController();
  #node: NodeSocket;
  #index: number;
  /** Sockets to other upstreams, for calls that a rule sends there. */
  readonly #others = new Map<number, Promise<NodeSocket>>();
  #muted: "no" | "ponging" | "deaf" = "no";

  /** @param node a socket to the upstream `index`, open */
  constructor(
    parts: ProxyParts,
    {
      client,
      who,
      node,
      index,
      open,
      draw,
    }: {
      readonly client: WebSocket;
      readonly who: Client;
      readonly node: NodeSocket;
      readonly index: number;
      readonly open: OpenNode;
      readonly draw: () => number;
    },
  ) {
    this.#parts = parts;
    this.#client = client;
    this.#who = who;
    this.#node = node;
    this.#index = index;
    this.#open = open;
    this.#outbox = new Outbox(client, parts.maxBytes, this.#end.signal, (isFull) => {
      if (isFull) this.#node.socket.pause();
      else this.#node.socket.resume();
    });
    this.#pushes = new PushLies(this.#outbox, (outcome) => this.#deliver(outcome), draw);
    this.#listen(node);
    client.on("message", (data: Buffer, isBinary) => {
      if (this.#muted === "no") void this.#hearClient(data, isBinary);
    });
    client.on("ping", () => {
      if (this.#muted !== "deaf") client.pong();
    });
    client.on("error", () => client.terminate());
    client.on("close", () => this.end());
  }

  /** Ends the client's socket and every socket to a node. */
  end(): void {
    this.#end.abort();
    this.#client.terminate();
    this.#dropNodes();
  }

  /** The rules have changed: what they held back goes out. */
  flush(): void {
    if (this.#muted === "no") this.#pushes.flush();
  }

  /** Goes on with the current upstream: what the client has subscribed to comes from there under the old ids. */
  async move(): Promise<void> {
    if (this.#muted !== "no" || this.#end.signal.aborted) return;
    const index = this.#parts.upstreams.current;
    try {
      const node = await this.#open(index);
      const taken = new Map<string, string>();
      for (const [own, params] of this.#subscriptions.running) {
        const item = { jsonrpc: "2.0", id: 1, method: "eth_subscribe", params };
        const answer = await node.ask([{ item, id: 1, method: item.method, params }], false);
        const [reply] = "replies" in answer ? answer.replies : [];
        if (isRecord(reply) && typeof reply["result"] === "string") taken.set(reply["result"], own);
      }
      this.#dropNodes();
      this.#subscriptions.takeOver(taken);
      this.#node = node;
      this.#index = index;
      this.#listen(node);
      if (this.#client.readyState !== this.#client.OPEN) this.end();
    } catch {
      // An endpoint whose node is gone ends its sockets.
      this.end();
    }
  }

  #dropNodes(): void {
    this.#node.onClose = () => undefined;
    this.#node.terminate();
    for (const other of this.#others.values()) {
      void other.then(
        (node) => node.terminate(),
        () => undefined,
      );
    }
    this.#others.clear();
  }

  #listen(node: NodeSocket): void {
    node.onText = (data, isBinary) => void this.#hearNode(data, isBinary);
    node.onClose = (code, reason) => {
      if (UNSENT_CODES.has(code)) this.#client.terminate();
      else this.#client.close(code, reason);
      this.#end.abort();
    };
  }

  async #hearClient(data: Buffer, isBinary: boolean): Promise<void> {
    const message = parseRequest(data.toString("utf8"));
    if (message === undefined) {
      this.#forward(data, isBinary);
      return;
    }
    const decisions = this.#parts.decide(message, "ws", this.#who);
    const delayMs = Math.max(0, ...decisions.map((decision) => decision.delayMs));
    if (delayMs > 0) await wait(delayMs, this.#end.signal);
    if (this.#end.signal.aborted) return;
    if (decisions.every(({ lie }) => lie === undefined)) {
      const sent = message.calls.map((call) => this.#subscriptions.hearCall(call));
      const isSame = sent.every((call, index) => call === message.calls[index]);
      const items = sent.map(({ item }) => item);
      this.#forward(isSame ? data : Buffer.from(JSON.stringify(message.isBatch ? items : items[0])), isBinary);
      return;
    }
    try {
      const ask: Ask = (index, calls, isBatch) => this.#ask(index, { calls, isBatch });
      const { upstreams } = this.#parts;
      this.#deliver(await answerCalls(message.calls, decisions, message.isBatch, upstreams, ask));
    } catch (error: unknown) {
      const replies = message.calls.map(({ id }) => errorReply(id, UNREACHABLE, describeUnreachable(error)));
      this.#reply(message.isBatch ? replies : replies[0]);
    }
  }

  async #ask(index: number, { calls, isBatch }: RpcMessage): ReturnType<Ask> {
    const sent = calls.map((call) => this.#subscriptions.hearCall(call));
    const answer = await (await this.#nodeAt(index)).ask(sent, isBatch);
    if ("replies" in answer) this.#subscriptions.hearReplies(answer.replies);
    return answer;
  }

  #nodeAt(index: number): Promise<NodeSocket> {
    if (index === this.#index) return Promise.resolve(this.#node);
    const known = this.#others.get(index);
    if (known !== undefined) return known;
    const opened = this.#open(index).then((node) => {
      node.onText = (data, isBinary) => void this.#hearNode(data, isBinary);
      node.onClose = () => this.#others.delete(index);
      if (this.#end.signal.aborted) node.terminate();
      return node;
    });
    this.#others.set(index, opened);
    opened.catch(() => this.#others.delete(index));
    return opened;
  }

  async #hearNode(data: Buffer, isBinary: boolean): Promise<void> {
    if (this.#muted !== "no") return;
    const isLied = this.#parts.book.touchesPushes;
    const value = isLied || this.#subscriptions.isConcerned ? parseJson(data.toString("utf8")) : undefined;
    this.#subscriptions.hearReplies(value);
    if (!isRecord(value) || typeof value["method"] !== "string") {
      this.#outbox.send(data, isBinary);
      return;
    }
    const push = this.#subscriptions.translatePush(value);
    const { params } = push;
    const subject = { kind: "push", transport: "ws", isBatch: false, batchSize: 1, client: this.#who } as const;
    const { delayMs, lie } = this.#parts.book.decide({ ...subject, method: value["method"], params });
    if (delayMs > 0) await wait(delayMs, this.#end.signal);
    if (this.#end.signal.aborted) return;
    if (lie === undefined && push === value) {
      this.#outbox.send(data, isBinary);
      this.#pushes.pass(push);
      return;
    }
    try {
      await this.#pushes.tell(push, lie);
    } catch (error: unknown) {
      this.#client.close(INTERNAL_ERROR, String(error).slice(0, MAX_REASON));
    }
  }

  #deliver(outcome: Outcome): void {
    if (this.#muted !== "no") return;
    switch (outcome.type) {
      case "text":
        this.#outbox.send(Buffer.from(outcome.text), false, outcome.delivery);
        return;
      case "huge":
        this.#outbox.sendHuge(outcome.id, outcome.bytes);
        return;
      case "foreign":
        this.#outbox.send(outcome.body, false);
        return;
      case "reset":
        this.#client.terminate();
        return;
      case "close":
        if (UNSENT_CODES.has(outcome.code)) this.#client.terminate();
        else this.#client.close(outcome.code);
        return;
      case "mute":
        this.#muted = outcome.isPonging ? "ponging" : "deaf";
        this.#dropNodes();
        return;
      case "silence":
      case "status":
        return;
    }
  }

  #reply(reply: unknown): void {
    if (this.#muted === "no") this.#outbox.send(Buffer.from(JSON.stringify(reply)), false);
  }

  #forward(data: Buffer, isBinary: boolean): void {
    const { socket } = this.#node;
    socket.send(data, { binary: isBinary }, () => this.#client.resume());
    if (socket.bufferedAmount > HIGH_WATER_BYTES) this.#client.pause();
  }
}
