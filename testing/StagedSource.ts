import type { Lie } from "./lies.ts";
import type { Rpc } from "./Rpc.ts";

/** A source of a keeper that can be cut off, pointed to another node, or made to lie. */
export class StagedSource implements Rpc {
  /** The node that answers. */
  rpc: Rpc;
  /** Nothing is answered. */
  isDead = false;
  /** What it says in place of the node; null: the truth. */
  lie: Lie | null = null;

  constructor(rpc: Rpc) {
    this.rpc = rpc;
  }

  async request(method: string, params: readonly unknown[]): Promise<unknown> {
    if (this.isDead) throw new Error("no route");
    const ask: Rpc["request"] = (asked, wanted) => this.rpc.request(asked, wanted);
    return await (this.lie === null ? ask(method, params) : this.lie(method, params, ask));
  }
}
