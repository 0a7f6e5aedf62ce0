import { isRecord, listParams, type Call } from "./rpcMessage.ts";

/** More than a client has; beyond them subscriptions do not move along when the upstream changes. */
const MAX_KNOWN = 10_000;

/** What a client has subscribed to, so that another node can go on in place of the one it asked. */
export class Subscriptions {
  /** Params of those that are asked for, by the id of the call. */
  readonly #asked = new Map<string, unknown>();
  /** Params of those that run, by the id that the client knows. */
  readonly #running = new Map<string, unknown>();
  /** The client's id by that of the node that took over. */
  readonly #taken = new Map<string, string>();

  /** Whether what a node says must be looked at. */
  get isConcerned(): boolean {
    return this.#asked.size > 0 || this.#taken.size > 0;
  }

  /** Params of those that run, by the id that the client knows. */
  get running(): ReadonlyMap<string, unknown> {
    return this.#running;
  }

  /** Hears what the client asks, and gives it as the node must get it. */
  hearCall(call: Call): Call {
    if (call.method === "eth_subscribe" && this.#asked.size < MAX_KNOWN) {
      this.#asked.set(JSON.stringify(call.id), call.params);
    }
    if (call.method !== "eth_unsubscribe") return call;
    const [id] = listParams(call.params);
    this.#running.delete(String(id));
    const taken = [...this.#taken].find(([, own]) => own === id)?.[0];
    if (taken === undefined) return call;
    this.#taken.delete(taken);
    return { ...call, item: { ...call.item, params: [taken] } };
  }

  /** Hears a reply of the node, or several. */
  hearReplies(value: unknown): void {
    for (const reply of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (!isRecord(reply)) continue;
      const key = JSON.stringify(reply["id"]);
      const params = this.#asked.get(key);
      if (!this.#asked.delete(key) || typeof reply["result"] !== "string") continue;
      if (this.#running.size < MAX_KNOWN) this.#running.set(reply["result"], params);
    }
  }

  /** A push as the client must get it: the same one when it knows the subscription by this id. */
  translatePush(push: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const { params } = push;
    const own = isRecord(params) ? this.#taken.get(String(params["subscription"])) : undefined;
    return own === undefined ? push : { ...push, params: { ...(params as object), subscription: own } };
  }

  /** Another node goes on, under ids of its own: the client's id by the node's. */
  takeOver(taken: ReadonlyMap<string, string>): void {
    this.#taken.clear();
    for (const [theirs, own] of taken) this.#taken.set(theirs, own);
  }
}
