import type { Lie } from "./lies.ts";
import type { Rpc } from "./Rpc.ts";

/** A source that can be cut off, pointed to another node, or made to lie. */
export class Line implements Rpc {
  rpc: Rpc;
  isDead = false;
  lie: Lie | null = null;

  constructor(rpc: Rpc) {
    this.rpc = rpc;
  }

  async request(method: string, params: readonly unknown[]): Promise<unknown> {
    if (this.isDead) throw new Error("no route");
    const ask: Rpc["request"] = (asked, wanted) => this.rpc.request(asked, wanted);
    return this.lie === null ? ask(method, params) : this.lie(method, params, ask);
  }
}

/** Answers as a node whose newest block is this one. */
export function atMost(number: number): Lie {
  return (method, params, ask) => {
    const isLatest = method === "eth_getBlockByNumber" && params[0] === "latest";
    return ask(method, isLatest ? [`0x${number.toString(16)}`, false] : params);
  };
}
